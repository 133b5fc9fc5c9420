"""The form field that says for which environments a person's role is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from accounts.forms.fields import ListField
from accounts.people.role_limits.naming import NAMELESS, environment, typed
from accounts.people.roles import UserRole


class EnvironmentsField(ListField):
    """Environments in one line; nothing: every environment, which is None."""

    def __init__(self, *, role: UserRole, **kwargs: Any) -> None:
        plain = {
            "rule": environment,
            "required": False,
            "label": f"Environments for the {role.name} role",
            "help_text": (
                "Leave empty for all environments. Enter - for accounts without one."
            ),
        }
        super().__init__(**{**plain, **kwargs})

    def prepare_value(self, value: Any) -> Any:
        if value is None or isinstance(value, str):
            return value
        return ", ".join(sorted(map(typed, value)))

    def clean(self, value: Any) -> frozenset[str] | None:
        found: Collection[str] = super().clean(value)
        return frozenset("" if one == NAMELESS else one for one in found) or None
