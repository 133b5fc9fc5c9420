"""Tried: odd values straight in every column of Bowline's own tables: wrong shapes of
JSON, unknown states, providers and partitions, huge texts, NUL, negative numbers, far
dates.

Refused: neither a page that shows the row nor an operation of the API that reads it
answers with a 500; each value is tried on a fifth of those that read its column.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import DatabaseError, models, transaction
from django.db.models import Value
from django.test import Client

from accounts.api.api import api
from accounts.models import Bundle, Run
from accounts.models.states import Status
from accounts.web.bundles.views import TABS
from tests.accounts.api.calling import Caller, token_of
from tests.attack.pages import FINGERPRINT, every_row, first, listed, pages
from tests.attack.queries import taken_back
from tests.rows import person

pytestmark = pytest.mark.django_db

MARKUP = "<i planted=1>{{ x }}{% planted %}\u202e\u200b"
JSON: tuple[Any, ...] = (
    None,
    "text",
    -3,
    {"a": [None], "name": MARKUP},
    [1, None],
    [{"a": 1}],
    [[["a"]], "us-east-1"],
    [],
    {},
)
TEXTS = ("", "unheard-of", MARKUP + "x" * 5_000, "a\x00b\ud800")
NUMBERS = (-1, 0, 2**31 - 1)
DATES = (None, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC))
BOUNDARIES: tuple[tuple[type[models.Field], tuple[Any, ...]], ...] = (
    (models.JSONField, JSON),
    (models.UUIDField, (None,)),
    (models.CharField, TEXTS),
    (models.TextField, TEXTS),
    (models.BooleanField, (True, False)),
    (models.IntegerField, NUMBERS),
    (models.FloatField, (-1.0, 1e300, float("inf"))),
    (models.DateTimeField, DATES),
    (models.DateField, tuple(date and date.date() for date in DATES)),
    (models.BinaryField, (b"", b"no zip at all", b"PK\x03\x04")),
    (models.ForeignKey, (None,)),
)
RUNS, BUNDLES = ("/runs/", "/"), ("/bundles/", "/")
SHOWN_ON: dict[str, tuple[str, ...]] = {
    "managedaccount": ("/accounts/", "/bundles/", "/runs/", "/managing/", "/settings/"),
    "managingaccount": ("/accounts/", "/runs/", "/managing/", "/settings/"),
    "enabledprovider": ("/accounts/", "/runs/", "/bundles/", "/managing/"),
    "spinnakername": ("/accounts/",),
    "run": ("/runs/", "/accounts/", "/managing/"),
    "rollout": ("/runs/",),
    "findings": ("/runs/", "/accounts/"),
    "step": ("/runs/", "/accounts/"),
    "checkresult": ("/runs/", "/accounts/"),
    "bundle": ("/bundles/",),
    **dict.fromkeys(
        ("organization", "unit", "member", "membertag", "watch"), ("/accounts/",)
    ),
}
"""Where pages show rows of a model, besides the overview and the admin site; a model
that is not here is looked for everywhere."""
READ: dict[str, str] = {}
"""What each page asked of the database, noted once: a value reaches no page that does
not ask for it."""

READ_BY_NO_PAGE = {
    "AwsAnswers",
    "Digest",
    "Happened",
    "KeptAnswer",
    "Notification",
    "RunNumber",
}
"""What only workers and the sign-in read."""
LOOKS_INTO_AWS = ("test-access", "/download/")


MODELS = [*apps.get_app_config("accounts").get_models()]
EVERY = 5
"""Each value is tried on every fifth page, the next value on the next ones."""


def columns(model: type[models.Model]) -> Iterator[models.Field[Any, Any]]:
    """List what can be written: the database makes the others itself."""
    fields = model._meta.concrete_fields
    return (one for one in fields if not (one.primary_key or one.generated))


def odd_values(field: models.Field[Any, Any]) -> tuple[Any, ...]:
    return next(values for kind, values in BOUNDARIES if isinstance(field, kind))


def paths(client: Client, model: type[models.Model]) -> list[str]:
    return [
        path
        for path in (*pages_of(model), *operations())
        if not any(part in path for part in LOOKS_INTO_AWS)
        if f'"{model._meta.db_table}"' in read_by(client, path)
    ]


def operations() -> Iterator[str]:
    """Yield the address of each operation that reads, with the rows that there are."""
    planned = Run.objects.filter(status=Status.PLANNED).first()
    adding = first("accounts.question", kind="organization-adding")
    known = {
        "{name}": "staging",
        "{fingerprint}": FINGERPRINT,
        "{path}": "README.md",
        "runs/{number}": f"runs/{planned and planned.number}",
        "searches/{id}": f"searches/{first('accounts.question', kind='clusters')}",
        "additions/{id}": f"additions/{adding}",
        "bundles/{number}": "bundles/2",
        "{number}": "1",
        "{since}": "1",
    }
    for path, methods in api.get_openapi_schema()["paths"].items():
        for argument, value in known.items():
            path = path.replace(argument, value)
        if "get" in methods:
            yield path


def pages_of(model: type[models.Model]) -> list[str]:
    places = SHOWN_ON.get(model._meta.model_name or "", ("/",))
    admin = f"/admin/accounts/{model._meta.model_name}/"
    tabs = [f"/bundles/1/?tab={tab}" for tab in TABS] if model is Bundle else []
    return tabs + [
        page.path
        for page in pages()
        if page.path == "/"
        or page.path.startswith(admin)
        or (page.path.startswith(places) and not page.path.startswith("/admin/"))
    ]


def read_by(client: Client, path: str) -> str:
    if path not in READ:
        with taken_back() as queries:
            client.get(path)
        READ[path] = "\n".join(query["sql"] for query in queries.captured_queries)
    return READ[path]


def stored(field: models.Field[Any, Any], value: Any) -> bool:
    """Put the value into every row; False where the database refuses it."""
    if isinstance(field, models.JSONField):
        value = Value(value, models.JSONField())
    # Not by its own manager: the activity log refuses to be changed.
    rows = models.QuerySet(field.model)
    if field.unique:
        rows = rows.filter(pk=rows.first().pk)
    try:
        with transaction.atomic():
            rows.update(**{field.attname: value})
    except (DatabaseError, UnicodeEncodeError, ValueError, OverflowError):
        return False
    return True


@pytest.fixture
def almighty(settings: Any) -> Client:
    """Return a client that pages and the API let in: with a session and a token."""
    settings.API_RATE = 10**9
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    client = Caller(token_of(user), raise_request_exception=False)
    client.force_login(user)
    return client


def asks_for(path: str, field: models.Field[Any, Any]) -> bool:
    """Tell whether a page reads a column of this name, in whichever of its queries."""
    return f'."{field.column}"' in READ[path]


def broken(
    client: Client, field: models.Field[Any, Any], shown: list[str]
) -> Iterator[str]:
    """Yield each value with the page that answered it with a 500."""
    shown = [path for path in shown if asks_for(path, field)]
    for number, value in enumerate(odd_values(field)):
        with transaction.atomic():
            if stored(field, value):
                for path in shown[number % EVERY :: EVERY]:
                    response = client.get(path)
                    if response.status_code == 500:
                        why = response.exc_info[1] if response.exc_info else ""
                        yield f"{field} {value!r:.40} on {path}: {why!r:.80}"
            transaction.set_rollback(True)


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_no_stored_value_breaks_a_page(
    almighty: Client, model: type[models.Model]
) -> None:
    every_row()
    shown = paths(almighty, model)

    wrong = [
        said for field in columns(model) for said in broken(almighty, field, shown)
    ]

    assert bool(shown) == (model.__name__ not in READ_BY_NO_PAGE)
    assert not wrong, listed(wrong)
