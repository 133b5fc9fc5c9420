"""What an assertion says is taken once, by who asked for it, in its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import SamlAnswer
from accounts.web.single_sign_on.people import Refused
from accounts.web.single_sign_on.saml.answers import keep_answer, take
from accounts.web.single_sign_on.saml.assertion import Assertion
from tests.accounts.web.single_sign_on.saml.provider import saml

pytestmark = pytest.mark.django_db


def said(**fields: Any) -> Assertion:
    until = timezone.now() + timedelta(minutes=5)
    return Assertion(
        **{"id": "_a", "answers": "_r", "until": until, **fields}, claims={}
    )


def test_it_is_taken_once() -> None:
    keep_answer(saml(), said())

    assert take("_r") == {}
    with pytest.raises(Refused):
        take("_r")


@pytest.mark.parametrize("again", [{"answers": "_other"}, {"id": "_other"}])
def test_an_assertion_counts_once_and_a_request_is_answered_once(
    again: dict[str, str],
) -> None:
    keep_answer(saml(), said())

    with pytest.raises(Refused, match="already used"):
        keep_answer(saml(), said(**again))


def test_it_is_not_taken_after_its_end() -> None:
    keep_answer(saml(), said())
    SamlAnswer.objects.update(until=timezone.now())

    with pytest.raises(Refused, match="didn't respond"):
        take("_r")
