"""How old a proof may be: the same answer of one row and, in SQL, of all of them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount
from accounts.models.states import (
    BADGES,
    NOT_APPROVED,
    NOT_EVERYWHERE,
    VERIFIED,
    WORDS,
    WRITES_UNKNOWN,
    State,
    counted_by_word,
    with_word,
)
from tests.rows import account_row, explained

pytestmark = pytest.mark.django_db

AGES = (None, timedelta(days=6, hours=23), timedelta(days=7, minutes=1))


def rows_of_every_kind() -> list[ManagedAccount]:
    kinds = [
        (state, verification, age, unknown, undeployable, unapproved)
        for state in State.values
        for verification in ("", *VERIFIED)
        for age in AGES
        for unknown in (0, 4)
        for undeployable in (0, 1)
        for unapproved in (0, 2)
    ]
    now = timezone.now()
    return ManagedAccount.objects.bulk_create(
        ManagedAccount(
            name=f"a{n}",
            account_id=f"{n:012}",
            state=state,
            verification=verification,
            verified_at=age and now - age,
            unknown_writes=unknown,
            undeployable=undeployable,
            unapproved=unapproved,
        )
        for n, (
            state,
            verification,
            age,
            unknown,
            undeployable,
            unapproved,
        ) in enumerate(kinds)
    )


def test_every_word_has_its_badge() -> None:
    assert set(WORDS) <= set(BADGES)
    assert BADGES["verified, stale"].colour == "warn"


def test_a_proof_is_stale_once_it_is_older_than_the_setting() -> None:
    now = timezone.now()
    old = account_row(
        state=State.VERIFIED,
        verification=State.VERIFIED,
        verified_at=now - timedelta(days=9),
    )

    assert old.word == "verified, stale"
    assert old.stale_since == old.verified_at + timedelta(days=7)


def test_sql_and_python_agree_on_what_is_stale() -> None:
    rows = rows_of_every_kind()

    stale = set(ManagedAccount.objects.stale())

    assert stale == {row for row in rows if row.stale_since}
    assert {row.verification for row in stale} == {"verified", "evaluated"}


def test_every_account_is_found_by_its_word_and_by_no_other() -> None:
    rows = rows_of_every_kind()

    for word in WORDS:
        found = set(ManagedAccount.objects.filter(with_word(word)))
        assert found == {row for row in rows if row.word == word}, word
        assert found, word


def test_accounts_are_counted_by_the_words_that_they_have() -> None:
    rows = rows_of_every_kind()

    counted: Counter[str] = Counter()
    for word, count in counted_by_word(ManagedAccount.objects.all()):
        counted[word] += count

    assert counted == Counter(row.word for row in rows)


@pytest.mark.parametrize(
    ("state", "unknown", "word", "said"),
    [
        (State.VERIFIED, 0, "verified", []),
        (State.VERIFIED, 4, "verified, writes unknown", ["4 writes"]),
        (State.VERIFIED, 1, "verified, writes unknown", ["1 write"]),
        (State.EVALUATED, 4, "evaluated", ["4 writes"]),
        (State.FAILED, 4, "failed", []),
    ],
)
def test_unknown_writes_are_said_of_what_was_proved(
    state: State, unknown: int, word: str, said: list[str]
) -> None:
    verification = state if state in VERIFIED else ""
    row = account_row(state=state, verification=verification, unknown_writes=unknown)

    sentences = row.standing.sentences
    assert row.word == word
    denied = "Spinnaker might be denied "
    assert [s.split(".")[0] for s in sentences if denied in s] == [
        f"{denied}{one}" for one in said
    ]
    assert all("nknown" not in s for s in sentences)  # the banner begins with the word


@pytest.mark.parametrize(
    ("state", "undeployable", "unknown", "word", "said"),
    [
        (State.VERIFIED, 1, 0, NOT_EVERYWHERE, "Spinnaker can't deploy in 1 Region"),
        (State.VERIFIED, 2, 0, NOT_EVERYWHERE, "Spinnaker can't deploy in 2 Regions"),
        (
            State.VERIFIED,
            1,
            4,
            NOT_EVERYWHERE,
            "Spinnaker can't deploy in 1 Region",
        ),
        (State.FAILED, 1, 0, "failed", ""),
    ],
)
def test_regions_in_which_nothing_can_be_deployed_are_counted(
    state: State, undeployable: int, unknown: int, word: str, said: str
) -> None:
    row = account_row(
        state=state,
        verification=state if state in VERIFIED else "",
        undeployable=undeployable,
        unknown_writes=unknown,
    )

    sentences = " ".join(row.standing.sentences)
    assert row.word == word
    assert BADGES[row.word].colour != "good"
    assert said in sentences
    assert ("The checks show what it is and how" in sentences) is bool(said)
    assert ("Spinnaker might be denied 4 writes" in sentences) is bool(unknown)


def test_nothing_is_stale_where_the_setting_is_0(settings) -> None:
    settings.VERIFICATION_MAX_AGE = 0
    rows = rows_of_every_kind()

    assert not ManagedAccount.objects.stale()
    words = {*State.values, NOT_EVERYWHERE, WRITES_UNKNOWN, NOT_APPROVED}
    assert {row.word for row in rows} == words


def test_the_database_counts_the_stale_in_its_index() -> None:
    assert "managed_verification" in explained(
        ManagedAccount.objects.stale().order_by().values("pk")
    )
