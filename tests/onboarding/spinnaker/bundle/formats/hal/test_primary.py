"""hal's primary account stays what it was, whatever order the bundle has."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.plan import (
    changes,
)
from tests.bundles import core
from tests.factories import topology
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


def test_a_sole_primary_account_is_simply_replaced(tmp_path: Path):
    plan = Plan(topology(core()), tmp_path)
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == ["core: deleted and added again (external-id)"]


def test_all_are_replaced_where_the_primary_one_is(plan: Plan):
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == [
        "staging: deleted, to be added again behind core",
        "core: deleted, to be added again behind core",
        "core: added",
        "staging: added",
    ]


def test_another_account_is_replaced_without_moving_the_primary_one(plan: Plan):
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done() == ["staging: deleted and added again (external-id)"]


def test_a_primary_account_of_others_does_not_matter(plan: Plan):
    plan.known["aws"]["accounts"].insert(0, {"name": "theirs", "accountId": "9"})
    plan.known["aws"]["primaryAccount"] = "theirs"
    plan.account("aws", "core")["externalId"] = "old"

    assert plan.done() == ["core: deleted and added again (external-id)"]


@pytest.mark.parametrize("chosen", [("core",), ()])
def test_the_primary_account_keeps_its_place_or_stays_as_it_is(
    plan: Plan, chosen: tuple[str, ...]
):
    plan.account("aws", "core")["externalId"] = "old"
    plan.account("aws", "staging")["edda"] = "theirs"

    with pytest.raises(Refused, match="would make another account its primary one"):
        plan.steps(*chosen)


def test_a_sole_account_is_replaced_before_others_are_added(plan: Plan):
    """hal makes the first account that comes into an empty list its primary one."""
    plan.known["aws"]["accounts"] = [plan.account("aws", "staging")]
    plan.known["aws"]["primaryAccount"] = "staging"
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done() == [
        "staging: deleted and added again (external-id)",
        "core: added",
    ]


def test_a_primary_account_that_a_person_chose_stays_primary(plan: Plan):
    plan.known["aws"]["primaryAccount"] = "staging"
    plan.account("aws", "staging")["externalId"] = "old"

    assert plan.done()[-2:] == ["staging: added", "core: added"]


def test_what_broke_off_between_goes_on_with_the_primary_account_first(plan: Plan):
    plan.known["aws"] |= {"accounts": [], "primaryAccount": None}

    steps = changes(plan.situation(primary="staging"))

    assert [step.name for step in steps] == ["staging", "core"]
