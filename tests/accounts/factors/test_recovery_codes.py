"""Recovery codes work once each, until new ones are made."""

from __future__ import annotations

import pytest

from accounts.factors.recovery_codes import HOW_MANY, make_codes, use_code
from accounts.models import RecoveryCode
from tests.rows import person

pytestmark = pytest.mark.django_db


def test_each_works_once_however_it_is_typed() -> None:
    vera = person("viewer")
    first, *_ = make_codes(vera)

    assert use_code(vera, first.upper().replace("-", " "))
    assert not use_code(vera, first)


def test_those_of_before_work_no_longer() -> None:
    vera = person("viewer")
    former = make_codes(vera)

    now = make_codes(vera)

    assert not any(use_code(vera, code) for code in former)
    assert RecoveryCode.objects.count() == HOW_MANY
    assert use_code(vera, now[0])
