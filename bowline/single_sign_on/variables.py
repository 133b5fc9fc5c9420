"""What every provider needs of the environment: roles of groups, and passwords."""

from __future__ import annotations

import json
import os

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import Provider
from accounts.web.single_sign_on.roles import NoSuchRole, roles_named
from bowline.environment import env_list


def required(name: str, *, because: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise ImproperlyConfigured(f"{because} is set, so {name} must also be set.")
    return value


def env_roles(variable: str) -> dict[str, tuple[str, ...]] | None:
    """Read which of the provider's groups has which roles, and in which environments;
    None: Settings says it.
    """
    text = os.environ.get(variable, "")
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


def env_passwords_for(*providers: Provider | None) -> list[str]:
    """Read who may sign in by password; empty: everybody who has one."""
    names = env_list("PASSWORDS_FOR")
    if names and not any(providers):
        raise ImproperlyConfigured(
            "PASSWORDS_FOR leaves no other way to sign in: set OIDC_ISSUER, too, or "
            "SAML_ENTITY_ID."
        )
    return names
