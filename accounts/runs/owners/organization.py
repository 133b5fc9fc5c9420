"""The StackSets of an organization: which accounts are part of each, and how far they
are. An account is part of one once its plan is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Count, Max

from accounts.decisions.decision import decision, shared_by_all
from accounts.mapping.handing_off import hand_off_of_values
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of, managing_row
from accounts.models import Activity, HandOff, ManagedAccount, Run
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.states import BROKEN, VERIFIED, State
from accounts.people.activity import record
from accounts.people.roles import OPERATOR
from accounts.runs.owners.hand_offs import NotHandedOff
from accounts.runs.owners.looking import NoOneWaits
from accounts.work.queue import wake_for_owners
from onboarding.handoff.hand_off import HandOffPackage
from onboarding.handoff.organization import ForMany
from onboarding.topology import MadeBy, Managing

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHARED = "what is handed off to the organization"


@dataclass
class StackSet:
    """A StackSet, and how far its accounts are."""

    name: str
    newest: int
    """The hand-off that came last."""
    texts: set[str] = field(default_factory=set)
    accounts: int = 0
    verified: int = 0
    waiting: int = 0
    troubled: int = 0

    def count(self, state: str, accounts: int) -> None:
        self.accounts += accounts
        if state in VERIFIED:
            self.verified += accounts
        elif state == State.HANDED_OFF:
            self.waiting += accounts
        elif state in BROKEN:
            self.troubled += accounts

    @property
    def others(self) -> int:
        """Count those that are planned again, or were edited."""
        return self.accounts - self.verified - self.waiting - self.troubled


def of_organization() -> ManagedAccountQuerySet:
    """Find the accounts whose roles the organization creates."""
    return ManagedAccount.objects.filter(made_by=MadeBy.ORGANIZATION.value)


def stack_sets() -> list[StackSet]:
    """Count the accounts of each StackSet, in one query."""
    found: dict[str, StackSet] = {}
    latest = HandOff.objects.newest().of_organization().order_by("stack_name")
    groups = latest.values("stack_name", "text", "account__state").annotate(
        accounts=Count("pk"), newest=Max("pk")
    )
    for group in groups:
        name, newest = group["stack_name"], group["newest"]
        one = found.setdefault(name, StackSet(name, newest))
        one.newest = max(one.newest, newest)
        one.texts.add(group["text"])
        one.count(group["account__state"], group["accounts"])
    return list(found.values())


def newest_of(
    managing: Managing, sets: Iterable[StackSet]
) -> Iterator[tuple[StackSet, HandOffPackage]]:
    """Describe each StackSet by the account that was handed off last."""
    rows = HandOff.objects.select_related("account")
    known = rows.prefetch_related("account__providers").in_bulk(
        [one.newest for one in sets]
    )
    for one in sets:
        account = known[one.newest].account
        assert account is not None
        yield (
            one,
            hand_off_of_values(managing, managed_of(account), stack_name=one.name),
        )


def sets_of_accounts() -> list[ForMany]:
    """Describe each StackSet with the ids of its accounts; raise one of NOT_READY."""
    ids: dict[str, list[str]] = {}
    latest = HandOff.objects.newest().of_organization()
    rows = latest.order_by("account__account_id")
    for name, account_id in rows.values_list("stack_name", "account__account_id"):
        ids.setdefault(name, []).append(account_id)
    found = newest_of(managing_of(managing_row()), stack_sets())
    return [ForMany(one, tuple(ids[counts.name])) for counts, one in found]


@decision(
    "look whether the organization is done", OPERATOR, touches=shared_by_all(SHARED)
)
def look_at_all(by: User | None) -> int:
    """Look now at all accounts that wait for the organization, and count them; raise
    NoOneWaits.
    """
    found = Run.objects.filter(account__in=of_organization()).look_soon()
    if not found:
        raise NoOneWaits("No account waits for the organization.")
    transaction.on_commit(wake_for_owners)
    return found


@decision(
    "download what the organization runs",
    OPERATOR,
    Activity.What.DOWNLOAD,
    touches=shared_by_all(SHARED),
)
def hand_out_sets(by: User | None) -> list[ForMany]:
    """Describe each StackSet for whoever takes it; raise NotHandedOff, or one of
    NOT_READY.
    """
    if not (sets := sets_of_accounts()):
        raise NotHandedOff("No account of the organization is handed off.")
    detail = {"stack_sets": {one.name: one.one.digest for one in sets}}
    record(by, Activity.What.DOWNLOAD, "the organization", detail)
    return sets
