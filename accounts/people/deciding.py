"""Who may decide: one function of what a decision touches, who caused it, and who
decides. Pages, the API, the command line and many at once ask it, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from django.contrib.auth.models import User

from accounts.people.authors import Authors
from accounts.people.policies import managing_is_strict, strict_among
from accounts.people.reach import DecisionReach, unknown_in_words
from accounts.people.role_limits.refusing import (
    Outside,
    limit_on,
    whose,
    why_outside,
)
from accounts.people.roles import APPROVER, UserRole, has_role, refusal
from accounts.refused import Refused

if TYPE_CHECKING:
    from accounts.people.authors import By

Role: TypeAlias = UserRole | None
"""None: everybody decides for themselves."""


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
    return Verdict(
        outside_of(reach, by, role),
        "" if authors is None else same_person(second_person_for(reach), authors, by),
    )


def refuse(
    reach: DecisionReach, authors: Authors | None, by: By, role: Role = APPROVER
) -> None:
    """Raise Outside or SamePerson where the person may not decide."""
    verdict = judge(reach, authors, by, role)
    if verdict.outside:
        raise Outside(verdict.outside)
    if verdict.same_person:
        raise SamePerson(verdict.same_person)


def outside_of(reach: DecisionReach, by: By, role: Role) -> str:
    if role is None:
        return ""
    if isinstance(by, User) and not has_role(by, role):
        return refusal(role)
    inside = limit_on(by, role)
    if inside is None:
        return ""
    if reach.for_all:
        return f"{reach.for_all} {whose(by, role, inside)}"
    return why_outside(by, role, reach.accounts)


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


def same_person(second: str, authors: Authors, by: By) -> str:
    """Say why this is no second person, where one is asked for."""
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
