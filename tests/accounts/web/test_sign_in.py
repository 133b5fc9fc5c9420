"""Signing in and out is on record, and so is who failed to."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt

from accounts.models import Activity
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

What = Activity.What


def sign_in(client: Any, name: str, password: str = PASSWORD) -> Any:
    return client.post("/sign-in/", {"username": name, "password": password})


def test_signing_in_and_out_is_on_record(client) -> None:
    person("viewer", username="olga")

    sign_in(client, "olga")
    client.post("/sign-out/")

    said = Activity.objects.order_by("number").values_list("who", "what")
    assert list(said) == [("olga", What.SIGN_IN), ("olga", What.SIGN_OUT)]
    assert Activity.objects.first().detail == {"address": "127.0.0.1"}


def test_a_wrong_password_is_on_record(client) -> None:
    person("viewer", username="olga")

    sign_in(client, "olga", "wrong")

    entry = Activity.objects.get()
    assert (entry.who, entry.what) == ("olga", What.SIGN_IN_FAILED)


def test_a_name_that_nobody_has_is_not_kept(client) -> None:
    """It may be a password, in the wrong field."""
    sign_in(client, "hunter2", "olga")

    entry = Activity.objects.get()
    assert (entry.who, entry.person) == ("an unknown name", None)
    assert "hunter2" not in str(Activity.objects.values().get())


def test_nothing_typed_is_no_try(client) -> None:
    sign_in(client, "", "")

    assert not Activity.objects.exists()


def test_a_longer_name_than_anybody_has_is_refused(client) -> None:
    page = sign_in(client, "x" * 300, "wrong")

    assert page.status_code == 200
    assert page.context["form"].has_error("username", "max_length")
    assert not AccessAttempt.objects.exists()


def test_long_headers_are_counted_as_well(client) -> None:
    client.defaults |= {"HTTP_USER_AGENT": "x" * 3000, "HTTP_ACCEPT": "y" * 3000}

    sign_in(client, "olga", "wrong")

    assert AccessAttempt.objects.count() == 1


def test_a_locked_sign_in_fills_no_log(client) -> None:
    person("viewer", username="olga")

    for _ in range(12):
        sign_in(client, "olga", "wrong")

    assert Activity.objects.count() < 8


def test_whoever_is_signed_out_already_leaves_no_entry(client) -> None:
    client.post("/sign-out/")

    assert not Activity.objects.exists()
