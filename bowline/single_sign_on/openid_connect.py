"""The OpenID Connect provider, as OIDC_… describe it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import SingleSignOn
from bowline.environment.variables import Environment
from bowline.single_sign_on.variables import required, roles_of_groups

LOOPBACK = ("localhost", "127.0.0.1", "::1")


def single_sign_on(env: Environment) -> SingleSignOn | None:
    """Read OIDC_…; None: nobody comes from there."""
    issuer = env.OIDC_ISSUER.removesuffix("/")
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
        client_id=required(env, "OIDC_CLIENT_ID", because="OIDC_ISSUER"),
        secret=required(env, "OIDC_CLIENT_SECRET", because="OIDC_ISSUER"),
        roles=roles_of_groups("OIDC_ROLES", env.OIDC_ROLES),
        name=env.OIDC_NAME,
        claim=env.OIDC_GROUPS_CLAIM,
        scopes=tuple(env.OIDC_SCOPES.split()),
    )
