"""What to do once the managing account is described: one step, with a link."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from accounts.mapping.left_over import left_over
from accounts.models import ForeignPolicy, ManagedAccount, ManagingAccount, Run
from accounts.models.standing import NOT_APPROVED, STALE
from accounts.models.states import State, Status
from accounts.wording import counted


class Next(NamedTuple):
    says: str
    label: str
    url: str


def owners_step(row: ManagingAccount) -> Next:
    """Name what the owner's creation of the identity waits for."""
    if row.state == State.HANDED_OFF:
        return Next(
            (
                "Send the hand-off page's template to the owner of this account. "
                "Bowline checks automatically whether the roles exist."
            ),
            "Open the hand-off page",
            reverse("accounts:hand-off", args=[row.pk]),
        )
    return Next(
        (
            "Plan the changes of this account and approve them. Then send the owner "
            "the template. Bowline waits until the roles exist."
        ),
        "Go to Plan changes",
        "#changes",
    )


VERIFIES = "Plan its changes. If there are none, Bowline verifies the account."
OF_OTHERS = (
    "isn't as approved. Its roles have {} of others. Accept them by name, or plan "
    "their removal."
)
TO_PLAN = {
    State.APPLIED.value: f"was changed and isn't verified yet. {VERIFIES}",
    State.FAILED.value: (
        "couldn't be changed or verified. Plan its changes. The run shows what to fix."
    ),
    State.DRIFTED.value: (
        "drifted. AWS no longer matches what was approved. Plan its changes and "
        "review the differences."
    ),
    NOT_APPROVED: (
        "isn't as approved. Its roles have permissions that no one approved. Plan its "
        "changes and review what they remove."
    ),
    State.OUTDATED.value: (
        "was edited after its changes were applied. Plan the changes and review them."
    ),
    **dict.fromkeys(STALE.values(), f"has an outdated verification. {VERIFIES}"),
}
"""What a plan of the managing account is for, by the word that pages show."""


def to_plan(row: ManagingAccount) -> str:
    """Say what waits for a plan of the managing account, to be read after its name;
    empty: nothing.
    """
    if row.state == State.DRIFTED:
        found = ForeignPolicy.objects.of(None)
        if others := sum(not policy.is_accepted for policy in found):
            return OF_OTHERS.format(counted(others, "policy", "policies"))
    return TO_PLAN.get(row.word, "")


def next_step(row: ManagingAccount) -> Next | None:
    """Name the next step; None where nothing waits."""
    plans = Run.objects.filter(kind=Run.Kind.MANAGING, status=Status.PLANNED)
    if plan := plans.first():
        says = "The plan of this account needs approval. AWS hasn't changed yet."
        return Next(says, "Review the plan", plan.get_absolute_url())
    if row.is_handed_off and not row.verification:
        return owners_step(row)
    if says := to_plan(row):
        return Next(f"This account {says}", "Go to Plan changes", "#changes")
    if not ManagedAccount.objects.exists():
        return Next(
            (
                "Onboard the first account that Spinnaker deploys to. Bowline makes "
                "one plan for each account. Both must be approved."
            ),
            "Onboard an account",
            reverse("accounts:wizard-new"),
        )
    left = 0 if row.organization else left_over().count()
    if left:
        return Next(
            (
                f"Spinnaker can assume a role in {counted(left)} without an applied "
                "plan. Plan the changes of this account to remove them from its list."
            ),
            "Go to Plan changes",
            "#changes",
        )
    return None
