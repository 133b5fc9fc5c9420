"""What becomes of one account: saved, deleted, or left alone, and why."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.delivery.bodies import Body
from onboarding.delivery.gate import Stored
from onboarding.delivery.verdicts import (
    FoundAccounts,
    Left,
    Owned,
    Step,
    Verb,
    Why,
    one_row,
    removal,
    saving,
)
from tests.onboarding.delivery.accounts import aws_entry, wanted


def body() -> Body:
    (made,) = wanted(aws_entry("prod"))
    return made


def stored(type_: str = "aws", **fields: Any) -> Stored:
    return Stored("prod", type_, {key: json.dumps(one) for key, one in fields.items()})


@pytest.mark.parametrize(
    "found",
    [
        FoundAccounts({"prod": stored("ecs")}, {}),
        FoundAccounts({}, {"prod": "kubernetes"}),
    ],
    ids=["stored", "loaded"],
)
def test_an_account_of_another_type_is_left_whatever_was_agreed(found: FoundAccounts):
    left = saving(body(), found, Owned("prod", "aws", sent="then"), {"prod"})

    assert isinstance(left, Left)
    assert left.why is Why.OF_ANOTHER_TYPE


@pytest.mark.parametrize(
    ("own", "agreed", "why"),
    [
        ({"sent": "then"}, set(), Why.CHANGED_ELSEWHERE),
        ({}, set(), Why.TAKEN),
        ({"sent": stored(accountId="1").digest}, set(), None),
        ({"sending": stored(accountId="1").digest}, set(), None),
        ({"sent": "then"}, {"prod"}, None),
    ],
)
def test_only_what_bowline_sent_is_deleted_unless_a_person_agreed(
    own: dict[str, str], agreed: set[str], why: Why | None
):
    there = stored(accountId="1")

    verdict = removal(
        Owned("prod", "aws", **own), FoundAccounts({"prod": there}, {}), agreed
    )

    deleted = Step(Verb.REMOVE, "aws", "prod", before=there.digest)
    assert verdict == (Left("prod", "aws", why) if why else deleted)


@pytest.mark.parametrize("name", ["PROD", "prod  ", "pröd"])
def test_the_database_keeps_these_names_in_one_row(name: str):
    assert one_row(name) == one_row("prod")
    assert one_row(name) != one_row(" prod")
