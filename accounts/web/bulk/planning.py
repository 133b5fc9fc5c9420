"""Plan one of many accounts that a person chose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from accounts.models import ManagedAccount, Run
from accounts.runs.actions import plan
from accounts.web.wizard.steps import undone

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Undescribed(Exception):
    """Steps of the wizard are to be gone through before it can be planned."""


def plan_described(account: ManagedAccount, by: User) -> Run:
    refuse_undescribed(account)
    return plan(account, by)


def refuse_undescribed(account: ManagedAccount) -> None:
    """Raise Undescribed where a step of the wizard is not complete."""
    if missing := undone(account):
        titles = ", ".join(step.title.lower() for step in missing)
        raise Undescribed(f"these steps are not complete: {titles}")
