"""The steps of taking over existing roles: what people read of each, and choose."""

from __future__ import annotations

from typing import NamedTuple

from django.http import QueryDict

from accounts.models import FoundRoles
from onboarding.resources.take_over import TakeOver

Taken = FoundRoles.Taken


class Step(NamedTuple):
    title: str
    says: str
    """What it brings."""
    button: str = ""
    """What plans it; empty: nothing is left to plan."""


STEPS = {
    Taken.POLICIES: Step(
        "Detach the policies of others",
        "Spinnaker then has only the permissions that Bowline shows. Policies that an "
        "approver accepts stay.",
        "Plan to detach the selected policies",
    ),
    Taken.TRUST: Step(
        "Replace the trust policy",
        "Only Spinnaker's identity can assume the managed role, with the external ID, "
        "if the account uses one. The plan lists who loses access.",
        "Plan to replace it",
    ),
    Taken.TAG: Step(
        "Make the roles Bowline's",
        "Bowline tags the roles and the instance profile. Later plans keep them as "
        "planned, and removing the account deletes them. A role that AWS's services "
        "assume, such as the base role, stays as it is if its trust policy differs.",
        "Plan to take them over",
    ),
    Taken.OUTSIDE: Step(
        "Change the roles where they are managed",
        "A CloudFormation stack or Terraform manages these roles, and its next update "
        "would undo what Bowline changes. Make the change there.",
    ),
    Taken.OWNED: Step(
        "Taken over",
        "The roles are Bowline's, except those whose trust policy was left as it is.",
    ),
    Taken.KEPT: Step(
        "As planned, and managed outside Bowline",
        "The roles are as Bowline plans them. A CloudFormation stack or Terraform "
        "manages them.",
    ),
}
"""By what is next, the least far first."""


SERVICES_TRUST = "services-trust"
"""What replaces the trust policies that the other steps leave as they are."""


def choice_of(asked: QueryDict) -> TakeOver:
    """Return what a press asks for; nothing where it names no step, or no policy."""
    step = asked.get("step")
    return TakeOver(
        detaches=frozenset(asked.getlist("detach") if step == Taken.POLICIES else ()),
        trust=step == Taken.TRUST,
        owns=step == Taken.TAG,
        services_trust=step == SERVICES_TRUST,
    )
