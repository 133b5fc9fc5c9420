"""Which environments a role is for, what is denied, and in which words."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import QuerySet

from accounts.models import (
    Activity,
    Bundle,
    ManagedAccount,
    Notification,
    RoleLimit,
    Rollout,
    Run,
)
from accounts.models.states import Status
from accounts.people.deciding import Outside, refuse
from accounts.people.reach import DecisionReach, around, around_all
from accounts.people.role_limits.limits import (
    LimitRefused,
    environments_of,
    limit,
    may,
    with_role_in,
)
from accounts.people.role_limits.naming import environments_in_words
from accounts.people.roles import APPROVER, OPERATOR, VIEWER
from accounts.runs import rollouts
from accounts.runs.actions import approve, plan
from tests.accounts.runs.rollouts import rows as of_rollouts
from tests.accounts.runs.rollouts.rows import accounts
from tests.rows import account_row, decider, managing_row, person, run_row, step_row
from tests.two_at_once import second_waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return decider()


def test_without_a_limit_a_role_is_for_every_environment(olga: User) -> None:
    assert environments_of(olga, OPERATOR) is None
    assert may(olga, OPERATOR, "production")
    assert may(olga, OPERATOR, "")


def test_a_limit_is_of_one_role_and_of_exact_names(olga: User) -> None:
    limit(olga, APPROVER, ["staging", ""], None)

    assert environments_of(olga, APPROVER) == {"staging", ""}
    assert may(olga, APPROVER, "staging")
    assert may(olga, APPROVER, "")
    assert not may(olga, APPROVER, "staging-2")
    assert not may(olga, APPROVER, "Staging")


def test_a_limit_gives_no_role() -> None:
    zoe = person("viewer", username="zoe")

    limit(zoe, OPERATOR, ["staging"], None)

    assert not may(zoe, OPERATOR, "staging")
    assert environments_of(AnonymousUser(), OPERATOR) is None


def test_limits_are_read_in_one_query(olga: User, django_assert_num_queries) -> None:
    limit(olga, APPROVER, ["staging", "test", ""], None)
    again = User.objects.get(pk=olga.pk)

    with django_assert_num_queries(1):
        for role in (OPERATOR, APPROVER, OPERATOR, APPROVER):
            environments_of(again, role)


def test_each_change_is_recorded_once(olga: User) -> None:
    anna = person("administrator", username="anna")

    assert limit(olga, OPERATOR, ["staging", ""], anna)
    assert not limit(olga, OPERATOR, ["", "staging"], anna)
    assert limit(olga, OPERATOR, ["test", "staging"], anna)
    assert limit(olga, OPERATOR, None, anna)
    assert not limit(olga, OPERATOR, None, anna)

    entries = Activity.objects.filter(what="roles").order_by("number")
    assert [entry.detail["environments"] for entry in entries] == [
        ["every environment", ["no environment", "staging"]],
        [["no environment", "staging"], ["staging", "test"]],
        [["staging", "test"], "every environment"],
    ]
    assert {(entry.who, entry.about) for entry in entries} == {("anna", "olga")}
    assert not RoleLimit.objects.exists()


def test_no_limit_to_nothing_of_oneself_or_of_what_all_have(olga: User) -> None:
    limit(olga, OPERATOR, ["staging"], None)

    for role, environments, by in (
        (OPERATOR, [], None),
        (OPERATOR, None, olga),
        (VIEWER, ["staging"], None),
    ):
        with pytest.raises(LimitRefused):
            limit(olga, role, environments, by)
    assert environments_of(olga, OPERATOR) == {"staging"}


def test_whoever_has_the_role_there_is_found(olga: User) -> None:
    zoe = person("approver", username="zoe")
    limit(olga, APPROVER, ["staging"], None)
    everybody = User.objects.order_by("username")

    assert [*with_role_in(everybody, APPROVER, ["staging"])] == [olga, zoe]
    assert [*with_role_in(everybody, APPROVER, ["production", ""])] == [zoe]
    assert [*with_role_in(everybody, OPERATOR, ["production"])] == [olga, zoe]


def test_environments_are_named_in_a_sentence() -> None:
    assert environments_in_words(["test"]) == "test"
    assert (
        environments_in_words(["test", "", "staging"])
        == "staging, test, and no environment"
    )


def test_the_database_keeps_an_environment_once(olga: User) -> None:
    RoleLimit.objects.create(person=olga, role="operator", environment="")

    limit(olga, OPERATOR, [""], None)

    assert RoleLimit.objects.get().environment == ""


@pytest.fixture
def limited_olga() -> User:
    person("administrator", username="anna")
    user = person("operator", username="olga")
    limit(user, OPERATOR, ["staging"], None)
    return user


def refuse_around(by: Any, *rows: ManagedAccount) -> None:
    refuse(around_all(row.pk for row in rows), None, by, OPERATOR)


def test_the_refusal_says_where_whose_and_whom_to_ask(limited_olga: User) -> None:
    with pytest.raises(Outside) as caught:
        refuse_around(limited_olga, account_row("web", environment="production"))

    assert str(caught.value) == (
        "web is in production. The operator role of olga applies to staging only. Ask "
        "an administrator (anna)."
    )


def test_the_command_line_and_names_without_a_person_are_not_limited(
    limited_olga,
) -> None:
    row = account_row(environment="production")

    for by in (None, "the watch on Root", person("operator", username="bob")):
        refuse_around(by, row)
        refuse(DecisionReach(managing=True), None, by, OPERATOR)
    limited_olga.groups.add(Group.objects.get(name="approver"))
    refuse(around(row), None, User.objects.get(pk=limited_olga.pk), APPROVER)


def test_accounts_that_are_decided_about_are_locked(
    limited_olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite knows no such lock, and leaves it out."""
    row = account_row(environment="staging")
    locks: list[dict[str, Any]] = []

    def lock(rows: QuerySet[Any], **options: Any) -> QuerySet[Any]:
        locks.append(options)
        return rows

    monkeypatch.setattr(QuerySet, "select_for_update", lock)

    refuse_around(limited_olga, row)
    assert locks == []
    plan.refuse(row, limited_olga)
    assert locks == [{"no_key": True}]


def test_many_are_refused_in_as_many_queries_as_few(
    limited_olga: User, django_assert_num_queries
) -> None:
    rows = accounts(12, environment="staging")
    refuse_around(limited_olga)

    for some in (rows[:2], rows):
        with django_assert_num_queries(3):
            refuse_around(limited_olga, *some)


def test_whoever_is_not_limited_costs_no_query_an_account(
    django_assert_num_queries,
) -> None:
    bob = person("operator", username="bob")
    rows = accounts(3)

    reach = around_all(row.pk for row in rows)

    with django_assert_num_queries(3):  # two of roles, and one of limits
        for _ in rows:
            refuse(reach, None, bob, OPERATOR)


def test_a_command_by_a_limited_person_is_refused(limited_olga: User, managing) -> None:
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


@pytest.mark.django_db(transaction=True)
def test_an_approval_waits_for_a_move_and_is_refused() -> None:
    """Without the lock, it would read where the account was before."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    managing_row()
    run = run_row(account=account_row(environment="staging"))
    step_row(run)
    olga = person("approver", username="olga")
    limit(olga, APPROVER, ["staging"], None)
    refused: list[str] = []

    def move() -> None:
        ManagedAccount.objects.update(environment="production")

    def decide() -> None:
        try:
            approve(run, olga)
        except Outside as error:
            refused.append(str(error))

    assert second_waits(move, decide)
    assert [said.split(".")[0] for said in refused] == ["staging is in production"]
    assert Run.objects.get().status == Status.PLANNED
