"""Which environments a role is for: set once, recorded, read in one query."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser, User

from accounts.models import Activity, RoleLimit
from accounts.people.role_limits.limits import (
    LimitRefused,
    environments_of,
    limit,
    may,
    with_role_in,
)
from accounts.people.role_limits.naming import environments_in_words
from accounts.people.roles import APPROVER, OPERATOR, VIEWER
from tests.rows import decider, person

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
