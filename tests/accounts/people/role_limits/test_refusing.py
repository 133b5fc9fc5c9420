"""What is denied, in which words, and who is never limited."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from accounts.models import Bundle, Notification, Rollout
from accounts.people.role_limits.limits import limit
from accounts.people.role_limits.refusing import (
    Outside,
    refuse_any_outside,
    refuse_outside,
)
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs import rollouts
from tests.accounts.runs.rollouts.rows import accounts, plan
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    person("administrator", username="anna")
    user = person("operator", username="olga")
    limit(user, OPERATOR, ["staging"], None)
    return user


def test_the_refusal_says_where_whose_and_whom_to_ask(olga: User) -> None:
    with pytest.raises(Outside) as caught:
        refuse_outside(olga, OPERATOR, account_row("web", environment="production"))

    assert str(caught.value) == (
        "web is in production. The operator role of olga applies to staging only. Ask "
        "someone whose operator role includes it, or an administrator (anna)."
    )


def test_the_command_line_and_names_without_a_person_are_not_limited(olga) -> None:
    row = account_row(environment="production")

    for by in (None, "the watch on Root", person("operator", username="bob")):
        refuse_outside(by, OPERATOR, row)
        refuse_outside(by, OPERATOR, None)
    olga.groups.add(Group.objects.get(name="approver"))
    refuse_outside(User.objects.get(pk=olga.pk), APPROVER, row)


def test_accounts_that_are_decided_about_are_locked(
    olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite knows no such lock, and leaves it out."""
    row = account_row(environment="staging")
    locks: list[dict[str, Any]] = []

    def lock(rows: QuerySet[Any], **options: Any) -> QuerySet[Any]:
        locks.append(options)
        return rows

    monkeypatch.setattr(QuerySet, "select_for_update", lock)

    refuse_any_outside(olga, OPERATOR, [row.pk])
    assert locks == []
    refuse_any_outside(olga, OPERATOR, [row.pk], locks=True)
    assert locks == [{"no_key": True}]


def test_many_are_refused_in_as_many_queries_as_few(
    olga: User, django_assert_num_queries
) -> None:
    keys = [row.pk for row in accounts(12, environment="staging")]
    refuse_any_outside(olga, OPERATOR, [])

    for some in (keys[:2], keys):
        with django_assert_num_queries(4):  # with the two of a savepoint
            refuse_any_outside(olga, OPERATOR, some)


def test_whoever_is_not_limited_costs_no_query_an_account(
    django_assert_num_queries,
) -> None:
    bob = person("operator", username="bob")
    rows = accounts(3)

    with django_assert_num_queries(3):  # with the two of roles
        for row in rows:
            refuse_outside(bob, OPERATOR, row)


def test_a_command_by_a_limited_person_is_refused(olga: User, managing) -> None:
    Bundle.objects.create(number=1, status=Bundle.Status.READY)

    with pytest.raises(CommandError, match="olga applies to staging only"):
        call_command("installed", 1, by="olga", stdout=StringIO())

    call_command("installed", 1, stdout=StringIO())
    assert Bundle.objects.get().installed_at


@pytest.mark.parametrize(("environment", "told"), [("staging", 1), ("production", 0)])
def test_mail_is_for_whoever_may_approve(
    environment: str, told: int, settings: Any
) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    settings.SITE_URL = "https://bowline.example.com"
    managing_row()
    zoe = person("approver", username="zoe", email="zoe@example.com")
    limit(zoe, APPROVER, ["staging"], None)
    rows = accounts(3, environment=environment)

    plan(rollouts.start(rows, Rollout.Kind.ONBOARD, None))

    waits = Notification.objects.filter(what=Notification.What.WAITS)
    assert waits.filter(person=zoe).count() == told
