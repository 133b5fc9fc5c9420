"""An OpenID Connect provider as Bowline hears it: no network, and with faults."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from django.contrib.auth import get_user
from django.test import Client
from django.urls import reverse

from accounts.web.single_sign_on.provider import SingleSignOn

ISSUER = "https://login.example.com"
PROVIDER = SingleSignOn(
    issuer=ISSUER,
    client_id="bowline",
    secret="of-tests",
    roles={
        "platform": ("operator", "approver"),
        "security": ("viewer",),
        "admins": ("administrator",),
    },
    name="Example",
    claim="groups",
    scopes=("openid", "profile", "email"),
)


@dataclass
class Emulated:
    """What the provider says; `claims` go into both the token and the user info."""

    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    """In addition, and only there."""
    down: bool = False
    token_error: str = ""
    issuer: str = ISSUER
    """As its description names it."""
    nonce: str = ""
    challenge: str = ""
    verified: list[bool] = field(default_factory=list)

    def of(self, subject: str, *groups: str, **claims: Any) -> Emulated:
        """Let the next sign-in be this person's."""
        self.claims = {
            "iss": ISSUER,
            "aud": "bowline",
            "sub": subject,
            "exp": time.time() + 600,
            "iat": time.time(),
            "auth_time": int(time.time()),
            "preferred_username": subject,
            "groups": list(groups),
        } | claims
        return self

    def request(self, method: str, url: str, **asked: Any) -> requests.Response:
        if self.down:
            raise requests.ConnectionError("refused")
        match urlsplit(url).path:
            case "/.well-known/openid-configuration":
                return answer(DISCOVERY | {"issuer": self.issuer})
            case "/token" if self.token_error:
                return answer({"error": self.token_error}, status=400)
            case "/token":
                verifier = asked["data"]["code_verifier"].encode()
                digest = hashlib.sha256(verifier).digest()
                challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                self.verified.append(challenge == self.challenge)
                claims = {"nonce": self.nonce, **self.claims}
                claims = {key: value for key, value in claims.items() if value != ""}
                token = jwt.encode(claims, "k" * 32, algorithm="HS256")
                return answer({"access_token": "an-access-token", "id_token": token})
            case "/me":
                return answer(self.claims | self.userinfo)
        raise AssertionError(url)


DISCOVERY = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/authorize",
    "token_endpoint": f"{ISSUER}/token",
    "userinfo_endpoint": f"{ISSUER}/me",
    "jwks_uri": f"{ISSUER}/keys",
}


def answer(document: dict[str, Any], *, status: int = 200) -> requests.Response:
    made = requests.models.Response()
    made.status_code = status
    made.headers["content-type"] = "application/json"
    made._content = requests.compat.json.dumps(document).encode()
    return made


def begin(client: Client, provider: Emulated, **asked: str) -> dict[str, str]:
    """Follow the link; return what the browser takes to the provider."""
    sent = client.get(reverse("single-sign-on"), asked)
    assert sent.status_code == 302, sent.content
    location = urlsplit(sent["Location"])
    assert location.netloc == "login.example.com"
    query = {name: values[0] for name, values in parse_qs(location.query).items()}
    provider.nonce, provider.challenge = query["nonce"], query["code_challenge"]
    return query


def come_back(client: Client, query: dict[str, str], **said: str) -> Any:
    said = {"code": "a-code", "state": query["state"], **said}
    return client.get(reverse("openid_connect_callback"), said)


def sign_in(client: Client, provider: Emulated, **asked: str) -> Any:
    return come_back(client, begin(client, provider, **asked))


def text(answer: Any) -> str:
    return " ".join(unescape(answer.content.decode()).split())


def who(client: Client) -> str:
    return get_user(client).get_username()


@pytest.fixture
def provider(settings, monkeypatch: pytest.MonkeyPatch) -> Emulated:
    settings.SINGLE_SIGN_ON = PROVIDER
    settings.SOCIALACCOUNT_PROVIDERS = PROVIDER.for_allauth
    emulated = Emulated()

    def request(self, method, url, **asked):
        return emulated.request(method, url, **asked)

    monkeypatch.setattr(requests.Session, "request", request)
    return emulated
