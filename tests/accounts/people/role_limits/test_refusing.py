"""What is denied, in which words, and who is never limited."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db.models import QuerySet

from accounts.models import Bundle, ManagedAccount, Notification, Rollout
from accounts.people.deciding import Outside, refuse
from accounts.people.reach import DecisionReach, around, around_all
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs import rollouts
from accounts.runs.actions import plan
from tests.accounts.runs.rollouts import rows as of_rollouts
from tests.accounts.runs.rollouts.rows import accounts
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    person("administrator", username="anna")
    user = person("operator", username="olga")
    limit(user, OPERATOR, ["staging"], None)
    return user


def refuse_around(by: Any, *rows: ManagedAccount) -> None:
    refuse(around_all(row.pk for row in rows), None, by, OPERATOR)


def test_the_refusal_says_where_whose_and_whom_to_ask(olga: User) -> None:
    with pytest.raises(Outside) as caught:
        refuse_around(olga, account_row("web", environment="production"))

    assert str(caught.value) == (
        "web is in production. The operator role of olga applies to staging only. Ask "
        "an administrator (anna)."
    )


def test_the_command_line_and_names_without_a_person_are_not_limited(olga) -> None:
    row = account_row(environment="production")

    for by in (None, "the watch on Root", person("operator", username="bob")):
        refuse_around(by, row)
        refuse(DecisionReach(managing=True), None, by, OPERATOR)
    olga.groups.add(Group.objects.get(name="approver"))
    refuse(around(row), None, User.objects.get(pk=olga.pk), APPROVER)


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

    refuse_around(olga, row)
    assert locks == []
    plan.refuse(row, olga)
    assert locks == [{"no_key": True}]


def test_many_are_refused_in_as_many_queries_as_few(
    olga: User, django_assert_num_queries
) -> None:
    rows = accounts(12, environment="staging")
    refuse_around(olga)

    for some in (rows[:2], rows):
        with django_assert_num_queries(2):
            refuse_around(olga, *some)


def test_whoever_is_not_limited_costs_no_query_an_account(
    django_assert_num_queries,
) -> None:
    bob = person("operator", username="bob")
    rows = accounts(3)

    reach = around_all(row.pk for row in rows)

    with django_assert_num_queries(3):  # two of roles, and one of limits
        for _ in rows:
            refuse(reach, None, bob, OPERATOR)


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

    of_rollouts.plan(rollouts.start(rows, Rollout.Kind.ONBOARD, None))

    waits = Notification.objects.filter(what=Notification.What.WAITS)
    assert waits.filter(person=zoe).count() == told
