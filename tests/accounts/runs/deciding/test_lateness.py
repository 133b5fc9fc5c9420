from __future__ import annotations

import pytest

from accounts.models import Rollout
from accounts.models.states import Status
from accounts.runs.actions import discard
from accounts.runs.deciding.approving import (
    decided_already,
    nothing_to_accept,
    outdated,
)
from accounts.runs.rollouts.decisions import stop
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db


def test_a_plan_that_an_edit_outdates_is_to_be_planned_again() -> None:
    managing_row(version=2)
    run = run_row()

    assert outdated(run) == (
        "The managing account was edited after this was planned. Plan again."
    )


def test_a_plan_that_waits_unedited_is_not_outdated(managing) -> None:
    assert outdated(run_row()) == ""


def test_a_run_that_is_decided_is_outdated_no_more() -> None:
    managing_row(version=2)

    assert outdated(run_row(Status.VERIFIED)) == ""


def test_it_is_said_who_decided_before(managing) -> None:
    olga = person("approver", username="olga")
    approved = run_row(Status.VERIFIED, approved_by_name="olga")
    verified = run_row(Status.VERIFIED)
    discarded = run_row()
    assert discard(discarded, olga)

    said = [decided_already(run) for run in (approved, verified, discarded)]

    assert said == [
        f"{approved.title} was approved by olga before you decided.",
        f"{verified.title} is already verified.",
        f"{discarded.title} was discarded by olga before you decided.",
    ]


def test_it_is_said_what_a_plan_was_discarded_for(managing) -> None:
    rollout = Rollout.objects.create()
    stopped = run_row(rollout=rollout)
    stop(rollout, person("operator", username="olga"))
    stopped.refresh_from_db()
    replaced = run_row(Status.DISCARDED)
    alone = decided_already(replaced)
    later = run_row(created_by=person("operator", username="ivan"))

    assert alone == f"{replaced.title} was discarded before you decided."
    assert decided_already(replaced) == (
        f"{replaced.title} was discarded for run {later.number} of ivan before "
        "you decided."
    )
    assert decided_already(stopped) == (
        f"{stopped.title} was discarded by olga, who stopped rollout "
        f"{rollout.number}, before you decided."
    )


def test_it_is_said_who_accepted_before() -> None:
    account = account_row(accepted_by_name="olga")

    assert (
        nothing_to_accept(account) == "staging was accepted by olga before you decided."
    )
