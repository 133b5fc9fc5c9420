"""How environments are named where a role is limited to them.

Settings are read by this, so it knows no models.
"""

from __future__ import annotations

from collections.abc import Collection

from accounts.people.roles import APPROVER, OPERATOR
from accounts.wording import listed
from onboarding import names

LIMITED = (OPERATOR, APPROVER)
"""The roles that can be limited: to see is everybody's, and an administrator's work is
about people and not about accounts.
"""

NONE = "no environment"
"""How the environment without a name is called."""
UNNAMED = "accounts without an environment"
"""What a role is for that is limited to it."""
NAMELESS = "-"
"""How people write the environment without a name, as the list's URL does."""


def environment(text: str) -> str:
    """Accept what accounts can name an environment, and “-”; raise ValueError."""
    return text if text == NAMELESS else names.ENVIRONMENT(text)


def typed(name: str) -> str:
    """Write an environment as people do."""
    return name or NAMELESS


def environments_in_words(environments: Collection[str], nameless: str = NONE) -> str:
    """Name environments in a sentence, the one without a name at its end."""
    names = sorted({*environments} - {""})
    if "" in environments:
        names.append(nameless)
    return listed(names)


def only(environments: Collection[str]) -> str:
    """Say what a limited role is for."""
    if environments:
        return f"{environments_in_words(environments, UNNAMED)} only"
    return (
        "no environment, because the person's groups and the People page name "
        "different environments"
    )
