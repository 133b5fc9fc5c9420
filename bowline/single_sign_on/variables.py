"""What every provider needs of the environment: roles of groups, and passwords."""

from __future__ import annotations

import json

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import Provider
from accounts.web.single_sign_on.roles import NoSuchRole, roles_named
from bowline.environment.variables import Environment


def required(env: Environment, name: str, *, because: str) -> str:
    value: str = getattr(env, name)
    if not value:
        raise ImproperlyConfigured(f"{because} is set, so {name} must also be set.")
    return value


def roles_of_groups(variable: str, text: str) -> dict[str, tuple[str, ...]] | None:
    """Read which of the provider's groups has which roles, and in which environments;
    None: Settings says it.
    """
    if not text:
        return None
    example = '{"platform": ["operator", "approver"], "security": ["viewer"]}'
    why = ""
    try:
        read = json.loads(text)
        roles = {group: roles_named(names) for group, names in read.items()}
    except (AttributeError, TypeError, ValueError) as error:
        why = f" {error}" if isinstance(error, NoSuchRole) else ""
        roles = {}
    if not roles:
        raise ImproperlyConfigured(
            f"{variable} must be JSON: the provider's groups, each with a list of "
            f"roles, such as {example}.{why}"
        )
    return roles


def passwords_for(env: Environment, *providers: Provider | None) -> list[str]:
    """Read who may sign in by password; empty: everybody who has one."""
    if env.PASSWORDS_FOR and not any(providers):
        raise ImproperlyConfigured(
            "PASSWORDS_FOR leaves no other way to sign in: set OIDC_ISSUER, too, or "
            "SAML_ENTITY_ID."
        )
    return [*env.PASSWORDS_FOR]
