"""The OpenID Connect provider: how it is asked, and what its groups mean here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

PROVIDER = "single"
"""How django-allauth names the one provider."""


@dataclass(frozen=True, slots=True)
class SingleSignOn:
    """The provider, and which of its groups have which roles."""

    issuer: str
    client_id: str
    secret: str = field(repr=False)
    roles: Mapping[str, tuple[str, ...]]
    name: str
    claim: str
    """The claim that lists somebody's groups."""
    scopes: tuple[str, ...]

    def roles_of(self, groups: Iterable[str]) -> tuple[str, ...]:
        return tuple(
            sorted({role for group in groups for role in self.roles.get(group, ())})
        )

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
