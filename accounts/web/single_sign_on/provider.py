"""The providers that vouch for people, and how OpenID Connect's is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

PROVIDER = "single"
"""How django-allauth names the one provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What is the same of every provider, whatever it speaks."""

    issuer: str
    name: str
    """How the button calls it."""
    claim: str
    """What lists somebody's groups."""
    roles: Mapping[str, tuple[str, ...]] | None
    """Which groups have which roles; None: an administrator decides on Settings."""
    roles_variable: str
    """The variable of the environment that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOn(Provider):
    """The OpenID Connect provider."""

    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    roles_variable: str = "OIDC_ROLES"

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


def providers() -> tuple[Provider, ...]:
    """List the providers that people can come from."""
    return tuple(filter(None, [settings.SINGLE_SIGN_ON]))
