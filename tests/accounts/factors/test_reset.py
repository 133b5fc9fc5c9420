"""A second factor is reset by an administrator, or on the command line."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Activity
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.web.factors.people import code, give_app, is_in, password, second
from tests.rows import factor_rows, person

pytestmark = pytest.mark.django_db

What = Activity.What
LIST = "/admin/auth/user/"


@pytest.fixture
def vera() -> User:
    vera = person("viewer", username="vera")
    factor_rows(vera)
    give_app(vera)
    return vera


@pytest.fixture
def signed_in(vera: User) -> Client:
    client = Client()
    password(client, "vera")
    second(client, code=code())
    assert is_in(client)
    return client


def nothing_is_left() -> bool:
    return not Authenticator.objects.exists()


def reset(client: Client, *people: User) -> Any:
    chosen = [str(one.pk) for one in people]
    sent = {"action": "reset_factors", "_selected_action": chosen}
    return client.post(LIST, sent)


def administrator() -> Client:
    client = Client()
    client.force_login(person("administrator"))
    return client


def test_the_command_resets_and_signs_out(signed_in: Client) -> None:
    person("administrator", username="olga")

    call_command("reset_second_factor", "vera", "--by", "olga")

    assert nothing_is_left()
    assert not is_in(signed_in)
    entry = Activity.objects.first()
    assert (entry.who, entry.what, entry.about) == ("olga", What.FACTORS_RESET, "vera")
    password(signed_in, "vera")
    assert is_in(signed_in)


def test_the_command_says_whom_it_does_not_know(vera: User) -> None:
    with pytest.raises(CommandError, match="no user nobody"):
        call_command("reset_second_factor", "nobody")

    assert not nothing_is_left()


def test_without_a_factor_nothing_is_recorded(capsys: Any) -> None:
    person("viewer")

    call_command("reset_second_factor", "viewer")

    assert capsys.readouterr().out == "viewer has no second factor.\n"
    assert not Activity.objects.exists()


def test_an_administrator_resets_it_in_the_admin_site(
    vera: User, signed_in: Client
) -> None:
    client = administrator()
    assert client.get(LIST).status_code == 200

    reset(client, vera)

    assert nothing_is_left()
    assert not is_in(signed_in)
    entry = Activity.objects.first()
    assert (entry.who, entry.about) == ("administrator", "vera")


def test_the_admin_site_asks_for_the_password_first(vera: User) -> None:
    client = administrator()
    session = client.session
    session[CONFIRMED] = ""
    session.save()

    answer = reset(client, vera)

    assert answer.url.startswith("/you/confirm/")
    assert not nothing_is_left()


def test_only_a_superuser_resets_a_superusers(vera: User) -> None:
    User.objects.filter(pk=vera.pk).update(is_superuser=True)

    reset(administrator(), vera)

    assert not nothing_is_left()


def test_a_list_of_people_asks_no_more_for_more_people(
    vera: User, django_assert_max_num_queries: Any
) -> None:
    client = administrator()
    for number in range(12):
        give_app(person("viewer", username=f"v{number}"))

    with django_assert_max_num_queries(14):
        client.get(LIST)
