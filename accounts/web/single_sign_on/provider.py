"""The provider that vouches for people, how it is asked, and who comes from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.conf import settings

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.models import Identity

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


def identity_of(person: User) -> Identity | None:
    return getattr(person, "identity", None)


def provider_of(person: User) -> SingleSignOn | None:
    """Return the provider that decides the person's name and roles; None: none that
    there is now.
    """
    identity, provider = identity_of(person), sign_on_provider()
    if identity and provider and identity.issuer == provider.issuer:
        return provider
    return None
