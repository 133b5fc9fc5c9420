"""Every row, by every person: who may, who may not, and what is then done."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest
from django.contrib.auth.models import Group, User

import accounts.api.api
import accounts.web.urls
from accounts.decisions.decision import DECISIONS, Decision, decision
from accounts.people.deciding import Outside, SamePerson
from accounts.people.reach import DecisionReach
from accounts.people.role_limits.limits import limit
from accounts.people.role_limits.naming import LIMITED
from accounts.people.roles import ROLES, UserRole
from tests.rows import person

pytestmark = pytest.mark.django_db

LOADED = accounts.api.api, accounts.web.urls
TITLES = {row.title: row for row in DECISIONS}
IN_PRODUCTION = DecisionReach(frozenset([("web", "production")]))


def tried(row: Decision[Any, Any], by: User | None, author: User | None = None) -> bool:
    """Decide about something of production that `author` caused; return whether the
    function was called.
    """
    called = []
    one = copy(row)
    one.touches = lambda *_, **__: IN_PRODUCTION
    one.locks = lambda *_: None
    one.function = lambda *_: called.append(True)
    if row.caused_by:
        one.caused_by = lambda *_: {author.pk: "edited it"} if author else {}
    one(*[None] * row.subjects, by)
    return bool(called)


def with_role(role: UserRole | None, name: str = "olga") -> User:
    return person((role or ROLES[0]).name, username=name)


def test_there_are_rows() -> None:
    assert len(TITLES) > 40


@pytest.mark.parametrize("title", [t for t in TITLES if TITLES[t].role])
def test_who_has_no_role_or_lost_it_decides_nothing(title: str) -> None:
    row = TITLES[title]
    other = next(role for role in ROLES[1:] if role != row.role)
    wrong, gone = with_role(other), with_role(row.role, "paul")
    gone.is_active = False
    gone.save()

    for one in (wrong, User.objects.get(username="paul")):
        with pytest.raises(Outside, match=f"the {row.role.name} role"):
            tried(row, one)


@pytest.mark.parametrize("title", [t for t in TITLES if TITLES[t].role in LIMITED])
def test_a_limited_role_decides_in_its_environments(title: str) -> None:
    row = TITLES[title]
    inside, outside = with_role(row.role), with_role(row.role, "paul")
    limit(inside, row.role, ["production"], None)
    limit(outside, row.role, ["dev"], None)

    assert tried(row, inside)
    with pytest.raises(Outside, match="web is in production"):
        tried(row, outside)


@pytest.mark.parametrize("title", TITLES)
def test_whoever_caused_it_decides_where_no_second_person_is_asked_for(
    title: str,
) -> None:
    row = TITLES[title]
    author, second = with_role(row.role), with_role(row.role, "paul")

    assert tried(row, second, author)
    if row.caused_by is None:
        assert tried(row, author, author)
    else:
        with pytest.raises(SamePerson, match="olga edited it"):
            tried(row, author, author)


def test_a_row_without_a_title_or_a_person_fails_at_once() -> None:
    def nameless(subject: object, by: User) -> None: ...
    def impersonal(subject: object) -> None: ...

    reach = {"touches": lambda *_, **__: DecisionReach()}
    with pytest.raises(TypeError, match="nameless isn't complete"):
        decision("", ROLES[1], **reach)(nameless)
    with pytest.raises(TypeError, match="nameless isn't complete"):
        decision(next(iter(TITLES)), ROLES[1], **reach)(nameless)
    with pytest.raises(ValueError, match="by"):
        decision("be nobody", ROLES[1], **reach)(impersonal)
    assert Group.objects.exists()
    assert "be nobody" not in {row.title for row in DECISIONS}
