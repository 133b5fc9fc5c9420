"""Ask about, and accept, the same policy of others in many accounts at once.

Each account is judged by itself, as if it were the only one: those that the person may
not decide about keep no other back.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts.decisions.decision import Decision
from accounts.decisions.locks import hold_nothing, lock_accounts
from accounts.decisions.many import Choice, Many, about_many, who_may
from accounts.models import Activity, ForeignPolicy
from accounts.people import activity
from accounts.refused import Refused
from accounts.runs.foreign.accepting import a_day, accept, ask, detail_of, end
from accounts.slices import in_slices
from accounts.wording import counted

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What

MOST_AT_ONCE = 2_000
"""The most accounts in one decision: it is one transaction."""
CHANGED = "The findings or requests in {} have changed. Review them again."


class NoneChosen(Refused):
    """Nobody chose an account."""

    code = "NOTHING_DECIDED"

    def __init__(self) -> None:
        super().__init__("No decision was made.")


class AcceptanceRequest(NamedTuple):
    """What one person asked in several accounts, in the same words."""

    one: ForeignPolicy
    choice: Choice[ForeignPolicy]


def to_ask(alike: str, by: User) -> Choice[ForeignPolicy]:
    """Find those about which nobody asks, and which of them this person may."""
    rows = ForeignPolicy.objects.alike(alike).open()
    return who_may(ask, rows[:MOST_AT_ONCE], by)


def to_accept(alike: str, by: User) -> list[AcceptanceRequest]:
    """Find what was asked, and where this person may accept it."""
    rows = ForeignPolicy.objects.alike(alike).asked()
    groups: dict[str, list[ForeignPolicy]] = {}
    for one in rows[:MOST_AT_ONCE]:
        groups.setdefault(one.asked_alike, []).append(one)
    return [
        AcceptanceRequest(same[0], who_may(accept, same, by))
        for same in groups.values()
    ]


def to_end(alike: str, by: User) -> Choice[ForeignPolicy]:
    """Find those that are accepted, and which of them this person may end."""
    rows = ForeignPolicy.objects.alike(alike).accepted()
    return who_may(end, rows[:MOST_AT_ONCE], by)


@about_many(
    "ask to accept a policy of others in many accounts", ask, locks=hold_nothing
)
def ask_alike(
    alike: str, by: User, *, policies: Collection[int], reason: str, until: date
) -> Many[ForeignPolicy]:
    """Ask to accept those of these about which nobody asks yet. Raise NoDay."""
    a_day(until)
    many = judged(ask, alike, policies, by, lambda one: one.is_open)
    for some in in_slices([one.pk for one in many.done]):
        ForeignPolicy.objects.filter(pk__in=some).ask(by, reason, until)
    return recorded(by, What.ASK, many, reason=reason, until=f"{until}")


@about_many("accept a policy of others in many accounts", accept, locks=hold_nothing)
def accept_alike(
    alike: str, by: User, *, policies: Collection[int], read: str
) -> Many[ForeignPolicy]:
    """Accept those of these about which exactly this is asked, as it was read."""

    def fits(one: ForeignPolicy) -> bool:
        return one.waits and one.asked_alike == read

    many = judged(accept, alike, policies, by, fits)
    for some in in_slices([one.pk for one in many.done]):
        ForeignPolicy.objects.filter(pk__in=some).accept(by)
    said = [{"reason": one.reason, "until": f"{one.until}"} for one in many.done[:1]]
    return recorded(by, What.ACCEPT_POLICY, many, **(said[0] if said else {}))


@about_many(
    "end the acceptance of a policy of others in many accounts", end, locks=hold_nothing
)
def end_alike(
    alike: str, by: User, *, policies: Collection[int]
) -> Many[ForeignPolicy]:
    """Accept those of these no longer that are accepted."""
    many = judged(end, alike, policies, by, lambda one: one.is_accepted)
    for some in in_slices([one.pk for one in many.done]):
        ForeignPolicy.objects.filter(pk__in=some).end()
    return recorded(by, What.END, many)


def judged(
    row: Decision[Any, Any],
    alike: str,
    numbers: Collection[int],
    by: User,
    fits: Callable[[ForeignPolicy], bool],
) -> Many[ForeignPolicy]:
    """Hold those of these that are this policy, their accounts first, as workers do;
    and judge those that fit.
    """
    if not numbers:
        raise NoneChosen
    rows = ForeignPolicy.objects.alike(alike).order_by("pk")
    slices = [rows.filter(pk__in=some) for some in in_slices(sorted({*numbers}))]
    lock_accounts(one.account_id for some in slices for one in some if one.account_id)
    held = [
        one
        for some in slices
        for one in some.select_for_update(of=("self",), no_key=True)
    ]
    choice = who_may(row, [one for one in held if fits(one)], by, locks=True)
    changed = len({*numbers}) - choice.total
    also = CHANGED.format(counted(changed)) if changed else ""
    return Many(choice.may, choice.reasons, also)


def recorded(
    by: User, what: Activity.What, many: Many[ForeignPolicy], **said: str
) -> Many[ForeignPolicy]:
    entries = [
        activity.Decision(what, one.place, detail_of(one) | said) for one in many.done
    ]
    activity.record_many(by, entries)
    return many
