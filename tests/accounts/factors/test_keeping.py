"""Second factors are used once, also where two requests have the same code."""

from __future__ import annotations

import pytest

from accounts.factors import keeping
from accounts.factors.app_codes import step_of
from accounts.models import AuthenticatorApp
from tests.accounts.web.factors.people import code, give_app
from tests.rows import person

pytestmark = pytest.mark.django_db


def test_a_code_is_used_once() -> None:
    vera = person("viewer")
    give_app(vera)
    right = code()

    assert keeping.use_app(vera, right)
    assert not keeping.use_app(vera, right)


def test_the_second_of_two_requests_with_a_code_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def first_is_quicker(secret: str, sent: str, *, after: int) -> int | None:
        step = step_of(secret, sent, after=after)
        AuthenticatorApp.objects.update(last_step=step)
        return step

    vera = person("viewer")
    give_app(vera)
    monkeypatch.setattr(keeping, "step_of", first_is_quicker)

    assert not keeping.use_app(vera, code())
