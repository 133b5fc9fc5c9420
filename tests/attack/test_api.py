"""Tried: the API without a token, with a wrong, expired or revoked one, with one whose
scope is too small or whose person lost the role, and with a session only; every
operation that its description has, with values that nobody expects.

Refused: a token does what its scopes and its person's roles of that moment allow, and
nothing else; a session opens nothing; no log, answer or entry has a token's text; no
operation answers with a 500 or with what its description does not have.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.api.api import api
from accounts.api.openapi import CHANGES
from accounts.models import Activity, ApiToken, KeptAnswer
from accounts.models.people import Scope
from tests.accounts.api.calling import Caller, token_of
from tests.attack.pages import every_row
from tests.rows import person

pytestmark = pytest.mark.django_db

VALUES = {"name": "staging", "number": "1"}
EVERYONE = ("viewer", "operator", "approver", "administrator")


class Operation(NamedTuple):
    method: str
    path: str
    changes: bool


def operations() -> Iterator[Operation]:
    """Yield every operation that the API describes, whoever adds it."""
    for path, methods in api.get_openapi_schema()["paths"].items():
        for method, described in methods.items():
            for one in described["parameters"]:
                if one["in"] == "path":
                    value = VALUES.get(one["name"], "1")
                    path = path.replace(f"{{{one['name']}}}", value)
            yield Operation(method, path, method in CHANGES)


def asked(client: Client, one: Operation) -> Any:
    return client.generic(one.method.upper(), one.path, "{}", "application/json")


def written(queries: CaptureQueriesContext) -> list[str]:
    own = ("accounts_apitoken", "accounts_browsersession")
    refused = f"'{Activity.What.REFUSED}'"  # an entry says who tried
    return [
        query["sql"][:200]
        for query in queries.captured_queries
        if query["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
        and not any(text in query["sql"] for text in (*own, refused))
    ]


def opened(client: Client, *, status: int, of: str = "") -> list[Any]:
    """List the operations that answer otherwise, or that write something."""
    wrong = []
    for one in operations():
        if of == "changes" and not one.changes:
            continue
        with CaptureQueriesContext(connection) as queries:
            answer = asked(client, one)
        if answer.status_code != status or written(queries):
            wrong.append((*one, answer.status_code, written(queries)))
    return wrong


@pytest.fixture
def almighty() -> User:
    """Make somebody with every role."""
    every_row()
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    return user


def test_there_are_operations_to_try() -> None:
    found = list(operations())

    assert len(found) > 10
    assert any(one.changes for one in found)
    assert not [one for one in found if "{" in one.path]


def test_without_a_token_nothing_opens(almighty: User) -> None:
    assert opened(Client(), status=401) == []


@pytest.mark.parametrize("text", ["", "x", "bowline-api-", "bowline-api-x", "\x00"])
def test_a_wrong_token_opens_nothing(almighty: User, text: str) -> None:
    wrong = Client(headers={"Authorization": f"Bearer {text}"})

    assert opened(wrong, status=401) == []


def test_a_session_opens_nothing(almighty: User, client: Client) -> None:
    client.force_login(almighty)

    assert opened(client, status=401) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_token_that_ended_opens_nothing(
    almighty: User, fields: dict[str, Any]
) -> None:
    text = token_of(almighty)
    ApiToken.objects.update(**fields)

    assert opened(Caller(text), status=401) == []


def test_a_person_who_is_deactivated_opens_nothing(almighty: User) -> None:
    text = token_of(almighty)
    User.objects.filter(pk=almighty.pk).update(is_active=False)

    assert opened(Caller(text), status=401) == []


def test_a_person_who_lost_all_roles_opens_nothing(almighty: User) -> None:
    text = token_of(almighty)
    almighty.groups.clear()

    assert opened(Caller(text), status=403) == []


def test_a_token_that_reads_changes_nothing(almighty: User) -> None:
    text = token_of(almighty, Scope.READ)

    assert opened(Caller(text), status=403, of="changes") == []


def test_scopes_give_a_viewer_no_change(almighty: User) -> None:
    """A token keeps its scopes when its person loses a role."""
    text = token_of(person("viewer"))

    assert opened(Caller(text), status=403, of="changes") == []


def test_reading_writes_nothing(almighty: User) -> None:
    caller = Caller(token_of(almighty, Scope.READ))
    wrong = []

    for one in operations():
        if not one.changes:
            with CaptureQueriesContext(connection) as queries:
                asked(caller, one)
            wrong += written(queries)

    assert wrong == []


def test_no_token_is_in_a_log_an_answer_or_the_database(
    almighty: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    text = token_of(almighty)
    caller = Caller(text)

    answers = [asked(caller, one) for one in operations()]
    said = [str(answer.headers).encode() + answer.content for answer in answers]

    assert text not in caplog.text
    assert not [one for one in said if text.encode() in one]
    for model in (Activity, ApiToken, KeptAnswer):
        assert text not in str(list(model.objects.values_list()))


def test_another_site_cannot_send_a_session_along(almighty: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(almighty)

    answer = client.put("/api/v1/accounts/staging", "{}", "text/plain")

    assert answer.status_code == 401


@pytest.mark.parametrize("role", EVERYONE)
def test_people_read_its_description(role: str, client: Client) -> None:
    client.force_login(person(role))

    pages = [client.get(f"/api/v1/{path}") for path in ("docs", "openapi.json")]

    assert [page.status_code for page in pages] == [200, 200]
    assert b"https://" not in pages[0].content  # everything is served by the site


def test_strangers_do_not() -> None:
    pages = [Client().get(f"/api/v1/{path}") for path in ("docs", "openapi.json")]

    assert [page.status_code for page in pages] == [302, 401]
