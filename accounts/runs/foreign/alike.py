"""Ask about, and accept, the same policy of others in many accounts at once.

Each account is judged by itself, as if it were the only one: those that the person may
not decide about keep no other back.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from django.db import transaction

from accounts.models import Activity, ForeignPolicy
from accounts.people.activity import Decision, record_many
from accounts.people.authors import Authors
from accounts.people.deciding import judge
from accounts.people.reach import DecisionReach, pairs_of
from accounts.people.roles import APPROVER, OPERATOR, UserRole
from accounts.runs.foreign.accepting import a_day, authors_of, detail_of
from accounts.slices import in_slices
from accounts.wording import counted

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What

MOST_AT_ONCE = 2_000
"""The most accounts in one decision: it is one transaction."""
CHANGED = "The findings or requests in {} have changed. Review them again."


class Left(NamedTuple):
    """What a decision leaves out, and why."""

    policies: list[ForeignPolicy]
    why: str


class Choice(NamedTuple):
    """What somebody may decide about at once, and what is left out."""

    policies: list[ForeignPolicy]
    left: list[Left]

    @property
    def total(self) -> int:
        return len(self.policies) + sum(len(one.policies) for one in self.left)

    @property
    def numbers(self) -> list[int]:
        return [one.pk for one in self.policies]


class AcceptanceRequest(NamedTuple):
    """What one person asked in several accounts, in the same words."""

    one: ForeignPolicy
    choice: Choice


class Decided(NamedTuple):
    done: int
    left: list[str]
    """Which are left, and why, in sentences."""


def to_ask(alike: str, by: User) -> Choice:
    """Find those about which nobody asks, and which of them this person may."""
    rows = ForeignPolicy.objects.alike(alike).open()
    return choice(list(rows[:MOST_AT_ONCE]), by, OPERATOR)


def to_accept(alike: str, by: User) -> list[AcceptanceRequest]:
    """Find what was asked, and where this person may accept it."""
    rows = ForeignPolicy.objects.alike(alike).asked()
    groups: dict[str, list[ForeignPolicy]] = {}
    for one in rows[:MOST_AT_ONCE]:
        groups.setdefault(one.asked_alike, []).append(one)
    return [
        AcceptanceRequest(same[0], choice(same, by, APPROVER, authors_of(same[0])))
        for same in groups.values()
    ]


def to_end(alike: str, by: User) -> Choice:
    """Find those that are accepted, and which of them this person may end."""
    rows = ForeignPolicy.objects.alike(alike).accepted()
    return choice(list(rows[:MOST_AT_ONCE]), by, OPERATOR)


def ask_alike(
    alike: str, numbers: Collection[int], by: User, *, reason: str, until: date
) -> Decided:
    """Ask to accept those of these about which nobody asks yet. Raise NoDay."""
    a_day(until)
    with transaction.atomic():
        fits = [one for one in locked(alike, numbers) if one.is_open]
        may = choice(fits, by, OPERATOR)
        for some in in_slices(may.numbers):
            ForeignPolicy.objects.filter(pk__in=some).ask(by, reason, until)
        record_all(by, What.ASK, may.policies, reason=reason, until=f"{until}")
    return decided(numbers, fits, may)


def accept_alike(
    alike: str, numbers: Collection[int], by: User, *, read: str
) -> Decided:
    """Accept those of these about which exactly this is asked, as it was read."""
    with transaction.atomic():
        rows = locked(alike, numbers)
        fits = [one for one in rows if one.waits and one.asked_alike == read]
        authors = authors_of(fits[0]) if fits else {}
        may = choice(fits, by, APPROVER, authors)
        for some in in_slices(may.numbers):
            ForeignPolicy.objects.filter(pk__in=some).accept(by)
        said = {"reason": fits[0].reason, "until": f"{fits[0].until}"} if fits else {}
        record_all(by, What.ACCEPT_POLICY, may.policies, **said)
    return decided(numbers, fits, may)


def end_alike(alike: str, numbers: Collection[int], by: User) -> Decided:
    """Accept those of these no longer that are accepted."""
    with transaction.atomic():
        fits = [one for one in locked(alike, numbers) if one.is_accepted]
        may = choice(fits, by, OPERATOR)
        for some in in_slices(may.numbers):
            ForeignPolicy.objects.filter(pk__in=some).end()
        record_all(by, What.END, may.policies)
    return decided(numbers, fits, may)


def locked(alike: str, numbers: Collection[int]) -> list[ForeignPolicy]:
    """Hold those of these that are this policy, as they are now; their accounts first,
    as workers do: none of them moves until the transaction ends.
    """
    rows = ForeignPolicy.objects.alike(alike).order_by("pk")
    held = rows.select_for_update(of=("self",), no_key=True)
    slices = list(in_slices(sorted(set(numbers))))
    found = [rows.filter(pk__in=some) for some in slices]
    accounts = (one.account_id for some in found for one in some if one.account_id)
    list(pairs_of(accounts, locks=True))
    return [one for some in slices for one in held.filter(pk__in=some)]


def choice(
    policies: list[ForeignPolicy],
    by: User,
    role: UserRole,
    authors: Authors | None = None,
) -> Choice:
    """Judge each as if it were decided alone; those of the same places at once."""
    groups: dict[frozenset[str], list[ForeignPolicy]] = {}
    for one in policies:
        if one.account:
            groups.setdefault(one.account.environments, []).append(one)
    left: list[Left] = []
    for environments, same in groups.items():
        pairs = product((one.place for one in same), environments)
        verdict = judge(DecisionReach(frozenset(pairs)), authors, by, role)
        if why := verdict.outside or verdict.same_person:
            left.append(Left(same, why))
    out = {one.pk for group in left for one in group.policies}
    return Choice([one for one in policies if one.pk not in out], left)


def record_all(
    by: User, what: Activity.What, policies: list[ForeignPolicy], **said: str
) -> None:
    record_many(
        by, [Decision(what, one.place, detail_of(one) | said) for one in policies]
    )


def decided(
    numbers: Collection[int], fits: list[ForeignPolicy], may: Choice
) -> Decided:
    changed = len(set(numbers)) - len(fits)
    left = [group.why for group in may.left]
    if changed:
        left.append(CHANGED.format(counted(changed)))
    return Decided(len(may.policies), left)
