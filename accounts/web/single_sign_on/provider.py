"""The provider that vouches for people, and how it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

PROVIDER = "single"
"""How django-allauth names the one provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOn:
    """The OpenID Connect provider."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    name: str
    """How the button calls it."""
    claim: str
    """What lists somebody's groups."""
    roles: Mapping[str, tuple[str, ...]]
    """Which groups have which roles."""

    @property
    def for_allauth(self) -> dict[str, Any]:
        app = {
            "provider_id": PROVIDER,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.secret,
            "settings": {"server_url": self.issuer, "scope": list(self.scopes)},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def sign_on_provider() -> SingleSignOn | None:
    """Return the provider that people can come from, if there is one."""
    provider: SingleSignOn | None = settings.SINGLE_SIGN_ON
    return provider
