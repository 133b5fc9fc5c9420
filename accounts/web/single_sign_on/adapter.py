"""What django-allauth asks on the way to the provider and back."""

from __future__ import annotations

import logging
import re
from typing import Any, NoReturn

import jwt
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import (
    OpenIDConnectOAuth2Adapter,
)
from django.http import HttpRequest
from jwt.types import Options

from accounts.web.single_sign_on.entrance import (
    let_in,
    not_completed,
    refuse,
    single_sign_on,
)
from accounts.web.single_sign_on.people import Refused

log = logging.getLogger(__name__)

ASKED_TOO: Options = {
    "verify_signature": False,  # the token came from the provider, by TLS
    "verify_iat": True,
    "verify_nbf": True,
    "require": ["exp", "iat"],
}
"""What OpenID Connect (Core, 3.1.3.7) requires, and django-allauth does not; people.py
reads the subject."""
CLOCKS_DIFFER = 60
"""Seconds that the provider's clock may be ahead."""


class Adapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # it has no types
    """The one provider, of the environment, and what is said where it fails."""

    def list_apps(self, request: HttpRequest, **wanted: Any) -> list[Any]:
        """List the provider of the settings, and none that is in a table."""
        apps = super().list_apps(request, **wanted)
        return [app for app in apps if app.pk is None]

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, **said: Any
    ) -> NoReturn:
        log.warning("Single sign-on failed: %s", reason(request, said.get("exception")))
        sentence = not_completed(single_sign_on())
        raise ImmediateHttpResponse(refuse(request, sentence, status=401))


def reason(request: HttpRequest, error: Exception | None) -> str:
    """Name the error; what the provider wrote may hold a token, its codes do not."""
    code = request.GET.get("error", "")
    if isinstance(error, OAuth2Error):
        found = re.search(r'"error"\s*:\s*"(\w+)"', str(error))
        code = found[1] if found else code
    named = code if re.fullmatch(r"\w{1,60}", code) else ""
    return " ".join(filter(None, [type(error).__name__ if error else "", named]))


class Provider(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # it has no types
    """Reads the claims once the provider has handed out its tokens."""

    def complete_login(
        self, request: HttpRequest, app: Any, token: Any, **kwargs: Any
    ) -> NoReturn:
        """Let the person in or not; raise OAuth2Error where the tokens are none."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("no id_token")
        signed = self._decode_id_token(app, id_token)
        userinfo = self._fetch_user_info(token.token)
        if userinfo.get("sub") != signed.get("sub"):
            raise OAuth2Error("userinfo is about someone else")
        # What was signed for this sign-in comes before what was asked afterwards.
        claims = {**userinfo, **signed}
        try:
            answer = let_in(request, claims)
        except Refused as error:
            answer = refuse(request, str(error), status=403)
        raise ImmediateHttpResponse(answer)

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        """Raise OAuth2Error where the token is not for now, or not made for Bowline."""
        claims: dict[str, Any] = super()._decode_id_token(app, id_token)
        try:
            jwt.decode(id_token, options=ASKED_TOO, leeway=CLOCKS_DIFFER)
        except jwt.PyJWTError as error:
            raise OAuth2Error("Invalid id_token") from error
        if claims["iss"].removesuffix("/") != single_sign_on().issuer:
            raise OAuth2Error("another issuer than OIDC_ISSUER")
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else app.client_id) != app.client_id:
            raise OAuth2Error("made for another party")
        return claims
