"""Who may decide: one function of what a decision touches, who caused it, and who
decides. Pages, the API, the command line and many at once ask it, and nothing else.
It names who may, by the same rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied

from accounts.people.authors import Authors
from accounts.people.policies import managing_is_strict, strict_among
from accounts.people.reach import DecisionReach, Pair, unknown_in_words
from accounts.people.role_limits.limits import environments_of
from accounts.people.role_limits.naming import (
    LIMITED,
    NONE,
    environments_in_words,
    only,
)
from accounts.people.role_limits.reach import Reach
from accounts.people.roles import (
    APPROVER,
    NAMED,
    VIEWER,
    UserRole,
    has_role,
    whom_to_ask,
)
from accounts.refused import Refused
from accounts.wording import first_of, listed

if TYPE_CHECKING:
    from accounts.people.authors import By

Role: TypeAlias = UserRole | None
"""None: everybody decides for themselves."""

MOST_NAMED = 5


class Outside(Refused, PermissionDenied):
    """The person has no role, or one for other environments; the message says which,
    whose, and whom to ask.
    """

    code = "NOT_ALLOWED"


class SamePerson(Refused):
    """The policy asks for another person; the message says who may not, and why."""

    code = "OTHER_PERSON"


class PlanChanged(Refused):
    """What a person approves is not what they read."""

    code = "PLAN_CHANGED"

    def __init__(self) -> None:
        super().__init__(
            "Not approved: the plan changed after you opened it. Review the updated "
            "plan below."
        )


class Verdict(NamedTuple):
    outside: str
    """Why the person's role is not for this; empty: it is."""
    same_person: str
    """Why it takes another person; empty: it does not."""


def judge(
    reach: DecisionReach, authors: Authors | None, by: By, role: Role = APPROVER
) -> Verdict:
    """Say whether somebody with the role may decide, and if not, why and whom to ask.
    Without authors it takes no second person anywhere.

    The command line acts for no one unless it names a person: no limit is on it, and it
    is never the second person.
    """
    outside = outside_of(reach, by, role)
    second = "" if authors is None else same_person(reach, authors, by)
    if not (outside or second):
        return Verdict("", "")
    ask = whom(reach, authors, by, role)
    return Verdict(outside and f"{outside} {ask}", second and f"{second} {ask}")


def refuse(
    reach: DecisionReach, authors: Authors | None, by: By, role: Role = APPROVER
) -> None:
    """Raise Outside or SamePerson where the person may not decide."""
    verdict = judge(reach, authors, by, role)
    if verdict.outside:
        raise Outside(verdict.outside)
    if verdict.same_person:
        raise SamePerson(verdict.same_person)


def limit_on(by: By, role: Role) -> frozenset[str] | None:
    """Return what the role is limited to, of whoever decides."""
    if role is None or not isinstance(by, User):
        return None
    return environments_of(by, role)


def outside_of(reach: DecisionReach, by: By, role: Role) -> str:
    """Say why the person's role is not for this."""
    if role is None:
        return ""
    if isinstance(by, User) and not has_role(by, role):
        return f"You need the {role.name} role to do this."
    inside = limit_on(by, role)
    where = beyond(reach, inside)
    if inside is None or not where:
        return ""
    return f"{where} The {role.name} role of {by} applies to {only(inside)}."


def beyond(reach: DecisionReach, inside: Reach) -> str:
    """Say which part of this is in no environment of these; empty: none."""
    if inside is None:
        return ""
    if reach.for_all:
        return reach.for_all
    outside = sorted({pair for pair in reach.accounts if pair[1] not in inside})
    return where_of(outside) if outside else ""


def where_of(pairs: Sequence[Pair]) -> str:
    """Say which accounts are in which environments."""
    if len({name for name, _ in pairs}) == 1:
        where = environments_in_words([one for _, one in pairs])
        return f"{pairs[0][0]} is in {where}."
    counts = Counter(environment or NONE for _, environment in pairs)
    in_each = ", ".join(
        f"{count:,} in {name}" for name, count in sorted(counts.items())
    )
    names = first_of([name for name, _ in pairs], MOST_NAMED)
    return f"{len(pairs):,} accounts are outside ({in_each}): {names}."


def whom(
    reach: DecisionReach, authors: Authors | None, by: By, role: Role = APPROVER
) -> str:
    """Name some who may decide about this, or else who can give the role. Whoever has
    no role at all sees administrators only.
    """
    named = []
    if role in LIMITED and not (isinstance(by, User) and not has_role(by, VIEWER)):
        second = second_person_for(reach) if authors else ""
        people = User.objects.filter(groups__name=role.name, is_active=True)
        others = people.exclude(pk__in=(authors or ()) if second else ())
        others = others.exclude(pk=getattr(by, "pk", None) or 0).order_by("username")
        named = [
            one.get_username()
            for one in others.prefetch_related("role_limits")
            if not beyond(reach, environments_of(one, role))
        ]
    if named:
        return f"Ask {listed(named[:NAMED], 'or')}."
    return f"Ask an administrator ({whom_to_ask()})."


def second_person_for(reach: DecisionReach) -> str:
    """Say where the policy asks for a second person, as a sentence begins; empty:
    nowhere.
    """
    if strict := strict_among(reach.environments):
        return where(max(strict))
    if reach.managing and managing_is_strict():
        return "For the managing account"
    if reach.unknown and managing_is_strict():
        return f"For {unknown_in_words(reach.unknown)}"
    return reach.second


def where(environment: str) -> str:
    return f"In {environment}" if environment else "Without an environment"


def same_person(reach: DecisionReach, authors: Authors, by: By) -> str:
    """Say why this is no second person, where one is asked for."""
    second = second_person_for(reach)
    if not second:
        return ""
    policy = f"{second}, the person who plans can't approve"
    if by is None or isinstance(by, str):
        return (
            f"{policy}. Have another person approve on the plan's page, or name the "
            "approver with --by."
        )
    if by.pk in authors:
        return f"{policy}: {by} {authors[by.pk]}. Another person must approve."
    return ""
