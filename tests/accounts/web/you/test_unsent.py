"""What somebody typed survives the end of their session, a sign-in in another tab, and
the question for the password.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import BrowserSession, Preferences
from accounts.web.you.confirmation import CONFIRMED
from accounts.web.you.preferences import SessionStore
from accounts.web.you.unsent import MOST
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

HERE = "http://testserver"
FORM = {"time_zone": "Asia/Tokyo", "kinds": ["failed", "ended"]}
FROM_PAGE = {"Referer": f"{HERE}/you/", "Origin": HERE}


@pytest.fixture
def client() -> Client:
    person("operator")
    client = Client(enforce_csrf_checks=True)
    sign_in(client)
    return client


def sign_in(client: Client, name: str = "operator", at: str = "/sign-in/") -> Any:
    """Sign in on the page that says so."""
    page = client.get(at).content.decode()
    wanted = re.search(r'name="next" value="([^"]*)"', page)
    fields = {
        "username": name,
        "password": PASSWORD,
        "next": wanted[1] if wanted else "",
    }
    return client.post("/sign-in/", {**fields, **proof(page)}, headers={"Origin": HERE})


def proof(page: str) -> dict[str, str]:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    return {"csrfmiddlewaretoken": found[1]}


def token(client: Client) -> dict[str, str]:
    return proof(client.get("/you/").content.decode())


def end_session(client: Client) -> None:
    past = timezone.now() - timedelta(days=1)
    BrowserSession.objects.filter(pk=client.session.session_key).update(
        expire_date=past
    )


def send_again(client: Client, page: str) -> Any:
    """Press the button of the page, and follow as a browser does."""
    fields: dict[str, Any] = {}
    for name, value in re.findall(
        r'type="hidden" name="([^"]+)" value="([^"]*)"', page
    ):
        fields.setdefault(name, []).append(value)
    answer = client.post("/you/unsent/", fields, headers=FROM_PAGE)
    assert answer.status_code == 307
    return client.post(answer.url, fields, headers=FROM_PAGE)


def chosen() -> tuple[str, list[str]] | None:
    row = Preferences.objects.first()
    return (row.time_zone, row.kinds) if row else None


def test_a_form_survives_the_end_of_its_session(client: Client) -> None:
    known = token(client)
    end_session(client)

    led = client.post("/you/preferences/", {**FORM, **known}, headers=FROM_PAGE)
    assert led.status_code == 302
    back = sign_in(client, at=led.url)
    assert (back.url, chosen()) == ("/you/unsent/", None)
    page = client.get(back.url).content.decode()
    assert "Asia/Tokyo" in page
    assert "Your session expired" in page
    send_again(client, page)

    assert chosen() == ("Asia/Tokyo", ["failed", "ended"])
    assert client.get("/you/unsent/").url == "/"


def test_a_form_survives_a_sign_in_in_another_tab(client: Client) -> None:
    known = token(client)
    client.post("/sign-out/", known, headers=FROM_PAGE)
    sign_in(client)

    led = client.post("/you/preferences/", {**FORM, **known}, headers=FROM_PAGE)
    page = client.get(led.url).content.decode()
    assert "You signed in again after you opened the page" in page
    send_again(client, page)

    assert chosen() == ("Asia/Tokyo", ["failed", "ended"])


def test_roles_survive_the_question_for_the_password(client: Client) -> None:
    other = person("viewer")
    person("administrator")
    client.post("/sign-out/", token(client), headers=FROM_PAGE)
    sign_in(client, "administrator")
    session = client.session
    session[CONFIRMED] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()
    path = f"/settings/people/{other.pk}/roles/"
    known = token(client)

    sent = {"roles": ["viewer", "operator"], **known}
    asked = client.post(path, sent, headers=FROM_PAGE)
    page = client.get(asked.url).content.decode()
    wanted = {"password": PASSWORD, "next": "/you/unsent/", **proof(page)}
    confirmed = client.post("/you/confirm/", wanted, headers=FROM_PAGE)
    send_again(client, client.get(confirmed.url).content.decode())

    names = {*other.groups.values_list("name", flat=True)}
    assert {name.lower() for name in names} == {"viewer", "operator"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Referer": "https://attacker.example/"},
        {},
    ],
    ids=str,
)
def test_nothing_of_another_site_is_kept(client: Client, headers: Any) -> None:
    answer = client.post("/you/preferences/", FORM, headers=headers)

    assert answer.status_code == 403
    assert b"Nothing was changed" in answer.content
    assert b"DEBUG" not in answer.content
    assert client.get("/you/unsent/").url == "/"


def test_nobody_else_sees_it(client: Client) -> None:
    person("viewer")
    known = token(client)
    end_session(client)
    led = client.post("/you/preferences/", {**FORM, **known}, headers=FROM_PAGE)

    sign_in(client, "viewer", at=led.url)

    assert client.get("/you/unsent/").url == "/"
    assert "Tokyo" not in str(dict(client.session))


@pytest.mark.parametrize("ended", ["never signed in", "ended by an administrator"])
def test_of_strangers_nothing_is_kept(client: Client, ended: str) -> None:
    known = token(client)
    BrowserSession.objects.all().delete()
    if ended == "never signed in":
        client.cookies["sessionid"] = "made-up"

    led = client.post("/you/preferences/", {**FORM, **known}, headers=FROM_PAGE)

    assert "unsent" not in led.url
    assert not BrowserSession.objects.exists()


def test_passwords_and_files_are_not_kept(client: Client) -> None:
    sent = {
        "old_password": PASSWORD,
        "new_password1": "another-one-of-tests",
        "note": "hello",
        "file": SimpleUploadedFile("accounts.csv", b"name"),
    }

    led = client.post("/you/", sent, headers=FROM_PAGE)
    page = client.get(led.url).content.decode()

    kept = str(dict(client.session))
    assert PASSWORD not in kept
    assert "another-one" not in f"{kept}{page}"
    assert "Not kept: File, New password1, Old password" in page
    assert "hello" in page
    assert "Send again" not in page


def test_what_is_too_long_is_not_kept(client: Client) -> None:
    answer = client.post("/you/preferences/", {"a": "x" * MOST}, headers=FROM_PAGE)

    assert answer.status_code == 403
    assert client.get("/you/unsent/").url == "/"


def test_a_session_that_ended_is_known_while_browsers_keep_its_cookie(
    client: Client,
) -> None:
    rows = BrowserSession.objects.filter(pk=client.session.session_key)
    for days, there in ((6, True), (8, False)):
        rows.update(expire_date=timezone.now() - timedelta(days=days))

        SessionStore.clear_expired()

        assert rows.exists() is there


def test_a_part_of_a_page_that_somebody_sends_stays(client: Client) -> None:
    known = token(client)
    end_session(client)

    answer = client.post(
        "/you/preferences/",
        {**FORM, **known},
        headers={**FROM_PAGE, "HX-Request": "true"},
    )

    assert answer.headers["HX-Reswap"] == "none"
    assert "HX-Redirect" not in answer.headers
    assert "Sign in in another tab" in answer.content.decode()
