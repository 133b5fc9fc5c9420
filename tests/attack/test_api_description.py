"""Tried: every operation of the API with what its description allows, and with what it
does not.

Refused: no answer is missing in the description or has another shape, nothing that
does not fit is taken, and nothing is a bug.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
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
from bowline.wsgi import application
from tests.accounts.api.calling import token_of
from tests.attack.pages import every_row, listed
from tests.rows import person

EXAMPLES = 12
"""Of each operation and mode: always the same ones."""

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
def token(db: None, monkeypatch: pytest.MonkeyPatch, settings: Any) -> str:
    """Make a site with a row of everything, and somebody who may do everything."""
    monkeypatch.setattr(Celery, "send_task", lambda *_, **__: None)
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    settings.CACHES = {**settings.CACHES, "api": memory}
    settings.API_RATE = 10**6
    every_row()
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


@pytest.mark.exhaustive
def test_each_operation_does_what_its_description_says(
    token: str, one_connection: None
) -> None:
    load_all_checks()
    checks = CHECKS.get_by_names([n for n in CHECKS.get_all_names() if n != RULES])
    schema = schemathesis.openapi.from_dict(description())
    schema.app = application
    tried, wrong = set(), []

    for found in schema.get_all_operations():
        operation = found.ok()
        for mode in MODES:
            try:
                with suppress(Unsatisfiable):  # there is nothing that could not fit
                    try_out(operation, mode, token, checks)
            except Exception as error:
                causes = getattr(error, "exceptions", [error])
                wrong += [(operation.label, mode.value, str(one)) for one in causes]
        tried.add(operation.label)

    assert not wrong, listed(wrong)
    assert len(tried) > 10


def try_out(operation: Any, mode: GenerationMode, token: str, checks: Any) -> None:
    """Send the operation's examples, and take back what each of them writes."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(mode))
    def ask(case: Any) -> None:
        with transaction.atomic():
            case.call_and_validate(
                headers={"Authorization": f"Bearer {token}"}, checks=checks
            )
            transaction.set_rollback(True)

    ask()
