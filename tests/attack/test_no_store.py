"""Tried: read account data, or the zip of a bundle, from the cache of a browser or a
proxy after somebody signed out.

Refused: whatever a signed-in person gets says `Cache-Control: no-store`, errors as
well; only static files may be kept.
"""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import ManagedAccount
from tests.rows import PASSWORD, account_row, person, run_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def administrator(client: Client, managing) -> Client:
    account_row()
    run_row()
    client.force_login(person("administrator"))
    return client


def plain_paths() -> list[str]:
    """Give the path of every page that needs no argument, from the URLs themselves."""
    found = []
    for pattern in get_resolver().url_patterns:
        inner = pattern.url_patterns if isinstance(pattern, URLResolver) else [pattern]
        for page in inner:
            route = f"{pattern.pattern if page is not pattern else ''}{page.pattern}"
            if isinstance(page, URLPattern) and not page.pattern.converters:
                found.append(f"/{route}")
    return [path for path in found if "(" not in path and "sign-out" not in path]


def test_no_page_is_stored(administrator: Client) -> None:
    said = {
        path: administrator.get(path).headers.get("Cache-Control")
        for path in plain_paths()
    }

    assert len(said) > 100
    assert {path: one for path, one in said.items() if one != "no-store"} == {}


def test_pages_of_one_account_and_errors_are_not_stored(administrator: Client) -> None:
    account = ManagedAccount.objects.get()
    missing = reverse("accounts:account", args=["00000000-0000-4000-8000-000000000000"])

    answers = [
        administrator.get(path)
        for path in (account.get_absolute_url(), missing, "/no/such/page")
    ]

    assert [answer.status_code for answer in answers] == [200, 404, 404]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}


def test_signing_in_and_out_is_not_stored(client: Client) -> None:
    form = {"username": person("viewer").username, "password": PASSWORD}

    signed_in = client.post("/sign-in/", form)
    signed_out = client.post("/sign-out/")

    assert signed_in.headers["Cache-Control"] == "no-store"
    assert signed_out.headers["Cache-Control"] == "no-store"


def test_static_files_are_answered_before_and_may_be_stored() -> None:
    order = settings.MIDDLEWARE

    assert order.index("whitenoise.middleware.WhiteNoiseMiddleware") < order.index(
        "bowline.headers.NoStore"
    )
