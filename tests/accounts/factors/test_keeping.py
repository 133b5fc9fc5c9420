"""A code is used once, and a passkey counts its uses: in the row, for every process."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connections

from accounts.factors.keeping import (
    PASSKEY,
    add,
    advance,
    factors_of,
    use_code,
)
from tests.accounts.web.factors.people import code, give_app
from tests.rows import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("before", "now", "fits"),
    [(4, 5, True), (4, 4, False), (4, 3, False), (4, 0, False), (0, 0, True)],
)
def test_a_passkey_counts_further_or_not_at_all(
    before: int, now: int, fits: bool
) -> None:
    vera = person("viewer")
    add(vera, PASSKEY, name="Key", last=before, credential={})
    factor = factors_of(vera, PASSKEY).get()

    assert advance(factor, now) is fits
    assert factors_of(vera, PASSKEY).get().data["last"] == (now if fits else before)


def test_a_code_is_used_once_for_every_process() -> None:
    vera = person("viewer")
    give_app(vera)
    right = code()

    assert use_code(vera, right)
    cache.clear()  # what another host has of it
    assert not use_code(vera, right)


def one_of_two(vera: User, text: str) -> list[bool]:
    """Use a code at two places at once."""
    both, used = Barrier(2), []

    def use() -> None:
        both.wait(20)
        used.append(use_code(vera, text))
        connections.close_all()

    threads = [Thread(target=use) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return used


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of", [lambda codes: code(), lambda codes: codes[0]])
def test_of_two_requests_with_a_code_one_uses_it(
    of: Callable[[list[str]], str],
) -> None:
    vera = person("viewer")

    used = one_of_two(vera, of(give_app(vera)))

    assert sorted(used) == [False, True]
