"""Do something to each of many accounts, and say of which it could not be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from django.contrib import messages

from accounts.external_ids import RotationRefused
from accounts.http import Request
from accounts.mapping.completeness import Undescribed
from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.spinnaker_names import NameTaken
from accounts.models import ManagedAccount
from accounts.people.role_limits.refusing import Outside
from accounts.runs.actions import NothingStands, RunOpen, StillTold
from accounts.runs.capacity import NoRoom
from accounts.web.bulk.editing import CannotEdit
from accounts.wording import counted
from onboarding.details import DetailsError

PLANNED = "Nothing in AWS changes until the plans are approved."
REFUSED = (
    CannotEdit,
    DetailsError,
    NameTaken,
    NoManagingAccount,
    NoRoom,
    NothingStands,
    Outside,
    RotationRefused,
    RunOpen,
    StillTold,
    Undescribed,
)
MOST_REASONS = 5
"""The most refusals that are listed; the rest are counted."""


@dataclass(slots=True)
class Outcome:
    done: list[ManagedAccount] = field(default_factory=list)
    unchanged: list[ManagedAccount] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Each names its account, and says why."""


def each(
    accounts: Iterable[ManagedAccount], act: Callable[[ManagedAccount], object]
) -> Outcome:
    """Act on each account; where `act` gives False, there was nothing to do."""
    outcome = Outcome()
    for account in accounts:
        try:
            acted = act(account)
        except REFUSED as error:
            outcome.refused.append(f"{account.name}: {str(error).rstrip('.')}")
        else:
            (outcome.unchanged if acted is False else outcome.done).append(account)
    return outcome


def tell(
    request: Request, did: str, outcome: Outcome, verb: str, then: str = PLANNED
) -> None:
    if outcome.done:
        messages.success(request, f"{did} {counted(len(outcome.done))}. {then}")
    tell_refused(request, outcome, verb)


def tell_refused(request: Request, outcome: Outcome, verb: str) -> None:
    """Name some of those that it could not be done for, and count the rest."""
    if refused := outcome.refused:
        more = len(refused) - MOST_REASONS
        reasons = "; ".join(refused[:MOST_REASONS])
        rest = f"; and {more} more" if more > 0 else ""
        messages.warning(request, f"Could not {verb} {len(refused)}: {reasons}{rest}.")
