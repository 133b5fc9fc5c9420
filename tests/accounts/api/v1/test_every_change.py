"""What holds for each operation that changes something, found in the description."""

from __future__ import annotations

import re
from collections import Counter
from importlib import import_module
from pkgutil import walk_packages

import pytest
from django.contrib.auth.models import Group
from ninja import Schema

from accounts.api import v1
from accounts.api.api import api
from accounts.models import Activity
from accounts.models.people import Scope
from tests.accounts.api.calling import Caller, token_of
from tests.rows import person

pytestmark = pytest.mark.django_db

CHANGES = [
    (method.upper(), path.removeprefix("/api/v1"), operation)
    for path, operations in api.get_openapi_schema()["paths"].items()
    for method, operation in operations.items()
    if method != "get"
]
APPROVES = re.compile("/(accept|approve|discard|leave)$")


@pytest.fixture
def almighty(db):
    user = person("administrator", username="almighty")
    user.groups.add(*Group.objects.all())
    return user


def filled(path: str) -> str:
    named = re.sub(r"\{(name|fingerprint)\}", "staging", path)
    return named.replace("{number}", "1")


@pytest.mark.parametrize(
    ("method", "path"), [change[:2] for change in CHANGES], ids=str
)
def test_it_takes_a_token_with_the_scope(almighty, method, path):
    needed = Scope.APPROVE if APPROVES.search(path) else Scope.OPERATE
    others = [scope for scope in Scope if scope != needed]
    client = Caller(token_of(almighty, *others))
    before = Activity.objects.count()

    answer = client.send(method, filled(path), {})

    assert answer.status_code == 403, answer.content
    assert f"a token with the scope {needed}" in answer.json()["detail"]
    assert Activity.objects.count() == before


def test_each_takes_a_key_with_which_it_happens_once():
    without = [
        (method, path)
        for method, path, operation in CHANGES
        if "Idempotency-Key" not in [one["name"] for one in operation["parameters"]]
    ]

    assert len(CHANGES) > 20
    assert without == []


def test_no_two_bodies_have_one_name():
    """The description knows them by their names, and would take one for the other."""
    paths = walk_packages(v1.__path__, f"{v1.__name__}.")
    modules = [import_module(one.name) for one in paths]
    names = Counter(
        name
        for module in modules
        for name, one in vars(module).items()
        if isinstance(one, type)
        and issubclass(one, Schema)
        and one.__module__ == module.__name__
    )

    assert len(names) > 30
    assert [name for name, count in names.items() if count > 1] == []
