from __future__ import annotations

from dataclasses import replace

import pytest

from accounts.mapping.plans import plan_of
from accounts.runs.deciding.confirmation import (
    Unconfirmed,
    confirm_delivery,
    confirm_group,
    confirm_run,
    group_in_words,
    lost_in_words,
    plan_in_words,
)
from onboarding.desired.capacity import assume_policy
from onboarding.resources.plan import Plan, PlannedChange, Update
from tests.plans import FIVE, list_of, losing_run
from tests.rows import account_row, run_row, step_row


def test_a_plan_that_deletes_takes_exactly_the_accounts_name() -> None:
    confirm_run("staging", "staging")

    for typed in ("", "Staging", "staging ", "production"):
        with pytest.raises(Unconfirmed, match="Type the account's name, staging"):
            confirm_run("staging", typed)


def test_a_group_that_deletes_takes_how_many_accounts_it_is_about() -> None:
    confirm_group(2, " Delete  in 2 accounts")

    with pytest.raises(Unconfirmed, match="Type “delete in 2 accounts”"):
        confirm_group(2, "delete in 3 accounts")


def test_a_delivery_that_removes_takes_how_many_accounts_spinnaker_loses() -> None:
    confirm_delivery(1, "remove 1 account")

    with pytest.raises(Unconfirmed, match="Type “remove 1 account”"):
        confirm_delivery(1, "")


@pytest.mark.django_db
def test_what_is_deleted_and_what_is_lost_are_both_said() -> None:
    run = losing_run(FIVE[:4])
    step_row(run, verb="delete", before={"name": "x"}, after=None)
    plan = plan_of(run)

    assert plan_in_words(run, plan) == (
        "This plan deletes 1 resource in AWS. After this plan, Spinnaker can no longer "
        "assume 1 role."
    )
    assert group_in_words(plan) == "Each plan deletes 1 resource in AWS."


@pytest.mark.django_db
def test_a_plan_without_either_says_nothing() -> None:
    run = run_row(account=account_row())
    step_row(run)
    plan = plan_of(run)

    assert (plan_in_words(run, plan), group_in_words(plan)) == ("", "")


@pytest.mark.django_db
def test_a_role_is_said_where_its_account_stays_or_is_none() -> None:
    before, other = list_of([*FIVE[:1], "*"]), f"arn:aws:iam::{FIVE[0]}:role/other"
    after = replace(before, document=assume_policy([other]))
    plan = Plan((PlannedChange.of(Update(before, after)),))

    assert lost_in_words(plan) == (
        "Spinnaker can no longer assume 2 roles: "
        "arn:aws:iam::*:role/spinnakerManaged, "
        "arn:aws:iam::111111111111:role/spinnakerManaged"
    )
    assert group_in_words(plan) == "After each plan, Spinnaker can assume fewer roles."
