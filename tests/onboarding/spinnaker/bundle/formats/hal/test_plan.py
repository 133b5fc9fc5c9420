"""What hal is asked to change, from what it knows: pure, so every corner is here."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from onboarding.spinnaker.bundle.formats.hal.known import Refused
from onboarding.spinnaker.bundle.formats.hal.plan import (
    HalStep,
    Situation,
    changes,
    removal,
    switched_off,
)
from onboarding.topology import Topology
from tests.bundles import core, eks, files_of, staging
from tests.factories import managed, provider, topology

FEATURES = {"cloudFormation": {"enabled": False}, "lambda": {"enabled": True}}


def bundle_of(bundled: Topology, folder: Path) -> dict[str, Any]:
    bundle: dict[str, Any] = json.loads(files_of(bundled)["hal/accounts.yml"])
    for account in bundle["kubernetes"]:
        file = folder / account["name"]
        file.write_text("")
        account["kubeconfigFile"] = str(file)
    return bundle


class Plan:
    """A bundle and a hal that knows all of it, until a test says otherwise."""

    def __init__(self, bundled: Topology, folder: Path) -> None:
        self.bundle = bundle_of(bundled, folder)
        self.known: dict[str, dict[str, Any]] = {
            provider: {
                "enabled": True,
                "accounts": copy.deepcopy(self.bundle[provider]),
            }
            for provider in ("aws", "ecs", "kubernetes")
        }
        self.known["aws"] |= {"features": FEATURES, "lambda": {"enabled": True}}
        if self.bundle["aws"]:
            self.known["aws"]["primaryAccount"] = self.bundle["aws"][0]["name"]

    def situation(self, *chosen: str) -> Situation:
        names = {a["name"] for part in ("aws", "ecs", "kubernetes")
                 for a in self.bundle[part]}  # fmt: skip
        return Situation(self.bundle, self.known, set(chosen) or names)

    def steps(self, *chosen: str) -> list[HalStep]:
        return changes(self.situation(*chosen))

    def done(self) -> list[str]:
        return [f"{step.name}: {step.done}" for step in self.steps()]

    def account(self, provider: str, name: str) -> dict[str, Any]:
        accounts = self.known[provider]["accounts"]
        return next(account for account in accounts if account["name"] == name)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(topology(core(), staging()), tmp_path)


def test_nothing_is_to_do_where_hal_knows_it_all(plan: Plan):
    assert plan.steps() == []


@pytest.mark.parametrize("part", ["features", "lambda"])
def test_lambda_is_switched_on_unless_both_switches_are(plan: Plan, part: str):
    del plan.known["aws"][part]

    assert plan.done() == ["aws: Lambda switched on"]


def test_lambda_that_was_off_altogether_is_said(plan: Plan):
    del plan.known["aws"]["features"], plan.known["aws"]["lambda"]
    plan.account("aws", "staging")["lambdaEnabled"] = False

    assert plan.done() == [
        "aws: Lambda switched on: it was off, so Spinnaker showed no functions",
        "staging: changed (lambda-enabled, off in hal)",
    ]


def test_a_hal_without_accounts_hid_no_functions(plan: Plan):
    plan.known["aws"] = {"enabled": True, "accounts": []}

    assert plan.done()[0] == "aws: Lambda switched on"


def test_lambda_that_is_switched_off_was_not_off(plan: Plan):
    del plan.bundle["aws"][1]["lambdaEnabled"]

    assert plan.done() == ["staging: changed (lambda-enabled)"]


@pytest.mark.parametrize("part", ["features", "lambda"])
def test_either_switch_shows_functions(plan: Plan, part: str):
    del plan.known["aws"][part]

    assert list(switched_off(plan.situation())) == []


def test_what_is_off_for_a_whole_provider_is_told(plan: Plan):
    plan.known["ecs"]["enabled"] = False
    plan.known["aws"] |= {"features": None, "lambda": {"enabled": False}}

    assert list(switched_off(plan.situation())) == [
        "ecs: not enabled, so Spinnaker has none of its accounts",
        "aws: Lambda, so Spinnaker shows no functions",
    ]


def test_a_provider_without_accounts_need_not_be_on(plan: Plan):
    plan.known["ecs"] = {"enabled": False, "accounts": []}

    assert list(switched_off(plan.situation())) == []


def test_providers_without_a_chosen_account_are_not_enabled(plan: Plan):
    for known in plan.known.values():
        known["enabled"] = False

    assert [step.name for step in plan.steps("core")] == ["aws"]


@pytest.mark.parametrize("part", ["cloudFormation", "lambda"])
def test_features_that_hal_would_break_on_are_refused(plan: Plan, part: str):
    plan.known["aws"]["features"] = {part: {"enabled": True}}

    with pytest.raises(Refused, match="must name both"):
        plan.steps()


def test_an_ecs_account_is_moved_by_an_edit(plan: Plan):
    plan.account("ecs", "staging-ecs")["awsAccount"] = "core"

    (step,) = plan.steps()

    assert step.calls[0][-2:] == ("staging-ecs", "--aws-account=staging")


def test_the_ecs_account_of_another_bundle_is_a_rival(plan: Plan):
    plan.known["ecs"]["accounts"].append({"name": "old", "awsAccount": "staging"})

    with pytest.raises(Refused, match="ECS account old belongs to staging too"):
        plan.steps()


def test_an_ecs_account_without_its_aws_account_is_refused(plan: Plan):
    plan.known["aws"]["accounts"] = plan.known["ecs"]["accounts"] = []

    with pytest.raises(Refused, match="hal does not know staging"):
        plan.steps("staging-ecs")


def test_a_name_of_another_provider_is_refused(plan: Plan):
    plan.known["ecs"]["accounts"] = [{"name": "core", "awsAccount": "x"}]

    with pytest.raises(Refused, match="core: hal has an account of that name in ecs"):
        plan.steps()


def test_what_hal_alone_knows_is_not_lost(plan: Plan):
    plan.account("aws", "staging").update(externalId="old", sessionName="S")

    with pytest.raises(Refused, match="hal would forget its sessionName"):
        plan.steps()


def test_a_missing_kubeconfig_is_refused(plan: Plan):
    Path(plan.bundle["kubernetes"][0]["kubeconfigFile"]).unlink()

    with pytest.raises(Refused, match=r"is missing\. Unpack the whole bundle"):
        plan.steps()


def test_a_role_that_looks_like_an_option_is_refused(plan: Plan):
    plan.bundle["aws"][1]["permissions"] = {"READ": ["-admin"]}

    with pytest.raises(Refused, match="takes the role “-admin” for an option"):
        plan.steps()


def test_an_aws_account_is_not_removed_under_its_ecs_account(plan: Plan):
    with pytest.raises(Refused, match="the ECS account staging-ecs belongs to it"):
        removal(plan.situation("staging"))


def test_a_cluster_in_the_pod_is_given_its_kubeconfig(plan: Plan):
    held = plan.account("kubernetes", "staging-apps")
    held |= {"serviceAccount": True, "kubeconfigFile": None}

    (step,) = plan.steps()

    assert step.done == "changed (kubeconfig-file, service-account)"
    assert step.calls[0][-1] == "--service-account=false"


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


def test_a_role_that_looks_like_an_option_is_left_where_hal_has_it(plan: Plan):
    for held in (plan.bundle, {"aws": plan.known["aws"]["accounts"]}):
        held["aws"][1]["permissions"] = {"READ": ["-admin"]}

    assert plan.steps() == []


def test_removing_what_hal_does_not_know_is_nothing(plan: Plan):
    plan.known["kubernetes"]["accounts"] = []

    assert [step.name for step in removal(plan.situation("staging-apps"))] == []


def test_removal_refuses_an_account_of_another_id(plan: Plan):
    plan.account("aws", "core")["accountId"] = "944444444444"

    with pytest.raises(Refused, match="is AWS account 944444444444"):
        removal(plan.situation())


def test_thousands_of_accounts_are_compared_in_seconds(tmp_path: Path):
    every = (provider("ec2"), provider("ecs"), eks())
    accounts = [
        managed(*every, name=f"a{n}", account_id=f"{n:012}") for n in range(3_000)
    ]
    plan = Plan(topology(*accounts, organization="o-a1b2c3d4e5"), tmp_path)

    assert plan.steps() == []
