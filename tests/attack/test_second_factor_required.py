"""Tried: reach anything without a second factor where Bowline requires one, with a new
session, with one of before, and after removing the last factor.

Refused: one sets a second factor up, confirms for that or signs out; every other URL
leads there, and no page shows anything of the site.
"""

from __future__ import annotations

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client

from accounts.people.roles import ROLES
from tests.accounts.web.factors.device import PASSKEY, Device, add_passkey
from tests.accounts.web.factors.people import APP, give_app, is_in, password
from tests.attack.pages import every_row, pages
from tests.rows import person

pytestmark = pytest.mark.django_db


REQUIRED_OPEN = ("/you/second-factor/", APP, PASSKEY)


@pytest.mark.parametrize("role", [role.name for role in ROLES])
def test_without_a_required_factor_one_sets_one_up_and_reaches_nothing_else(
    role: str, settings: Any
) -> None:
    every_row()
    settings.SECOND_FACTOR = "required"
    person(role)
    client = Client(raise_request_exception=False)
    password(client, role)
    wrong = []

    for page in pages():
        if page.path.startswith(("/sign-", "/admin/login", "/api/")):
            continue
        for method in ("get", "post"):
            answer = getattr(client, method)(page.path)
            led = answer.status_code == 302 and answer.url == "/you/second-factor/"
            may = page.path.startswith((*REQUIRED_OPEN, "/you/confirm/"))
            if not (led or may or answer.status_code == 404):
                wrong.append((method, page.path, answer.status_code))

    assert wrong == []
    assert client.get("/you/second-factor/").status_code == 200


def test_a_factor_opens_what_is_required(vera: User, settings: Any) -> None:
    settings.SECOND_FACTOR = "required"
    client = Client()
    password(client, "vera")
    before = is_in(client)

    add_passkey(client, Device())

    assert (before, is_in(client)) == (False, True)


def test_a_session_of_before_ends_where_a_factor_is_required(
    vera: User, settings: Any
) -> None:
    client = Client()
    password(client, "vera")
    give_app(vera)
    settings.SECOND_FACTOR = "required"

    answer = client.get("/bundles/")

    assert answer.url == "/sign-in/"
    assert client.get("/you/second-factor/").url.startswith("/sign-in/")


def test_who_removes_the_last_factor_sets_up_another(vera: User, settings: Any) -> None:
    settings.SECOND_FACTOR = "required"
    client = Client()
    password(client, "vera")
    add_passkey(client, Device())

    client.post(
        f"/you/second-factor/{Authenticator.objects.get(type='webauthn').pk}/remove/"
    )

    assert client.get("/bundles/").url == "/you/second-factor/"
    assert not Authenticator.objects.exists()


def test_the_page_that_must_be_filled_in_shows_nothing_of_the_site(
    vera: User, settings: Any
) -> None:
    settings.SECOND_FACTOR = "required"
    client = Client()
    password(client, "vera")

    page = client.get("/you/second-factor/").content.decode()

    assert "A second factor is required for everyone who signs in" in page
    assert 'href="/accounts/"' not in page
