"""How old a proof may be: the same answer of one row and, in SQL, of all of them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount
from accounts.models.standing import PROVED, WORDS, with_word
from accounts.models.states import BADGES, State
from tests.rows import account_row, explained

pytestmark = pytest.mark.django_db

AGES = (None, timedelta(days=6, hours=23), timedelta(days=7, minutes=1))


def rows_of_every_kind() -> list[ManagedAccount]:
    kinds = [
        (state, proof, age)
        for state in State.values
        for proof in ("", *PROVED)
        for age in AGES
    ]
    now = timezone.now()
    return ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"a{n}",
            account_id=f"{n:012}",
            state=state,
            proof=proof,
            verified_at=age and now - age,
        )
        for n, (state, proof, age) in enumerate(kinds)
    )


def test_every_word_has_its_badge() -> None:
    assert set(WORDS) <= set(BADGES)
    assert BADGES["verified, stale"].colour == "warn"


def test_a_proof_is_stale_once_it_is_older_than_the_setting() -> None:
    now = timezone.now()
    old = account_row(
        state=State.VERIFIED, proof=State.VERIFIED, verified_at=now - timedelta(days=9)
    )

    assert old.word == "verified, stale"
    assert old.stale_since == old.verified_at + timedelta(days=7)


def test_sql_and_python_agree_on_what_is_stale() -> None:
    rows = rows_of_every_kind()

    stale = set(ManagedAccount.objects.stale())

    assert stale == {row for row in rows if row.stale_since}
    assert {row.proof for row in stale} == {"verified", "evaluated"}


def test_every_account_is_found_by_its_word_and_by_no_other() -> None:
    rows = rows_of_every_kind()

    for word in WORDS:
        found = set(ManagedAccount.objects.filter(with_word(word)))
        assert found == {row for row in rows if row.word == word}, word
        assert found, word


def test_nothing_is_stale_where_the_setting_is_0(settings) -> None:
    settings.PROOF_MAX_AGE = 0
    rows = rows_of_every_kind()

    assert not ManagedAccount.objects.stale()
    assert {row.word for row in rows} == set(State.values)


def test_the_database_counts_the_stale_in_its_index() -> None:
    assert "managed_proof" in explained(
        ManagedAccount.objects.stale().order_by().values("pk")
    )
