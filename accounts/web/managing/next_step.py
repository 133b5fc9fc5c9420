"""What to do once the managing account is described: one step, with a link."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from accounts.mapping.left_over import left_over
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.wording import counted


class Next(NamedTuple):
    says: str
    label: str
    url: str


def owners_step(row: ManagingAccount) -> Next:
    """Name what the owner's creation of the identity waits for."""
    if row.state == State.HANDED_OFF:
        return Next(
            "Send the owner of this account what the hand-off page has. Bowline looks "
            "by itself whether the roles are there.",
            "Open the hand-off page",
            reverse("accounts:hand-off", args=[row.pk]),
        )
    return Next(
        "Plan the changes of this account, and approve them. The owner then receives a "
        "template, and Bowline waits until the roles are there.",
        "Go to Plan changes",
        "#changes",
    )


def next_step(row: ManagingAccount) -> Next | None:
    """Name the next step; None where nothing waits."""
    if row.is_handed_off and not row.proof:
        return owners_step(row)
    if not ManagedAccount.objects.exists():
        return Next(
            "Onboard the first account that Spinnaker deploys to. Its plan shows what "
            "changes in both accounts, and waits for approval.",
            "Onboard an account",
            reverse("accounts:wizard-new"),
        )
    if row.state == State.OUTDATED:
        return Next(
            "This account was edited since its changes were applied. Plan them, and "
            "read what they are.",
            "Go to Plan changes",
            "#changes",
        )
    left = 0 if row.organization else left_over().count()
    if left:
        return Next(
            f"Spinnaker may assume a role in {counted(left)} for which no plan was "
            "carried out. Plan the changes of this account to take them from its list.",
            "Go to Plan changes",
            "#changes",
        )
    return None
