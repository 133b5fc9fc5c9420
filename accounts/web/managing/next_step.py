"""What to do once the managing account is described: one step, with a link."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from accounts.mapping.left_over import left_over
from accounts.models import ForeignPolicy, ManagedAccount, ManagingAccount
from accounts.models.standing import NOT_APPROVED, STALE
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


VERIFIES = "Plan its changes: where none are left, Bowline verifies it."
OF_OTHERS = (
    "is not as approved: its roles have {} of others. Accept them by name, or plan "
    "their removal."
)
TO_PLAN = {
    State.APPLIED.value: f"was changed, and not verified since. {VERIFIES}",
    State.FAILED.value: (
        "could not be changed or verified. Plan its changes: the run says what to fix."
    ),
    State.DRIFTED.value: (
        "drifted: AWS no longer matches what was approved. Plan its changes, and read "
        "what differs."
    ),
    NOT_APPROVED: (
        "is not as approved: its roles may do what nobody approved. Plan its changes, "
        "and read what they remove."
    ),
    State.OUTDATED.value: (
        "was edited since its changes were applied. Plan them, and read what they are."
    ),
    **dict.fromkeys(
        STALE.values(), f"was verified too long ago to rely on. {VERIFIES}"
    ),
}
"""What a plan of the managing account is for, by the word that pages show."""


def to_plan(row: ManagingAccount) -> str:
    """Say what waits for a plan of the managing account, to be read after its name;
    empty: nothing.
    """
    if row.state == State.DRIFTED:
        found = ForeignPolicy.objects.of(None)
        if others := sum(not policy.is_accepted for policy in found):
            return OF_OTHERS.format("a policy" if others == 1 else f"{others} policies")
    return TO_PLAN.get(row.word, "")


def next_step(row: ManagingAccount) -> Next | None:
    """Name the next step; None where nothing waits."""
    if row.is_handed_off and not row.proof:
        return owners_step(row)
    if says := to_plan(row):
        return Next(f"This account {says}", "Go to Plan changes", "#changes")
    if not ManagedAccount.objects.exists():
        return Next(
            "Onboard the first account that Spinnaker deploys to. Its plan shows what "
            "changes in both accounts, and waits for approval.",
            "Onboard an account",
            reverse("accounts:wizard-new"),
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
