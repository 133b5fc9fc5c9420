"""Tried: guess passwords, of one name or of 200, from one address or many, with made-up
addresses; and lock colleagues out by guessing for them.

Refused: an address waits longer with each wrong password, whatever names it tries; a
name never waits, so its owner signs in from elsewhere; only trusted proxies name
addresses.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import F
from django.test import Client

from accounts.models import Activity
from bowline import sign_in
from bowline.environment.variables import read_environment
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

OFFICE, STRANGER, PROXY = "192.0.2.7", "198.51.100.66", "10.0.1.5"


@pytest.fixture(autouse=True)
def ann() -> User:
    return User.objects.create_user("ann", password=PASSWORD)


def sign_in_as(
    name: str, password: str = PASSWORD, *, address: str = OFFICE, **headers: str
) -> Any:
    return Client(REMOTE_ADDR=address, headers=headers).post(
        "/sign-in/", {"username": name, "password": password}
    )


def guess(times: int, name: str = "ann", *, address: str = STRANGER) -> int:
    """Give the status of the last guess."""
    for _ in range(times):
        answer = sign_in_as(name, "wrong", address=address)
    return int(answer.status_code)


def minutes_pass(minutes: float) -> None:
    earlier = F("attempt_time") - timedelta(minutes=minutes)
    AccessAttempt.objects.update(attempt_time=earlier)


def test_five_guesses_make_the_address_wait_even_with_the_right_password() -> None:
    assert guess(4) == 200
    assert guess(1) == 429

    assert sign_in_as("ann", address=STRANGER).status_code == 429


def test_the_owner_of_a_name_signs_in_from_elsewhere_whatever_strangers_do() -> None:
    for number in range(30):
        guess(2, address=f"203.0.113.{number}")

    assert sign_in_as("ann").status_code == 302


def test_a_name_that_many_addresses_guess_gives_each_of_them_one_try() -> None:
    for number in range(10):
        guess(2, address=f"203.0.113.{number}")

    assert guess(1) == 429


def test_200_sprayed_names_are_refused_after_twenty() -> None:
    answers = [
        sign_in_as(f"name-{number}", "wrong", address=STRANGER).status_code
        for number in range(200)
    ]

    assert answers == [200] * 19 + [429] * 181
    assert AccessAttempt.objects.count() == 20


def test_signing_in_under_an_own_name_forgives_no_guess_for_others() -> None:
    User.objects.create_user("eve", password=PASSWORD)
    for number in range(19):
        guess(1, f"name-{number}")

    assert sign_in_as("eve", address=STRANGER).status_code == 302
    assert guess(1, "one-more") == 429


def test_an_office_of_bad_typists_behind_one_address_is_not_refused() -> None:
    for number in range(30):
        User.objects.create_user(f"typist-{number}", password="quick")
        assert sign_in_as(f"typist-{number}", "wrong").status_code == 200
        assert sign_in_as(f"typist-{number}", "quick").status_code == 302


@pytest.mark.parametrize(
    ("failures", "minutes"), [(5, 1), (6, 2), (7, 4), (10, 32), (11, 60), (5000, 60)]
)
def test_each_wrong_password_doubles_the_wait_up_to_an_hour(
    failures: int, minutes: int
) -> None:
    guess(5)
    AccessAttempt.objects.update(failures_since_start=failures)
    minutes_pass(minutes - 0.5)
    early = sign_in_as("ann", address=STRANGER).status_code
    minutes_pass(0.5)

    assert early == 429
    assert sign_in_as("ann", address=STRANGER).status_code == 302


def test_tries_made_while_waiting_do_not_prolong_the_wait() -> None:
    guess(5)
    minutes_pass(0.75)
    guess(10)
    minutes_pass(0.25)

    assert sign_in_as("ann", address=STRANGER).status_code == 302


def test_a_day_without_a_wrong_password_forgets_them() -> None:
    guess(5)
    minutes_pass(24 * 60 + 1)

    assert guess(4) == 200


def test_the_page_says_how_long_to_wait_and_who_can_help() -> None:
    guess(6)
    minutes_pass(1)
    guess(1)
    answer = sign_in_as("<script>", address=STRANGER)
    assert answer.status_code == 200

    answer = sign_in_as("ann", address=STRANGER)

    page = " ".join(answer.content.decode().split())
    assert "<h1>Wait 2 minutes before you sign in</h1>" in page
    assert 60 < int(answer.headers["Retry-After"]) <= 120
    assert "<code>ann</code>" in page
    assert "ask an administrator" in page
    assert 'href="/sign-in/">Back to sign-in</a>' in page


def test_a_name_is_shown_as_text_on_the_page() -> None:
    guess(5, "<script>")

    page = sign_in_as("<script>", address=STRANGER).content.decode()

    assert "<code>&lt;script&gt;</code>" in page


def test_an_administrator_unlocks_an_address_in_the_admin_site(client: Client) -> None:
    guess(5)
    client.force_login(person("administrator"))
    rows = [str(pk) for pk in AccessAttempt.objects.values_list("pk", flat=True)]

    client.post(
        "/admin/axes/accessattempt/",
        {"action": "delete_selected", "_selected_action": rows, "post": "yes"},
    )

    assert sign_in_as("ann", address=STRANGER).status_code == 302


@pytest.mark.parametrize(
    "command",
    [("axes_reset",), ("axes_reset_ip", STRANGER), ("axes_reset_username", "ann")],
)
def test_the_command_line_unlocks(command: tuple[str, ...]) -> None:
    guess(5)

    call_command(*command)

    assert sign_in_as("ann", address=STRANGER).status_code == 302


def test_made_up_browsers_are_one_row_and_one_limit() -> None:
    for number in range(5):
        sign_in_as("ann", "wrong", **{"User-Agent": f"browser {number}"})

    assert sign_in_as("ann").status_code == 429
    assert AccessAttempt.objects.count() == 1


def test_the_rows_of_a_flood_of_addresses_are_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sign_in, "MOST_ROWS", 10)
    for number in range(25):
        guess(1, address=f"203.0.113.{number}")

    kept = AccessAttempt.objects.values_list("ip_address", flat=True)

    assert set(kept) == {f"203.0.113.{number}" for number in range(15, 25)}


def test_all_addresses_of_an_ipv6_network_are_counted_together() -> None:
    for number in range(5):
        guess(1, address=f"2001:db8::{number + 1:x}")

    assert guess(1, address="2001:db8::ffff") == 429
    assert guess(1, address="2001:db8:0:1::1") == 200


def test_strangers_cannot_make_up_their_address() -> None:
    for number in range(5):
        sign_in_as("ann", "wrong", **{"X-Forwarded-For": f"203.0.113.{number}"})

    assert sign_in_as("ann").status_code == 429


def test_clients_behind_a_trusted_proxy_are_told_apart(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", "10.0.1.0/28, 192.0.2.1")
    settings.TRUSTED_PROXIES = read_environment().TRUSTED_PROXIES
    # The stranger writes an address first; the proxy appends the one it sees.
    forged = f"{OFFICE}, {STRANGER}"
    for _ in range(5):
        answer = sign_in_as(
            "ann", "wrong", address=PROXY, **{"X-Forwarded-For": forged}
        )
    office = sign_in_as("ann", address=PROXY, **{"X-Forwarded-For": OFFICE})

    assert (answer.status_code, office.status_code) == (429, 302)
    assert AccessAttempt.objects.get().ip_address == STRANGER


def test_only_the_activity_log_keeps_sign_ins() -> None:
    assert sign_in_as("ann", PASSWORD).status_code == 302

    assert Activity.objects.filter(what=Activity.What.SIGN_IN, who="ann").exists()
    assert not AccessLog.objects.exists()
