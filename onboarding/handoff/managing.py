"""The hand-off of the managing account: Spinnaker's identity, what it may assume, and
the role by which Bowline reads the account.

Without that role nothing would show whether the list of accounts is up to date, so it
is part of it as soon as Bowline knows its own principal.
"""

from __future__ import annotations

from collections.abc import Sequence

from onboarding.desired.managing import managing_side
from onboarding.handoff.cloudformation import external_id, reader_role
from onboarding.handoff.hand_off import HandOffPackage, stack_name_of, stacks
from onboarding.topology import MadeBy, Managed, Managing


def hand_off_managing(
    managing: Managing, assumed: Sequence[str], *, stack_name: str = ""
) -> HandOffPackage:
    """Describe Spinnaker's identity for the owner of its account.

    A later version must have the stack's first name. Raise QuotaExceeded where AWS
    would refuse it.
    """
    own = as_owned(managing)
    resources = tuple(managing_side(managing, assumed))
    if managing.bowline:
        resources += reader_role(managing, own)
    name = stack_name or stack_name_of(f"bowline-managing-{managing.name}")
    made = stacks(managing, own, resources, name, external_id(""))
    return HandOffPackage(managing, own, resources, name, tuple(made), of_managing=True)


def as_owned(managing: Managing) -> Managed:
    """Name the account as a template and its commands do."""
    return Managed(managing.name, managing.account_id, (), made_by=MadeBy.OWNER)
