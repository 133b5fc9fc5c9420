"""Accept what others wrote: a policy in one account or many, or writes that
nobody can know.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from accounts.decisions.decision import Decision, decision
from accounts.decisions.locks import Gone, hold, hold_nothing, lock_accounts
from accounts.decisions.many import Choice, Many, about_many, who_may
from accounts.models import Activity, ForeignPolicy, ManagedAccount
from accounts.models.checks import WRITES, today
from accounts.models.states import Status, writes
from accounts.people import activity
from accounts.people.activity import record
from accounts.people.authors import Asked, Authors
from accounts.people.policies import strict_among
from accounts.people.reach import DecisionReach, around_each, the_managing_account
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused
from accounts.runs.scope import Scope, accepted_in
from accounts.slices import in_slices
from accounts.wording import counted
from onboarding.checks import Outcome
from onboarding.verify.result import COMPARED, Result

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ACCEPTED = "The unknown writes in {} are accepted"
WAITS = (
    "Waiting for {} to accept it: where a second approver is required, a person "
    "decides about what Bowline couldn't find out."
)
FIX = "Ask an approver to accept them on the page of {}, then verify again."
BECAUSE = ", because "


class Writes(NamedTuple):
    """What a verification could not find out where that must be accepted."""

    found: ForeignPolicy
    is_accepted: bool

    @property
    def check(self) -> Result:
        name = ACCEPTED.format(self.found.place)
        if self.is_accepted:
            said = f"Accepted: {self.found.policy}."
            return Result(COMPARED, name, Outcome.PASSED, said)
        waits = WAITS.format(self.found.policy)
        return Result(
            COMPARED, name, Outcome.FAILED, waits, FIX.format(self.found.place)
        )


def writes_to_accept(
    scope: Scope, status: str, results: Iterable[Result]
) -> Writes | None:
    """Return what must be accepted of an account that was verified; None: nothing."""
    account = scope.account
    unknown = [one for one in results if one.unknown_writes]
    if status != Status.VERIFIED or account is None or not unknown:
        return None
    if not strict_among(account.environments):
        return None
    role = (account.managed_role or scope.managing.managed_role).rpartition("/")[2]
    which = [sentence_of(one) for one in unknown]
    text = json.dumps([WRITES, role, sorted(which)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = ForeignPolicy(
        account=account,
        role=role,
        policy=f"{writes(sum(one.unknown_writes for one in unknown))} unknown",
        kind=WRITES,
        effects=[f"{said}." for said in which],
        digest=digest,
        alike=digest,
        removable=False,
    )
    return Writes(found, digest in accepted_in(account.pk))


def sentence_of(result: Result) -> str:
    """Say which are unknown: why may be another reason each time."""
    named = result.sentence.partition(BECAUSE)[0]
    return f"{result.name}: {writes(result.unknown_writes)}. {named}"


def keep_writes(
    account: ManagedAccount | None, waiting: Writes | None, at: datetime
) -> bool:
    """List what was found, and forget what no longer is; return whether it is new."""
    if account is None:
        return False
    rows = ForeignPolicy.objects.filter(account=account, kind=WRITES)
    rows.exclude(digest=waiting.found.digest if waiting else "").delete()
    if waiting is None or rows.exists():
        return False
    waiting.found.found_at = at
    ForeignPolicy.objects.bulk_create([waiting.found], ignore_conflicts=True)
    return True


What = Activity.What
LONGEST = timedelta(days=366)
ASKED = "asked to accept it"


class NotAsked(Refused):
    """Nobody asks for it; the message says so."""

    code = "NOT_ASKED"


class NoDay(Refused, ValueError):
    """The day is past, or too far away; the message says which days may be chosen."""

    code = "BAD_DAY"


def hold_policy(policy: ForeignPolicy) -> None:
    """Hold it after its account, as workers do; raise NotAsked where it is gone."""
    lock_accounts([policy.account_id] if policy.account_id else [])
    try:
        hold(policy)
    except Gone as error:
        raise NotAsked(f"{policy} isn't waiting for acceptance.") from error


def place_of(policy: ForeignPolicy, *, locks: bool = False) -> DecisionReach:
    """Return what deciding about it touches: its account, or what all environments
    share.
    """
    return places_of([policy], locks=locks)[0][0]


def places_of(
    policies: Collection[ForeignPolicy], *, locks: bool = False
) -> list[Asked]:
    keys = {one.account_id for one in policies if one.account_id}
    found = around_each(keys, locks=locks)
    return [
        (found[one.account_id] if one.account_id else the_managing_account(), None)
        for one in policies
    ]


def asked_for(
    policies: Collection[ForeignPolicy], *, locks: bool = False
) -> list[Asked]:
    reaches = places_of(policies, locks=locks)
    return [
        (reach, authors_of(one))
        for one, (reach, _) in zip(policies, reaches, strict=True)
    ]


def authors_of(policy: ForeignPolicy, _: DecisionReach | None = None) -> Authors:
    return {policy.asked_by_id: ASKED} if policy.asked_by_id else {}


@decision(
    "ask to accept a policy of others, or unknown writes",
    OPERATOR,
    What.ASK,
    touches=place_of,
    of_many=places_of,
    locks=hold_policy,
)
def ask(policy: ForeignPolicy, by: User, *, reason: str, until: date) -> ForeignPolicy:
    """Ask to accept it; raise NoDay.

    What was accepted before ends: the reason or the day is another one.
    """
    a_day(until)
    ForeignPolicy.objects.filter(pk=policy.pk).ask(by, reason, until)
    record_about(by, What.ASK, policy, reason=reason, until=f"{until}")
    return policy


def a_day(until: date) -> date:
    """Return a day until which it can be accepted; raise NoDay for any other."""
    last = today() + LONGEST
    if not today() <= until <= last:
        raise NoDay(f"Choose a day from today until {last:%-d %B %Y}.")
    return until


@decision(
    "accept a policy of others that was found on a role, or unknown writes",
    APPROVER,
    What.ACCEPT_POLICY,
    touches=place_of,
    caused_by=authors_of,
    of_many=asked_for,
    locks=hold_policy,
)
def accept(policy: ForeignPolicy, by: User, *, read: str) -> ForeignPolicy:
    """Accept it as it was read; raise NotAsked."""
    if not policy.is_asked:
        raise NotAsked(f"{policy} isn't waiting for acceptance.")
    if policy.asked_digest != read:
        raise NotAsked(f"The request for {policy} has changed. Review it again.")
    if policy.is_accepted:
        raise NotAsked(f"{policy.accepted_by_name} accepted {policy} before you.")
    ForeignPolicy.objects.filter(pk=policy.pk).accept(by)
    said = {"reason": policy.reason, "until": f"{policy.until}"}
    record_about(by, What.ACCEPT_POLICY, policy, **said)
    return policy


@decision(
    "end the acceptance of a policy of others, or of unknown writes",
    OPERATOR,
    What.END,
    touches=place_of,
    of_many=places_of,
    locks=hold_policy,
)
def end(policy: ForeignPolicy, by: User) -> ForeignPolicy:
    """Accept it no longer, and ask for nothing."""
    ForeignPolicy.objects.filter(pk=policy.pk).end()
    record_about(by, What.END, policy)
    return policy


def record_about(
    by: User, what: Activity.What, policy: ForeignPolicy, **said: str
) -> None:
    record(by, what, policy.place, detail_of(policy) | said)


def detail_of(policy: ForeignPolicy) -> dict[str, str]:
    return {"policy": policy.policy, "role": policy.role, "digest": policy.digest}


MOST_AT_ONCE = 2_000
"""The most accounts in one decision: it is one transaction."""
CHANGED = "The findings or requests in {} have changed. Review them again."


class NoneChosen(Refused):
    """Nobody chose an account."""

    code = "NOTHING_DECIDED"


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
        raise NoneChosen("No decision was made.")
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
