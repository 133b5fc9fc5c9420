"""The list of people: what it says of each, how it is searched, what it costs."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.factors import keeping
from accounts.models import ApiToken
from tests.accounts.web.people.rows import of_provider
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

LIST = "/settings/people/"


def row(client: Client, name: str, **asked: str) -> Any:
    people = client.get(LIST, asked).context["people"]
    return next(one for one in people if one.user.username == name)


def named(client: Client, **asked: str) -> list[str]:
    return [one.user.username for one in client.get(LIST, asked).context["people"]]


def test_it_says_how_each_signs_in(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    person("viewer", username="local")
    of_provider("signed-on")
    both = of_provider("both")
    both.set_password(PASSWORD)
    both.save()
    User.objects.create(username="new", password="!")

    ways = {name: row(ada, name).ways for name in ("local", "signed-on", "both", "new")}

    assert ways == {
        "local": ["password"],
        "signed-on": ["single sign-on"],
        "both": ["single sign-on", "password"],
        "new": [],
    }


def test_a_password_that_opens_nothing_is_no_way_in(ada: Client, settings: Any) -> None:
    settings.PASSWORDS_FOR = ["ada"]
    person("viewer", username="local")

    assert row(ada, "local").ways == []
    assert row(ada, "ada").ways == ["password"]
    assert named(ada, way="password") == ["ada"]
    assert named(ada, way="none") == ["local"]


def test_a_provider_that_is_no_longer_configured_is_no_way_in(
    ada: Client, settings: Any
) -> None:
    settings.SINGLE_SIGN_ON = None
    of_provider("signed-on")

    assert row(ada, "signed-on").ways == []
    assert named(ada, way="single sign-on") == []


def test_viewing_is_not_named_where_another_role_includes_it(ada: Client) -> None:
    person("viewer", username="vera")
    olga = person("operator", username="olga")
    olga.groups.add(*person("viewer", username="x").groups.all())

    assert row(ada, "vera").roles == ["viewer"]
    assert row(ada, "olga").roles == ["operator"]


def test_a_superuser_is_shown_as_one(ada: Client) -> None:
    User.objects.create_superuser("root", password=PASSWORD)

    page = ada.get(LIST, {"text": "root"}).content.decode()

    assert "<td>superuser</td>" in page
    assert named(ada, role="administrator") == ["ada", "root"]


def test_last_seen_is_the_later_of_sign_in_and_confirmation(
    ada: Client, settings: Any
) -> None:
    early, late = (datetime(2026, month, 1, tzinfo=UTC) for month in (3, 9))
    for name, signed_in, seen in (("a", early, late), ("b", late, early)):
        of_provider(name, seen_at=seen)
        User.objects.filter(username=name).update(last_login=signed_in)
    User.objects.create(username="never")

    assert row(ada, "a").seen_at == row(ada, "b").seen_at == late
    assert row(ada, "never").seen_at is None


def test_whoever_was_not_seen_for_long_is_found(ada: Client) -> None:
    long_ago = timezone.now() - timedelta(days=91)
    User.objects.create(username="never")
    User.objects.create(username="left", last_login=long_ago)
    of_provider("confirms")
    User.objects.filter(username="confirms").update(last_login=long_ago)

    assert named(ada, unseen="90") == ["left", "never"]


def test_it_counts_sessions_that_still_open_a_page(ada: Client) -> None:
    olga = person("operator", username="olga")
    for _ in range(2):
        Client().force_login(olga)

    before = row(ada, "olga").sessions
    olga.set_password("another-password-of-tests")
    olga.save()

    assert before == 2
    assert row(ada, "olga").sessions == 0
    assert row(ada, "ada").sessions == 1


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"text": "oLg"}, ["olga"]),
        ({"text": "Petrova"}, ["olga"]),
        ({"text": "gone@"}, ["gone"]),
        ({"role": "operator"}, ["gone", "olga"]),
        ({"role": "none"}, ["new"]),
        ({"role": "nonsense"}, []),
        ({"state": "deactivated"}, ["gone"]),
        ({"state": "active"}, ["ada", "new", "olga"]),
        ({"state": "nonsense"}, []),
        ({"way": "nonsense"}, []),
        ({"unseen": "nonsense"}, []),
        ({"role": "operator", "state": "active"}, ["olga"]),
    ],
)
def test_filters(ada: Client, asked: dict[str, str], found: list[str]) -> None:
    person("operator", username="olga", last_name="Petrova")
    person("operator", username="gone", is_active=False, email="gone@example.com")
    User.objects.create(username="new")

    assert named(ada, **asked) == found


def test_it_is_paged(ada: Client) -> None:
    User.objects.bulk_create(User(username=f"p-{n:03}") for n in range(60))

    assert len(named(ada)) == 50
    assert len(named(ada, page="2")) == 11
    assert "1–50 of 61 people" in ada.get(LIST).content.decode()


def cost(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        answer = client.get(url)
        if answer.streaming:
            b"".join(answer.streaming_content)
    return len(queries)


def token_of(user: User, **fields: Any) -> None:
    plain = {"expires_at": timezone.now() + timedelta(days=1), "digest": uuid4().hex}
    ApiToken.objects.create(person=user, name="ci", **{**plain, **fields})


def passkey_of(user: User) -> None:
    keeping.add(user, keeping.PASSKEY, name="key", credential={})


def test_it_says_which_second_factors_each_has(ada: Client, settings: Any) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    of_provider("signed-on")
    both, keys = person("operator", username="both"), person("viewer", username="keys")
    for user in (both, keys, keys):
        passkey_of(user)
    keeping.add(both, keeping.APP, secret="x")

    assert row(ada, "both").factors == ["app", "passkey"]
    assert row(ada, "keys").factors == ["2 passkeys"]
    assert (row(ada, "ada").factors, row(ada, "ada").provider_asks) == ([], False)
    assert row(ada, "signed-on").provider_asks
    assert named(ada, factor="app") == ["both"]
    assert named(ada, factor="passkey") == ["both", "keys"]
    assert named(ada, factor="none") == ["ada", "signed-on"]
    assert named(ada, factor="nonsense") == []


def test_it_counts_tokens_that_open_something(ada: Client) -> None:
    olga, gone = (person("operator", username=name) for name in ("olga", "gone"))
    for user in (olga, olga, gone):
        token_of(user)
    token_of(olga, revoked_at=timezone.now())
    token_of(olga, expires_at=timezone.now() - timedelta(days=1))
    User.objects.filter(pk=gone.pk).update(is_active=False)

    assert row(ada, "olga").tokens == 2
    assert row(ada, "ada").tokens == row(ada, "gone").tokens == 0
    assert named(ada, tokens="usable") == ["olga"]
    assert named(ada, tokens="nonsense") == []


@pytest.mark.parametrize("url", [LIST, "/people.csv"])
def test_more_people_cost_no_more_queries(ada: Client, settings: Any, url: str) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    of_provider("one")
    few = cost(ada, url)

    for number in range(30):
        user = of_provider(f"p-{number}")
        Client().force_login(user)
        token_of(user)
        passkey_of(user)

    assert cost(ada, url) == few


def test_it_is_a_file_too_with_the_filters(ada: Client) -> None:
    olga = person(
        "operator", username="olga", email="olga@example.com", last_name="=1+1"
    )
    token_of(olga)
    passkey_of(olga)
    person("operator", username="gone", is_active=False)

    answer = ada.get("/people.csv", {"role": "operator", "state": "active"})
    (said,) = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    (same,) = json.loads(ada.get("/people.json", {"text": "olga"}).getvalue())

    assert said["username"] == "olga"
    assert said["full_name"] == "'=1+1"
    assert (said["roles"], said["signs_in_by"], said["active"]) == (
        "operator",
        "password",
        "True",
    )
    assert same["email"] == "olga@example.com"
    assert (same["sessions"], same["api_tokens"]) == (0, 1)
    assert same["second_factor"] == ["passkey"]
