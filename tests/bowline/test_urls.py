"""The doors of the site: what is open, what is shut, and what a browser may do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.db.models import F
from django.test import Client


@pytest.mark.django_db
def test_healthz_answers_anybody(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_every_other_page_asks_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


@pytest.mark.django_db
def test_the_admin_site_has_no_door_of_its_own(client: Client) -> None:
    answer = client.get("/admin/login/?next=/admin/")

    assert answer.headers["Location"] == "/sign-in/?next=/admin/"


@pytest.mark.django_db
def test_pages_forbid_inline_scripts_and_frames(client: Client) -> None:
    policy = client.get("/sign-in/").headers["Content-Security-Policy"]

    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


WRONG = {"username": "ann", "password": "wrong"}
RIGHT = {"username": "ann", "password": "right"}


@pytest.fixture
def locked(client: Client, django_user_model: Any) -> Client:
    """Be at a door that five wrong passwords have locked."""
    django_user_model.objects.create_user("ann", password="right")
    for _ in range(5):
        client.post("/sign-in/", WRONG)
    return client


def minutes_pass(minutes: int) -> None:
    earlier = F("attempt_time") - timedelta(minutes=minutes)
    AccessAttempt.objects.update(attempt_time=earlier)


@pytest.mark.django_db
def test_five_wrong_passwords_lock_the_door(locked: Client) -> None:
    answer = locked.post("/sign-in/", RIGHT)

    assert answer.status_code == 429
    page = " ".join(answer.content.decode().split())
    assert "<h1>Sign-in is locked for 15 minutes</h1>" in page
    assert "5 wrong passwords came for" in page
    assert "ann</code> from your network address" in page
    assert "Ask an administrator of Bowline" in page
    assert 'href="/sign-in/">Back to sign-in</a>' in page


@pytest.mark.django_db
def test_a_name_is_shown_as_text_on_the_locked_door(client: Client) -> None:
    wrong = {"username": "<script>", "password": "wrong"}
    for _ in range(5):
        answer = client.post("/sign-in/", wrong)

    assert answer.status_code == 429
    assert "&lt;script&gt;</code>" in answer.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "status"), [(14, 429), (16, 302)])
def test_the_door_opens_when_the_wait_is_over(
    locked: Client, minutes: int, status: int
) -> None:
    minutes_pass(minutes)

    assert locked.post("/sign-in/", RIGHT).status_code == status


@pytest.mark.django_db
def test_a_try_before_that_begins_the_wait_anew(locked: Client) -> None:
    minutes_pass(14)
    locked.post("/sign-in/", RIGHT)
    minutes_pass(2)

    assert locked.post("/sign-in/", RIGHT).status_code == 429


@pytest.mark.django_db
def test_an_administrator_unlocks_the_door(locked: Client) -> None:
    AccessAttempt.objects.get(username="ann").delete()

    assert locked.post("/sign-in/", RIGHT).status_code == 302


@pytest.mark.django_db
def test_another_name_or_address_is_not_locked(
    locked: Client, django_user_model: Any
) -> None:
    django_user_model.objects.create_user("bob", password="right")

    bob = locked.post("/sign-in/", RIGHT | {"username": "bob"})
    elsewhere = Client(REMOTE_ADDR="192.0.2.7").post("/sign-in/", RIGHT)

    assert (bob.status_code, elsewhere.status_code) == (302, 302)
