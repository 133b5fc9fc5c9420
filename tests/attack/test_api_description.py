"""Tried: every operation of the API with what its description allows, and with what it
does not; and with objects of production and bodies that fit, by nobody, each role, a
role limited to another environment, somebody deactivated, and a token of each scope.

Refused: no answer is missing in the description or has another shape, nothing that
does not fit is taken, nothing is a bug, and nobody decides what their role, its limit
and the token's scopes don't allow, by what the activity log says.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import schemathesis
from celery import Celery
from django.contrib.auth.models import Group
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from accounts.api.api import api
from accounts.api.openapi import CHANGES
from accounts.models import Activity, Adoption, ManagedAccount, Question, Run
from accounts.models.people import Scope
from accounts.people.roles import APPROVER, OPERATOR
from bowline.wsgi import application
from tests.accounts.api.calling import token_of
from tests.attack.callers import CALLERS
from tests.attack.pages import FINGERPRINT, every_row, listed
from tests.rows import person

EXAMPLES = 12
"""Of each operation and mode."""
BODIES = int(os.environ.get("API_BODIES") or 2)
"""Of each operation that changes something, by each caller."""

RULES = "positive_data_acceptance"
"""Not checked: an account breaks rules that no description can hold."""

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@pytest.fixture
def one_connection() -> Iterator[None]:
    """Keep the connection in which the rows are, as Django's own test client does."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.fixture
def site(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Make a site with a row of everything."""
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "api": memory}
    settings.API_RATE = 10**6
    every_row()


@pytest.fixture
def token(site: None) -> str:
    """Make somebody who may do everything."""
    almighty = person("administrator", username="almighty")
    almighty.groups.add(*Group.objects.all())
    return token_of(almighty)


def description() -> dict[str, Any]:
    """Return it without the token, which the test always sends: see test_api."""
    described = dict(api.get_openapi_schema())
    for methods in described["paths"].values():
        for operation in methods.values():
            del operation["security"]
    return described


@cache
def operations() -> dict[str, Any]:
    """List the operations, each by its label."""
    schema = schemathesis.openapi.from_dict(description())
    schema.app = application
    found = (one.ok() for one in schema.get_all_operations())
    return {operation.label: operation for operation in found}


@cache
def cases_of(label: str, mode: GenerationMode) -> Any:
    """Make them once for all callers: that takes longer than to draw and send some."""
    return operations()[label].as_strategy(mode)


@pytest.mark.exhaustive
def test_each_operation_does_what_its_description_says(
    token: str, one_connection: None
) -> None:
    load_all_checks()
    checks = CHECKS.get_by_names([n for n in CHECKS.get_all_names() if n != RULES])
    wrong = []

    for label in operations():
        for mode in MODES:
            try:
                with suppress(Unsatisfiable):  # there is nothing that could not fit
                    try_out(label, mode, token, checks)
            except Exception as error:
                causes = getattr(error, "exceptions", [error])
                wrong += [(label, mode.value, str(one)) for one in causes]

    assert not wrong, listed(wrong)
    assert len(operations()) > 100


def try_out(label: str, mode: GenerationMode, token: str, checks: Any) -> None:
    """Send the operation's examples, and take back what each of them writes."""

    def ask(case: Any) -> None:
        with transaction.atomic():
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"}, checks=checks
            )
            transaction.set_rollback(True)

    each_of(label, mode, EXAMPLES, ask)


def each_of(
    label: str, mode: GenerationMode, examples: int, ask: Callable[[Any], None]
) -> None:
    """Do so with these many of its examples: always the same ones."""
    always = settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    always(given(case=cases_of(label, mode))(lambda case: ask(case)))()


SCOPES = {OPERATOR: Scope.OPERATE, APPROVER: Scope.APPROVE}


def objects() -> dict[str, dict[str, Any]]:
    """Give arguments that lead to what there is, by what their paths begin with."""
    planned = Run.objects.filter(status="planned").get()
    search = Question.objects.filter(kind="clusters").get()
    same = {"fingerprint": FINGERPRINT}
    return {
        "/accounts/": {"name": "staging", "number": 1},
        "/adoptions/": {"id": str(Adoption.objects.get().pk)},
        "/bundles/": {"number": 2, "since": 1, "path": "README.md"},
        "/clusters/": {"id": str(search.pk)},
        "/deliveries/": {"number": 2},
        "/foreign-policies/": {"number": 1, "alike": "a" * 64},
        "/organization/units/": {"unit": "ou-a"},
        "/rollouts/": {"number": 1, **same},
        "/runs/": {"number": planned.number, **same},
    }


@pytest.mark.exhaustive(after=1)
@pytest.mark.parametrize("caller", CALLERS)
def test_nobody_decides_more_than_role_limit_and_scope_allow(
    caller: str, site: None, one_connection: None
) -> None:
    who = CALLERS[caller]
    scopes = who.scopes or tuple(Scope)
    ManagedAccount.objects.update(environment="production")
    token = token_of(who.row(caller), *scopes) if who.roles else ""
    headers = {"Authorization": f"Bearer {token}"}
    allowed = who.may([role for role, scope in SCOPES.items() if scope in scopes])
    known, wrong = objects(), list[str]()
    tried, decided = Counter[str](), set[str]()

    def send(case: Any) -> None:
        inside = next((of for at, of in known.items() if at in case.path), {})
        given = case.path_parameters
        case.path_parameters = given | {k: inside.get(k, v) for k, v in given.items()}
        with transaction.atomic():
            before = {*Activity.objects.values_list("pk", flat=True)}
            status = case.call(headers=headers).status_code
            entries = Activity.objects.exclude(pk__in=before)
            said = {*entries.values_list("what", flat=True)} - {"refused"}
            transaction.set_rollback(True)
        tried[case.operation.label] += 1
        decided.update(said)
        if status >= 500 or said - allowed:
            wrong.append(f"{case.operation.label}: {status} {said} {case.body}")

    for label, operation in operations().items():
        examples = BODIES if operation.method.lower() in CHANGES else 1
        each_of(label, GenerationMode.POSITIVE, examples, send)

    print(f"{caller}: {tried.total()} requests, {len(decided)} kinds of decisions")
    assert not wrong, listed(wrong)
    assert bool(decided) == bool(allowed)  # the objects are there
    assert len(tried) > 100
