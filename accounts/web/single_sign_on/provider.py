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
    starts: str
    """The name of the URL that leads there."""
    roles_variable: str
    """The variable of the environment that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleSignOn(Provider):
    """The OpenID Connect provider."""

    client_id: str
    secret: str = field(repr=False)
    scopes: tuple[str, ...]
    starts: str = "single-sign-on"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Saml(Provider):
    """The SAML provider. Its issuer is `saml:` and its entity ID: some providers use
    one address for both protocols, and another kind of subject in each.
    """

    sso_url: str
    certificates: tuple[str, ...] = field(repr=False)
    """In base64, without a head: what it signs with now, and what it will sign with."""
    name_attribute: str
    """Empty: the NameID is the name, too."""
    email_attribute: str
    starts: str = "saml"
    roles_variable: str = "SAML_ROLES"

    @property
    def entity_id(self) -> str:
        return self.issuer.removeprefix("saml:")


def providers() -> tuple[Provider, ...]:
    """List the providers that people can come from."""
    return tuple(filter(None, [settings.SINGLE_SIGN_ON, settings.SAML]))
