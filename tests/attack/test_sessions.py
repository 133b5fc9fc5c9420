"""Tried: use a session after its owner changed the password or signed out of it; end
another person's session; change roles or settings in a browser that was left open;
redirect a person who confirms to another site.

Refused: those sessions have ended; sessions of others cannot be ended, and no page
shows a session's key; roles and settings require the password again; a confirmation
redirects to this site only.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.models import Activity, BrowserSession, EnvironmentPolicy
from accounts.web.you.confirmation import CONFIRMED
from tests.rows import PASSWORD, account_row, person, session_row

pytestmark = pytest.mark.django_db
NEW = "another-password-of-tests"


def signed_in(user: User, **headers: str) -> Client:
    client = Client(**headers)
    response = client.post(
        "/sign-in/", {"username": user.get_username(), "password": PASSWORD}
    )
    assert response.status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/bundles/").status_code == 200


def left_open(client: Client) -> None:
    """Let the last confirmation be an hour old."""
    session = client.session
    session[CONFIRMED] = (timezone.now() - timedelta(hours=1)).isoformat()
    session.save()


def test_a_changed_password_ends_every_other_session() -> None:
    user = person("viewer")
    here, there = signed_in(user), signed_in(user)

    here.post(
        "/you/",
        {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW},
    )

    assert (is_in(here), is_in(there)) == (True, False)
    assert Activity.objects.first().what == Activity.What.PASSWORD


def test_one_signs_out_everywhere_else() -> None:
    user = person("viewer")
    here, there, other = signed_in(user), signed_in(user), signed_in(user)
    stranger = signed_in(person("operator"))

    page = here.post("/you/sessions/end/", follow=True).content.decode()

    assert "signed out of 2 other sessions" in page
    assert [is_in(c) for c in (here, there, other, stranger)] == [
        True,
        False,
        False,
        True,
    ]


def test_one_session_is_ended_by_its_row() -> None:
    user = person("viewer")
    here, there, lynx = (
        signed_in(user, HTTP_USER_AGENT=name) for name in ("a", "b", "Lynx/2.9")
    )
    session_row(user, hours=-1)
    listed = here.get("/you/").context["sessions"]
    (other,) = (one for one in listed if one.browser == "Lynx/2.9")

    here.post("/you/sessions/end/", {"session": other.id})

    assert [one.is_this for one in listed] == [False, False, True]
    assert [is_in(client) for client in (here, there, lynx)] == [True, True, False]


def test_a_strangers_session_is_out_of_reach() -> None:
    victim, attacker = signed_in(person("operator")), signed_in(person("viewer"))
    (theirs,) = victim.get("/you/").context["sessions"]

    attacker.post("/you/sessions/end/", {"session": theirs.id})

    assert is_in(victim)


def test_no_page_shows_the_key_of_a_session() -> None:
    client = signed_in(person("viewer"))

    page = client.get("/you/").content.decode()

    (session,) = BrowserSession.objects.all()
    assert session.pk not in f"{page}{session}"


def test_settings_ask_for_the_password_again() -> None:
    account_row(environment="lab")
    client = signed_in(person("administrator"))
    left_open(client)
    choice = {"environment": "lab", "second_approver": "on"}

    refused = client.post("/settings/second-approver/", choice)
    before = EnvironmentPolicy.objects.exists()
    client.post("/you/confirm/", {"password": PASSWORD, "next": "/settings/"})
    client.post("/settings/second-approver/", choice)

    assert refused.url == "/you/confirm/?next=%2Fyou%2Funsent%2F"
    assert (before, EnvironmentPolicy.objects.exists()) == (False, True)


@pytest.mark.parametrize("page", ["add/", "{}/change/", "{}/password/"])
def test_roles_ask_for_the_password_again(page: str) -> None:
    client = signed_in(person("administrator"))
    url = f"/admin/auth/user/{page.format(person('viewer').pk)}"
    before = client.get(url).status_code
    left_open(client)

    for response in (client.get(url), client.post(url, {"username": "x"})):
        assert response.url.startswith("/you/confirm/?next=")

    assert before == 200
    assert not User.objects.filter(username="x").exists()


def test_a_wrong_password_confirms_nothing() -> None:
    client = signed_in(person("administrator"))
    left_open(client)

    page = client.post("/you/confirm/", {"password": "wrong", "next": "/settings/"})

    assert "Wrong password for administrator." in page.content.decode()
    assert client.post("/settings/second-approver/", {}).url.startswith("/you/confirm/")


@pytest.mark.parametrize("site", ["//evil.example", "https://evil.example/"])
def test_a_confirmation_leads_to_no_other_site(site: str) -> None:
    client = signed_in(person("administrator"))

    response = client.post("/you/confirm/", {"password": PASSWORD, "next": site})

    assert response.url == "/"
