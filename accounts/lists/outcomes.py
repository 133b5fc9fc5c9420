"""Do something to each of many accounts, and say of which it could not be done."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from accounts.external_ids import RotationRefused
from accounts.mapping.completeness import Incomplete
from accounts.mapping.managing import NoManagingAccount
from accounts.mapping.spinnaker_names import NameTaken
from accounts.models import ManagedAccount
from accounts.people.role_limits.refusing import Outside
from accounts.runs.actions import NothingExists, RunOpen, StillInSpinnaker
from accounts.runs.capacity import NoRoom
from accounts.spinnaker.bundles import NotHeld
from onboarding.details import DetailsError


class CannotEdit(Exception):
    """The account would be described as it may not be."""


REFUSED = (
    CannotEdit,
    DetailsError,
    NameTaken,
    NoManagingAccount,
    NoRoom,
    NothingExists,
    Outside,
    RotationRefused,
    RunOpen,
    StillInSpinnaker,
    Incomplete,
)


@dataclass(slots=True)
class Outcome:
    done: list[ManagedAccount] = field(default_factory=list)
    unchanged: list[ManagedAccount] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """Each names its account, and says why."""


def each(
    accounts: Iterable[ManagedAccount], act: Callable[[ManagedAccount], object]
) -> Outcome:
    """Act on each account; where `act` gives False or raises NotHeld, there was nothing
    to do.
    """
    outcome = Outcome()
    for account in accounts:
        try:
            acted = act(account)
        except NotHeld:
            outcome.unchanged.append(account)
        except REFUSED as error:
            outcome.refused.append(f"{account.name}: {str(error).rstrip('.')}")
        else:
            (outcome.unchanged if acted is False else outcome.done).append(account)
    return outcome
