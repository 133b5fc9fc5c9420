"""Who is left to sign in as administrator after a change of the groups' roles."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from accounts.models import GroupRoles
from accounts.web.groups import changing
from accounts.web.groups.changing import NotChanged, choose
from tests.accounts.web.groups.changes import chosen, remove, save
from tests.accounts.web.single_sign_on.provider import PROVIDER, Emulated, sign_in, text
from tests.rows import person
from tests.two_at_once import second_waits, waits_for_the_lock

pytestmark = pytest.mark.django_db
LOCKED_OUT = "After this change, no administrator could sign in."


def came(provider: Emulated, name: str, *groups: str) -> Client:
    client = Client()
    assert sign_in(client, provider.of(name, *groups)).status_code == 302
    return client


@pytest.fixture
def ann(decided_here: Emulated) -> Client:
    """Sign in the only administrator, who came by the group admins."""
    GroupRoles.objects.create(group="admins", roles=["administrator"])
    return came(decided_here, "ann", "admins")


def test_the_last_group_of_administrators_stays(ann: Client) -> None:
    assert LOCKED_OUT in text(remove(ann, "admins"))
    assert LOCKED_OUT in text(save(ann, "admins", "viewer"))
    assert chosen() == {"admins": ["administrator"]}


def test_a_group_whose_people_came_already_may_take_over(
    ann: Client, decided_here: Emulated
) -> None:
    GroupRoles.objects.create(group="leads", roles=["administrator"])
    assert LOCKED_OUT in text(remove(ann, "admins"))  # nobody came by it so far

    came(decided_here, "bob", "leads")
    remove(ann, "admins")

    assert chosen() == {"leads": ["administrator"]}


def test_who_was_deactivated_administers_nothing(
    ann: Client, decided_here: Emulated
) -> None:
    GroupRoles.objects.create(group="leads", roles=["administrator"])
    came(decided_here, "bob", "leads")
    User.objects.filter(username="bob").update(is_active=False)

    assert LOCKED_OUT in text(remove(ann, "admins"))


def test_an_administrator_with_a_password_is_enough(ann: Client) -> None:
    person("administrator", username="emergency")

    remove(ann, "admins")

    assert chosen() == {}


def test_a_superuser_with_a_password_is_enough(ann: Client) -> None:
    User.objects.create_superuser("root", password="of-tests")

    remove(ann, "admins")

    assert chosen() == {}


@pytest.mark.parametrize(
    "useless",
    ["may not use it", "has none", "is deactivated"],
)
def test_a_password_that_lets_nobody_in_is_not(
    ann: Client, settings, useless: str
) -> None:
    local = person("administrator", username="local")
    if useless == "may not use it":
        settings.PASSWORDS_FOR = ["emergency"]
    elif useless == "has none":
        local.set_unusable_password()
        local.save()
    else:
        User.objects.filter(pk=local.pk).update(is_active=False)

    assert LOCKED_OUT in text(remove(ann, "admins"))


def test_who_came_from_another_provider_does_not_count(ann: Client, settings) -> None:
    settings.SINGLE_SIGN_ON = replace(
        PROVIDER, roles=None, issuer="https://new.example.com"
    )

    assert LOCKED_OUT in text(save(ann, "platform", "viewer"))


def test_nobody_gives_themselves_a_role(ann: Client, decided_here: Emulated) -> None:
    came_again = came(decided_here, "ann", "admins", "platform")

    page = text(save(came_again, "platform", "approver"))

    assert "You're a member of the group platform" in page
    assert ("Ask another administrator to make this change.") in page
    assert "platform" not in chosen()
    save(came_again, "others", "approver")
    save(came_again, "platform", "administrator")  # what she is already
    assert chosen()["others"] == ["approver"]
    assert chosen()["platform"] == ["administrator"]


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_not_remove_the_last_two(settings) -> None:
    """Each leaves the other's group; the second one sees what the first one did."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time.")
    settings.SINGLE_SIGN_ON = replace(PROVIDER, roles=None)
    ann = User.objects.create_user("ann")
    for group in ("admins", "leads"):
        GroupRoles.objects.create(group=group, roles=["administrator"])
        one = User.objects.create_user(group)
        one.set_unusable_password()
        one.save()
        changing.Identity.objects.create(
            person=one,
            issuer=PROVIDER.issuer,
            subject=group,
            seen_at="2026-01-01T00:00Z",
            groups=[group],
        )
    refused: list[Any] = []

    def first() -> None:
        choose(ann, "admins", ())

    def second() -> None:
        try:
            choose(ann, "leads", ())
        except NotChanged as error:
            refused.append(error)

    assert second_waits(first, second, partial(waits_for_the_lock, changing.LOCK))
    assert len(refused) == 1
    assert chosen() == {"leads": ["administrator"]}
