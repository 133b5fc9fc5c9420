"""Tried: use a browser that somebody left open: after two hours without activity, with
pages in it that look by themselves whether something moved, and after twelve hours of
work; prolong a session by saving it.

Refused: such a session has ended, on the server; only what a person does keeps it, and
nothing keeps it beyond twelve hours. The sign-in says so, and leads back to the page.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession
from accounts.web.you.confirmation import CONFIRMED
from accounts.web.you.preferences import SINCE
from accounts.web.you.unsent import KEPT
from tests.rows import PASSWORD, account_row, person

pytestmark = pytest.mark.django_db

HTMX = {"HX-Request": "true"}


@pytest.fixture
def client() -> Client:
    person("operator")
    client = Client()
    client.post("/sign-in/", {"username": "operator", "password": PASSWORD})
    return client


def minutes_pass(client: Client, minutes: float) -> None:
    """Let the session be that much older."""
    session = client.session
    earlier = timedelta(minutes=minutes)
    since = timezone.datetime.fromisoformat(session[SINCE]) - earlier
    data = session.encode({**dict(session.items()), SINCE: since.isoformat()})
    rows = BrowserSession.objects.filter(pk=session.session_key)
    rows.update(session_data=data, expire_date=F("expire_date") - earlier)


def is_in(client: Client) -> bool:
    """Ask in the background: this is no use."""
    page = client.get("/bundles/", headers={**HTMX, "Bowline-Seen": "x"})
    return page.status_code == 200


def test_a_session_that_nobody_uses_ends(client: Client) -> None:
    minutes_pass(client, 119)
    assert is_in(client)

    minutes_pass(client, 2)
    assert not is_in(client)


def test_a_session_that_is_used_lasts(client: Client) -> None:
    for _ in range(4):
        minutes_pass(client, 100)
        assert client.get("/accounts/").status_code == 200

    assert is_in(client)


def test_a_form_that_is_sent_is_use(client: Client) -> None:
    for _ in range(3):
        minutes_pass(client, 100)
        client.post("/you/preferences/", {"time_zone": ""}, headers=HTMX)

    assert is_in(client)


@pytest.mark.parametrize(
    ("url", "headers"),
    [
        ("/accounts/", {"Sec-Fetch-Mode": "cors"}),
        ("/accounts/", {**HTMX, "Bowline-Seen": "x"}),
        ("/settings/?look=answer", HTMX),
        ("/accounts/", {"Cookie": "bowline_reloaded=1"}),
    ],
)
def test_a_page_that_looks_by_itself_is_no_use(
    client: Client, url: str, headers: dict[str, str]
) -> None:
    headers = dict(headers)
    if headers.pop("Cookie", ""):
        client.cookies["bowline_reloaded"] = "1"
    for _ in range(10):
        minutes_pass(client, 11)
        client.get(url, headers=headers)
    minutes_pass(client, 11)

    assert not is_in(client)


def test_twelve_hours_are_the_most_whatever_is_done(client: Client) -> None:
    for _ in range(7):
        minutes_pass(client, 100)
        client.post("/you/preferences/", {"time_zone": ""})
    assert is_in(client)

    minutes_pass(client, 25)

    assert not is_in(client)
    assert client.get("/accounts/").status_code == 302


def test_saving_a_session_prolongs_it_by_nothing(client: Client) -> None:
    minutes_pass(client, 119)
    session = client.session
    session[CONFIRMED] = "now"
    session.save()

    minutes_pass(client, 2)

    assert not is_in(client)


def test_other_sessions_are_not_prolonged_by_a_preference(client: Client) -> None:
    there = Client()
    there.post("/sign-in/", {"username": "operator", "password": PASSWORD})
    minutes_pass(there, 119)

    client.post("/you/preferences/", {"time_zone": "Europe/Berlin"})
    minutes_pass(there, 2)

    assert (is_in(client), is_in(there)) == (True, False)


def test_a_use_is_written_down_once_a_minute(client: Client) -> None:
    minutes_pass(client, 2)
    client.get("/help/docs/")

    before = BrowserSession.objects.get().expire_date
    client.get("/help/docs/")

    assert BrowserSession.objects.get().expire_date == before


def test_without_an_idle_limit_only_the_twelve_hours_count(
    client: Client, settings: Any
) -> None:
    settings.SESSION_IDLE_MINUTES = 0
    client.get("/accounts/")

    minutes_pass(client, 11 * 60)
    assert is_in(client)

    minutes_pass(client, 61)
    assert not is_in(client)


def test_the_sign_in_says_that_the_session_ended_and_leads_back(client: Client) -> None:
    row = account_row()
    minutes_pass(client, 121)

    refused = client.get(f"/accounts/{row.pk}/")
    page = client.get(refused.url).content.decode()
    fields = {"username": "operator", "password": PASSWORD}
    back = client.post("/sign-in/", {**fields, "next": f"/accounts/{row.pk}/"})

    assert refused.url == f"/sign-in/?next=/accounts/{row.pk}/&ended"
    assert "after 2 hours without activity, and after 12 hours at the latest" in page
    assert back.url == f"/accounts/{row.pk}/"


def test_whoever_was_never_signed_in_has_no_ended_session() -> None:
    refused = Client().get("/accounts/")

    assert refused.url == "/sign-in/?next=/accounts/"
    assert "has ended" not in Client().get(refused.url).content.decode()


def test_whoever_signed_out_has_no_ended_session(client: Client) -> None:
    client.post("/sign-out/")

    assert client.get("/accounts/").url == "/sign-in/?next=/accounts/"


def test_a_fragment_leads_the_whole_page_to_the_sign_in(client: Client) -> None:
    minutes_pass(client, 121)
    current = {"HX-Current-URL": "http://testserver/accounts/?state=draft"}

    answer = client.get("/search/?text=a", headers={**HTMX, **current})

    url = "/sign-in/?next=/accounts/%3Fstate%3Ddraft&ended"
    assert answer.headers["HX-Redirect"] == url


@pytest.mark.parametrize(
    ("referer", "page"),
    [
        ("http://testserver/accounts/?page=2", "/accounts/?page=2"),
        ("http://evil.example/accounts/", "/"),
        ("", "/"),
    ],
)
def test_a_form_leads_back_to_the_page_that_it_was_on(
    client: Client, referer: str, page: str
) -> None:
    minutes_pass(client, 121)

    answer = client.post("/accounts/plan/", headers={"Referer": referer})

    assert answer.url == "/sign-in/?next=/you/unsent/&ended"
    assert client.session[KEPT]["page"] == page
