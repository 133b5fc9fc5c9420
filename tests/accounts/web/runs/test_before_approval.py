from __future__ import annotations

from typing import Any

import pytest

from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.web.runs.views import brings, brought
from tests.rows import account_row, run_row

pytestmark = pytest.mark.django_db

POWER = {"access": "power-user"}


def test_what_was_discouraged_is_part_of_the_plan() -> None:
    account = account_row(providers={"ec2": POWER, "eks": {}})

    (choice,) = plan_of(run_row(account=account)).not_recommended

    assert choice.titles == "EC2"


@pytest.mark.parametrize("kind", [Run.Kind.REMOVE, Run.Kind.VERIFY])
def test_only_what_a_plan_brings_about_is_discouraged(kind: Run.Kind) -> None:
    account = account_row(providers={"ec2": POWER})

    assert plan_of(run_row(account=account, kind=kind)).not_recommended == ()


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"policy_set": 3}, Run.Kind.ONBOARD),
        ({"policy_set": 0}, Run.Kind.ONBOARD),
        ({"policy_set": 1}, Run.Kind.REMOVE),
        ({"policy_set": 1}, Run.Kind.VERIFY),
    ],
)
def test_nothing_is_brought_to_what_is_new_latest_or_leaves(
    three_policy_sets, fields: dict[str, Any], kind: str
) -> None:
    run = run_row(account=account_row(**fields), kind=kind)

    assert brings(run) == ""


def test_the_managing_account_has_no_policy_set(three_policy_sets, managing) -> None:
    assert brings(run_row(account=None, kind=Run.Kind.MANAGING)) == ""


def test_among_many_the_oldest_policies_are_told(three_policy_sets) -> None:
    mixed, alone = brought([3, 2, 0, 1]), brought([2])

    assert mixed
    assert alone
    assert [one.number for one in mixed.newer_policies] == [2, 3]
    assert (
        "update 2 accounts from policy version 1 or a later one to version 3:"
        in mixed.sentence
    )
    assert "update 1 account from policy version 2 to version 3:" in alone.sentence
    assert brought([3, 0]) is None
