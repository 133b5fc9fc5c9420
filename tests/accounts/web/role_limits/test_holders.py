"""Who has a role: what a page says where a button would be."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser, Group, User

from accounts.people.role_limits.limits import limit
from accounts.people.roles import ADMINISTRATOR, APPROVER, OPERATOR, UserRole
from accounts.web.role_limits import holders, needed
from tests.rows import person

pytestmark = pytest.mark.django_db


def said(user: object, role: UserRole = OPERATOR) -> str:
    return needed(SimpleNamespace(user=user), role, "plan")


def test_it_names_people_who_have_the_role() -> None:
    for name in ("grace", "ada"):
        person("operator", username=name)
    person("approver", username="bob")
    viewer = person("viewer")

    assert said(viewer) == "You need the operator role to plan. Ask ada or grace."
    assert said(viewer, APPROVER) == "You need the approver role to plan. Ask bob."


def test_it_names_three_of_many() -> None:
    for number in range(5):
        person("operator", username=f"olga-{number}")

    assert said(person("viewer")).endswith("Ask olga-0, olga-1, or olga-2.")


def test_it_says_nothing_to_whoever_has_the_role() -> None:
    assert said(person("operator")) == ""
    assert said(User.objects.create_superuser("root")) == ""
    assert said(AnonymousUser()) == ""


def test_it_names_nobody_who_is_gone_or_whose_role_is_limited() -> None:
    person("operator", username="gone", is_active=False)
    limit(person("operator", username="lin"), OPERATOR, {"staging"}, None)
    person("administrator", username="anna")

    assert said(person("viewer")) == (
        "You need the operator role to plan. Ask an administrator (anna)."
    )


def test_a_limit_of_one_role_is_none_of_another() -> None:
    lin = person("operator", username="lin")
    lin.groups.add(Group.objects.get(name="approver"))
    limit(lin, OPERATOR, {"staging"}, None)
    person("operator", username="ada")

    assert said(person("viewer")).endswith("Ask ada.")
    assert said(User.objects.get(username="viewer"), APPROVER).endswith("Ask lin.")


def test_superusers_are_administrators() -> None:
    root = User.objects.create_superuser("root")
    root.groups.add(*Group.objects.filter(name__in=["viewer"]))
    person("administrator", username="anna")

    sentence = said(person("viewer"), ADMINISTRATOR)

    assert sentence == "You need the administrator role to plan. Ask anna or root."


def test_without_anybody_it_says_how_to_make_one() -> None:
    assert said(person("viewer")).endswith(
        "No one has this role yet. Run manage.py createsuperuser."
    )


def test_one_query_answers_for_every_role(django_assert_num_queries) -> None:
    for role in ("operator", "approver", "administrator"):
        for number in range(5):
            person(role, username=f"{role}-{number}")
    User.objects.create_superuser("root")

    with django_assert_num_queries(1):
        found = holders()

    assert {role: len(names) for role, names in found.items()} == {
        "operator": 3,
        "approver": 3,
        "administrator": 3,
        "superuser": 1,
    }
