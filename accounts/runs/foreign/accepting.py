"""Accept a policy of others by name, until a day, or no longer.

Somebody asks with a reason, and whoever approves plans there accepts; where the
environment asks for a second person, another one.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from accounts.models import Activity, ForeignPolicy
from accounts.models.checks.foreign_policy import today
from accounts.people.activity import record
from accounts.people.deciding import refuse
from accounts.people.reach import DecisionReach, pairs_of
from accounts.people.role_limits.refusing import refuse_outside
from accounts.people.roles import OPERATOR
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


def ask(policy: ForeignPolicy, by: User, *, reason: str, until: date) -> None:
    """Ask to accept it. Raise NoDay, or Outside where the role is not for there.

    What was accepted before ends: the reason or the day is another one.
    """
    a_day(until)
    with transaction.atomic():
        refuse_outside(by, OPERATOR, policy.account)
        ForeignPolicy.objects.filter(pk=policy.pk).ask(by, reason, until)
        record_about(by, What.ASK, policy, reason=reason, until=f"{until}")


def a_day(until: date) -> date:
    """Return a day until which it can be accepted; raise NoDay for any other."""
    last = today() + LONGEST
    if not today() <= until <= last:
        raise NoDay(f"Choose a day from today until {last:%-d %B %Y}.")
    return until


def accept(policy: ForeignPolicy, by: User, *, read: str) -> None:
    """Accept it as it was read. Raise NotAsked, SamePerson or Outside."""
    with transaction.atomic():
        reach = reach_of(policy, locks=True)  # first the account, as workers do
        rows = ForeignPolicy.objects.select_for_update(of=("self",), no_key=True)
        found = rows.select_related("account", "asked_by").filter(pk=policy.pk)
        row = found.first()
        if row is None or not row.is_asked:
            raise NotAsked(f"{policy} isn't waiting for acceptance.")
        if row.asked_digest != read:
            raise NotAsked(f"The request for {row} has changed. Review it again.")
        if row.is_accepted:
            raise NotAsked(f"{row.accepted_by_name} accepted {row} before you.")
        refuse(reach, authors_of(row), by)
        ForeignPolicy.objects.filter(pk=row.pk).accept(by)
        record_about(
            by, What.ACCEPT_POLICY, row, reason=row.reason, until=f"{row.until}"
        )


def end(policy: ForeignPolicy, by: User) -> None:
    """Accept it no longer, and ask for nothing. Raise Outside."""
    with transaction.atomic():
        refuse_outside(by, OPERATOR, policy.account)
        ForeignPolicy.objects.filter(pk=policy.pk).end()
        record_about(by, What.END, policy)


def authors_of(policy: ForeignPolicy) -> dict[int, str]:
    return {policy.asked_by.pk: ASKED} if policy.asked_by else {}


def reach_of(policy: ForeignPolicy, *, locks: bool = False) -> DecisionReach:
    """Return what accepting it touches: its account, or what all environments share."""
    if policy.account is None:
        return DecisionReach(managing=True)
    return DecisionReach(frozenset(pairs_of([policy.account.pk], locks=locks)))


def record_about(
    by: User, what: Activity.What, policy: ForeignPolicy, **said: str
) -> None:
    record(by, what, policy.place, detail_of(policy) | said)


def detail_of(policy: ForeignPolicy) -> dict[str, str]:
    return {"policy": policy.policy, "role": policy.role, "digest": policy.digest}
