"""Recovery codes work once each, until new ones are made."""

from __future__ import annotations

import pytest

from accounts.factors.keeping import (
    CODES,
    HOW_MANY,
    codes_left,
    factors_of,
    make_codes,
    use_code,
)
from tests.rows import person

pytestmark = pytest.mark.django_db


def test_each_works_once_however_it_is_typed() -> None:
    vera = person("viewer")
    first, *_ = make_codes(vera)

    assert use_code(vera, first.upper().replace("-", "\u2013"))
    assert not use_code(vera, first)
    assert codes_left(vera) == HOW_MANY - 1


def test_those_of_before_work_no_longer() -> None:
    vera = person("viewer")
    former = make_codes(vera)

    now = make_codes(vera)

    assert not any(use_code(vera, code) for code in former)
    assert codes_left(vera) == HOW_MANY
    assert use_code(vera, now[0])


def test_a_digest_is_no_code() -> None:
    vera = person("viewer")
    make_codes(vera)
    stored = factors_of(vera, CODES).get().data["migrated_codes"]

    assert not any(use_code(vera, digest) for digest in stored)
