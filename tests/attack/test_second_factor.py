"""Tried: sign in with a stolen password alone, at every door; guess codes, use one of
them twice, or at two places at once; take over a sign-in between its two steps; read
secrets in the database.

Refused: after the password nobody is signed in until the second factor is proved; wrong
codes make the address wait as wrong passwords do; each code works once; a sign-in that
waits is one browser's, for ten minutes; secrets are encrypted and codes are hashes.
"""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from accounts.models import Activity, BrowserSession
from accounts.web.you.preferences import SessionStore
from tests.accounts.web.factors.people import (
    APP,
    code,
    codes_shown,
    is_in,
    password,
    second,
    secret_shown,
    wrong_code,
)

What = Activity.What


@pytest.fixture
def halfway(ann: User, client: Client) -> Client:
    """Give ann's password, and no second factor yet."""
    password(client, "ann")
    return client


@pytest.mark.parametrize("door", ["/sign-in/", "/admin/login/"])
@pytest.mark.parametrize(
    "page", ["/", "/accounts/", "/admin/", "/you/", "/you/second-factor/"]
)
def test_a_password_alone_opens_no_page(ann: User, door: str, page: str) -> None:
    client = Client()
    fields = {"username": "ann", "password": "a-password-of-tests", "next": page}

    answer = client.post(door, fields, follow=True)

    assert "sessionid" not in client.cookies or "_auth_user_id" not in client.session
    assert client.get(page).url.startswith(("/sign-in/", "/admin/login/"))
    assert "Sign out" not in answer.content.decode()


def test_a_password_alone_confirms_and_changes_nothing(halfway: Client) -> None:
    remove = f"/you/second-factor/{Authenticator.objects.first().pk}/remove/"
    for url in ("/you/confirm/", remove, "/you/second-factor/codes/"):
        assert halfway.post(url, {"password": "x"}).url.startswith("/sign-in/")
    assert Authenticator.objects.filter(type="totp").exists()


def test_the_right_code_signs_in_and_leads_to_the_page(ann: User) -> None:
    client = Client()

    asked = password(client, "ann", next="/admin/")
    answer = second(client, code=code())

    assert (asked.url, answer.url) == ("/sign-in/second/", "/admin/")
    assert client.get("/admin/").status_code == 200
    entry = Activity.objects.first()
    assert (entry.who, entry.what) == ("ann", What.SIGN_IN)
    assert entry.detail == {"address": "127.0.0.1", "by": "authenticator app"}


def test_a_code_works_once(ann: User) -> None:
    here, there = Client(), Client()
    seen = code()
    for client in (here, there):
        password(client, "ann")

    second(here, code=seen)
    second(there, code=seen)

    assert (is_in(here), is_in(there)) == (True, False)


def test_an_earlier_code_works_no_more_after_a_later_one(ann: User) -> None:
    earlier, later = code(), code(1)
    here, there = Client(), Client()
    for client in (here, there):
        password(client, "ann")

    second(here, code=later)
    second(there, code=earlier)

    assert (is_in(here), is_in(there)) == (True, False)


def test_the_right_password_forgives_no_wrong_code(ann: User) -> None:
    for _ in range(4):
        client = Client()
        password(client, "ann")
        second(client, code=wrong_code())
    client = Client()
    password(client, "ann")

    assert second(client, code=wrong_code()).status_code == 429


def test_wrong_recovery_codes_and_passkeys_count_too(halfway: Client) -> None:
    tries = [{"recovery": "aaaa-bbbb"}, {"passkey": "{}"}] * 3

    answers = [second(halfway, **fields).status_code for fields in tries]

    assert answers[-2:] == [429, 429]


def test_the_second_step_ends_after_ten_minutes(halfway: Client, settings: Any) -> None:
    settings.ACCOUNT_LOGIN_TIMEOUT = -1

    assert second(halfway, code=code()).url == "/sign-in/"
    assert not is_in(halfway)


def test_a_second_step_signs_out_whoever_was_here(ann: User, vera: User) -> None:
    client = Client()
    password(client, "vera")

    password(client, "ann")

    assert not is_in(client)


def test_no_secret_is_readable_in_the_database(vera: User, client: Client) -> None:
    password(client, "vera")
    secret = secret_shown(client)
    answer = client.post(APP, {"code": code(secret=secret)})
    codes = codes_shown(answer)
    stored = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            stored += [str(row) for row in cursor.fetchall()]
    rows = BrowserSession.objects.values_list("session_data", flat=True)
    sessions = [str(SessionStore().decode(row)) for row in rows]

    text = "\n".join([*stored, *sessions])

    assert len(codes) == 10
    for one in (secret, *codes, *(one.replace("-", "") for one in codes)):
        assert one not in text
    assert client.get("/you/second-factor/").content.decode().count(secret) == 0


def test_a_former_secret_key_is_needed_until_the_app_was_used_once_more(
    ann: User, settings: Any
) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-key-that-signs-from-now-on"
    client, other = Client(), Client()
    password(client, "ann")
    second(client, code=code())
    assert is_in(client)

    settings.SECRET_KEY_FALLBACKS = []
    password(other, "ann")
    second(other, code=code(1))

    assert is_in(other)


def test_a_secret_that_no_key_opens_says_so_and_counts_as_no_try(
    ann: User, settings: Any
) -> None:
    settings.SECRET_KEY = "another-key-that-signs-from-now-on"
    client = Client()
    password(client, "ann")

    for _ in range(7):
        answer = second(client, code=code())

    assert answer.status_code == 200
    assert "its SECRET_KEY changed" in " ".join(answer.content.decode().split())
