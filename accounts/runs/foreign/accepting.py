"""Accept a policy of others by name, until a day, or no longer.

Somebody asks with a reason, and whoever approves plans there accepts; where the
environment asks for a second person, another one.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import TYPE_CHECKING

from accounts.decisions.decision import decision
from accounts.decisions.locks import Gone, hold, lock_accounts
from accounts.models import Activity, ForeignPolicy
from accounts.models.checks.foreign_policy import today
from accounts.people.activity import record
from accounts.people.authors import Asked, Authors
from accounts.people.reach import DecisionReach, around_each, the_managing_account
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused

if TYPE_CHECKING:
    from django.contrib.auth.models import User

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
