"""What a person chose on their own page, and where it shows."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import Kind, ManagedAccount, Preferences
from accounts.models.states import State
from accounts.web.you.preferences import zones
from tests.rows import PASSWORD, account_row, managing_row, person

pytestmark = pytest.mark.django_db

MOMENT = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def vera() -> User:
    return person("viewer", username="vera")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def choose(client: Client, time_zone: str, **fields: str) -> str:
    sent = {"time_zone": time_zone, **fields}
    return client.post("/you/preferences/", sent, follow=True).content.decode()


def times_on_the_list(client: Client) -> str:
    managing_row()
    row = account_row(state=State.VERIFIED, verification=State.VERIFIED)
    ManagedAccount.objects.filter(pk=row.pk).update(verified_at=MOMENT)
    return client.get("/accounts/").content.decode()


def test_times_are_in_the_zone_of_the_person_with_utc_on_hover(vera: User) -> None:
    client = signed_in(vera)

    choose(client, "Asia/Kolkata")

    page = times_on_the_list(client)
    assert 'title="1 Jul 2026, 18:00:00 IST · 1 Jul 2026, 12:30:00 UTC"' in page
    assert 'data-time-zone="Asia/Kolkata"' in page


def test_times_are_in_utc_where_nobody_chose(vera: User) -> None:
    page = times_on_the_list(signed_in(vera))

    assert 'title="1 Jul 2026, 12:30:00 UTC"' in page
    assert "data-time-zone" not in page


def test_a_choice_holds_in_other_sessions_and_later_ones(vera: User) -> None:
    here, there = signed_in(vera), signed_in(vera)

    choose(here, "Asia/Kolkata")

    for client in (there, signed_in(vera)):
        assert 'data-time-zone="Asia/Kolkata"' in client.get("/").content.decode()


def test_a_choice_is_nobody_elses(vera: User) -> None:
    other = signed_in(person("viewer"))

    choose(signed_in(vera), "Asia/Kolkata")

    assert "data-time-zone" not in other.get("/").content.decode()
    assert [row.person for row in Preferences.objects.all()] == [vera]


def test_the_zone_of_one_request_is_not_the_next_ones(vera: User) -> None:
    client = signed_in(vera)
    choose(client, "Asia/Kolkata")
    client.get("/")

    assert timezone.get_current_timezone_name() == "UTC"


def test_an_unknown_zone_is_refused(vera: User) -> None:
    page = choose(signed_in(vera), "Nowhere/Land")

    assert "This option doesn&#x27;t exist" in page
    assert not Preferences.objects.exists()


def test_a_stored_zone_that_this_machine_does_not_know_is_utc(vera: User) -> None:
    Preferences.objects.create(person=vera, time_zone="../../etc/passwd")

    page = times_on_the_list(signed_in(vera))

    assert 'title="1 Jul 2026, 12:30:00 UTC"' in page


def test_shortcuts_are_on_until_somebody_switches_them_off(vera: User) -> None:
    client = signed_in(vera)
    assert 'data-shortcuts="off"' not in client.get("/").content.decode()

    choose(client, "")

    assert 'data-shortcuts="off"' in client.get("/").content.decode()
    choose(client, "", shortcuts="on")
    assert 'data-shortcuts="off"' not in client.get("/").content.decode()


def test_signing_in_with_the_password_reads_them(vera: User) -> None:
    Preferences.objects.create(person=vera, time_zone="Europe/Berlin")
    client = Client()

    client.post("/sign-in/", {"username": "vera", "password": PASSWORD})

    assert 'data-time-zone="Europe/Berlin"' in client.get("/").content.decode()


def test_the_zones_are_those_with_a_place_and_utc() -> None:
    assert {"UTC", "Europe/Berlin", "America/Argentina/Salta"} <= {*zones()}
    assert {"Etc/GMT+1", "EST", "localtime"}.isdisjoint(zones())


def test_mail_is_on_until_somebody_switches_it_off(vera: User) -> None:
    client = signed_in(vera)
    assert 'name="mail"' in (page := client.get("/you/").content.decode())
    assert "checked" in page.split('name="mail"')[1].split(">")[0]

    choose(client, "")

    assert Preferences.objects.get(person=vera).mail is False
    choose(client, "", mail="on")
    assert Preferences.objects.get(person=vera).mail is True


def test_the_page_says_which_setting_mail_needs(vera: User) -> None:
    page = signed_in(vera).get("/you/").content.decode()

    assert "Bowline can&#x27;t send email because EMAIL_HOST isn&#x27;t set." in page


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("vera@example.com", "To vera@example.com."),
        ("", "You don&#x27;t have an email address."),
        ('"<b>"@example.com', "To &quot;&lt;b&gt;&quot;@example.com."),
    ],
)
def test_the_page_says_where_mail_goes(
    vera: User, settings: Any, address: str, said: str
) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    User.objects.filter(pk=vera.pk).update(email=address)

    assert said in signed_in(vera).get("/you/").content.decode()


def test_kinds_and_environments_of_mail_are_chosen(vera: User) -> None:
    account_row(environment="prod")
    client = signed_in(vera)
    boxes = re.findall(r"<input[^>]*>", client.get("/you/").content.decode())
    usual = [
        kind
        for kind in Kind.values
        if any(f'value="{kind}"' in box and "checked" in box for box in boxes)
    ]
    fields = {"mail": "on", "kinds": ["drifted"], "environments": ["prod"]}

    client.post("/you/preferences/", {"time_zone": "", **fields})

    row = Preferences.objects.get(person=vera)
    assert (row.kinds, row.environments) == (["drifted"], ["prod"])
    assert usual == ["waits", "failed", "new accounts", "ended"]
