"""An account that has a new name in the bundle: the old one leaves hal last."""

from __future__ import annotations

import pytest

from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.plan import (
    changes,
)
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


def renamed(plan: Plan, primary: str = "core") -> None:
    """Let hal know staging under the name that it had before."""
    plan.account("aws", "staging")["name"] = "old"
    plan.account("ecs", "staging-ecs")["awsAccount"] = "old"
    plan.known["aws"]["primaryAccount"] = primary


def test_an_aws_account_under_another_name_is_known_again(plan: Plan):
    renamed(plan)

    assert plan.situation().other_names() == {"old": "staging"}


def test_the_first_of_several_names_takes_the_place_of_an_old_one(plan: Plan):
    renamed(plan)
    first = next(one for one in plan.bundle["aws"] if one["name"] == "staging")
    plan.bundle["aws"].append({**first, "name": "staging-eu"})
    situation = plan.situation()
    situation.chosen.add("staging-eu")

    assert situation.other_names() == {"old": "staging"}


def test_a_renamed_account_loses_its_old_name_last(plan: Plan):
    renamed(plan)

    steps = changes(plan.situation(renamed=frozenset({"old"})))

    assert [f"{step.name}: {step.done}" for step in steps] == [
        "staging: added",
        "staging-ecs: changed (aws-account)",
        "old: removed: staging is its name now",
    ]


def test_the_old_names_own_ecs_account_goes_with_it(plan: Plan):
    renamed(plan)
    plan.account("ecs", "staging-ecs")["name"] = "old-ecs"

    steps = changes(plan.situation(renamed=frozenset({"old"})))

    assert [step.name for step in steps] == ["staging", "staging-ecs", "old-ecs", "old"]
    assert steps[2].done == "removed: staging-ecs takes its place"


def test_an_ecs_account_without_a_successor_keeps_the_old_name(plan: Plan):
    renamed(plan)
    plan.account("ecs", "staging-ecs")["name"] = "theirs"
    plan.bundle["ecs"] = []

    with pytest.raises(Refused, match="theirs belongs to it, and this bundle has none"):
        changes(plan.situation(renamed=frozenset({"old"})))


def test_a_renamed_primary_account_stays_the_primary_one(plan: Plan):
    renamed(plan, primary="old")

    steps = changes(plan.situation(renamed=frozenset({"old"})))

    assert [f"{step.name}: {step.done}" for step in steps][:4] == [
        "core: deleted, to be added again behind staging",
        "old: deleted, to be added again behind staging",
        "staging: added",
        "core: added",
    ]


def test_a_name_of_another_aws_account_is_no_old_name(plan: Plan):
    plan.known["aws"]["accounts"].append({"name": "x", "accountId": "944444444444"})

    with pytest.raises(Refused, match="“x” isn't another name of an account of this b"):
        changes(plan.situation(renamed=frozenset({"x"})))


def test_an_old_name_that_is_gone_already_is_nothing(plan: Plan):
    assert changes(plan.situation(renamed=frozenset({"gone"}))) == []
