"""The OpenID Connect provider, as OIDC_… describe it."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import SingleSignOn
from bowline.single_sign_on.variables import env_roles, required

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def env_single_sign_on() -> SingleSignOn | None:
    """Read OIDC_…; None: nobody comes from there."""
    issuer = os.environ.get("OIDC_ISSUER", "").removesuffix("/")
    if not issuer:
        return None
    parts = urlsplit(issuer)
    plain = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or plain) or not parts.hostname or parts.query:
        raise ImproperlyConfigured(
            "OIDC_ISSUER must be the provider's address, such as "
            f"https://login.example.com/realms/company, not {issuer!r}."
        )
    return SingleSignOn(
        issuer=issuer,
        client_id=required("OIDC_CLIENT_ID", because="OIDC_ISSUER"),
        secret=required("OIDC_CLIENT_SECRET", because="OIDC_ISSUER"),
        roles=env_roles("OIDC_ROLES"),
        name=os.environ.get("OIDC_NAME") or "single sign-on",
        claim=os.environ.get("OIDC_GROUPS_CLAIM") or "groups",
        scopes=tuple((os.environ.get("OIDC_SCOPES") or "openid profile email").split()),
    )
