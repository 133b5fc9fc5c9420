"""Sign-in by OpenID Connect: what the environment says of the provider.

The protocol is django-allauth's. None of its tables, pages and forms is used: who
somebody is in Bowline is decided in accounts/web/single_sign_on/.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import SingleSignOn
from accounts.web.single_sign_on.roles import NoSuchRole, roles_named
from bowline.environment.variables import Environment

LOOPBACK = ("localhost", "127.0.0.1", "::1")
LONGEST_SHOWN = 200
"""Characters of a value in a message."""
OF_SAML = ("SAML_ENTITY_ID", "SAML_METADATA_FILE")


def refuse_saml(env: Environment) -> None:
    """Raise ImproperlyConfigured where people are expected to come by SAML."""
    for name in OF_SAML:
        if getattr(env, name):
            raise ImproperlyConfigured(
                f"{name} is set, but Bowline no longer supports SAML: remove the "
                "SAML_… variables, and set OIDC_ISSUER, OIDC_CLIENT_ID, "
                "OIDC_CLIENT_SECRET, and OIDC_ROLES to sign people in with the same "
                "identity provider by OpenID Connect (docs/people/single-sign-on.md)."
            )


def single_sign_on(env: Environment) -> SingleSignOn | None:
    """Read OIDC_…; None: nobody comes from there."""
    refuse_saml(env)
    issuer = env.OIDC_ISSUER.removesuffix("/")
    for name in ("OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES"):
        if getattr(env, name) and not issuer:
            raise ImproperlyConfigured(
                f"{name} is set, so OIDC_ISSUER must also be set."
            )
    if not issuer:
        return None
    parts = urlsplit(issuer)
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ImproperlyConfigured(f"OIDC_ISSUER must be https, not {issuer!r}.")
    return SingleSignOn(
        issuer=issuer,
        client_id=required(env, "OIDC_CLIENT_ID"),
        secret=required(env, "OIDC_CLIENT_SECRET"),
        roles=roles_of_groups(required(env, "OIDC_ROLES")),
        name=env.OIDC_NAME,
        claim=env.OIDC_GROUPS_CLAIM,
        scopes=tuple(env.OIDC_SCOPES.split()),
    )


def required(env: Environment, name: str) -> str:
    value: str = getattr(env, name)
    if not value:
        raise ImproperlyConfigured(f"OIDC_ISSUER is set, so {name} must also be set.")
    return value


def roles_of_groups(text: str) -> dict[str, tuple[str, ...]]:
    """Read which of the provider's groups has which roles, and where."""
    why = ""
    try:
        read = json.loads(text, object_pairs_hook=once_each)
        roles = {group: roles_named(names) for group, names in read.items()}
    except (AttributeError, TypeError, ValueError, RecursionError) as error:
        why = f" {error}" if isinstance(error, NoSuchRole) else ""
        roles = {}
    if not roles:
        raise ImproperlyConfigured(
            "OIDC_ROLES must be JSON: the provider's groups, each with a list of "
            'roles, such as {"platform": ["operator", "approver"], "security": '
            f'["viewer"]}}, not {text[:LONGEST_SHOWN]!r}.{why}'
        )
    return roles


def once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a group that is there twice: JSON would take the last one."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = next(
            name for name, times in Counter(n for n, _ in pairs).items() if times > 1
        )
        raise NoSuchRole(f"The group {twice!r} is in it twice.")
    return found


def passwords_for(env: Environment, provider: SingleSignOn | None) -> list[str]:
    """Read who may sign in by password; empty: everybody who has one."""
    if env.PASSWORDS_FOR and not provider:
        raise ImproperlyConfigured(
            "PASSWORDS_FOR leaves no other way to sign in: set OIDC_ISSUER, too."
        )
    return [*env.PASSWORDS_FOR]
