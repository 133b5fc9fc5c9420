"""What hal is asked to change, from what it knows: pure, so every corner is here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.plan import (
    changes,
    switched_off,
)
from onboarding.spinnaker.bundle.formats.hal.removing import removal
from tests.bundles import eks
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


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


def test_features_that_hal_would_break_on_are_refused(plan: Plan):
    plan.known["aws"]["features"] = {"cloudFormation": {"enabled": True}}

    with pytest.raises(Refused, match="must name both"):
        plan.steps()


def test_features_without_a_part_stop_nothing_that_needs_no_feature(plan: Plan):
    plan.known["aws"]["features"] = {"lambda": {"enabled": True}}
    plan.account("aws", "staging")["regions"] = [{"name": "eu-west-1"}]

    assert plan.done() == ["staging: changed (regions)"]


def test_a_persons_ecs_account_of_the_same_name_is_not_taken_over(plan: Plan):
    plan.account("ecs", "staging-ecs")["awsAccount"] = "core"

    with pytest.raises(Refused, match="hal's staging-ecs belongs to core, not stag"):
        plan.steps()


def test_a_persons_cluster_of_the_same_name_is_not_taken_over(plan: Plan):
    plan.account("kubernetes", "staging-apps")["kubeconfigFile"] = "/home/me/config"

    with pytest.raises(Refused, match="a kubeconfig that Bowline didn't create"):
        plan.steps()


@pytest.mark.parametrize(
    ("part", "name", "theirs"),
    [
        ("aws", "staging", {"accountId": "944444444444", "sessionName": "S"}),
        ("ecs", "staging-ecs", {"awsAccount": "core"}),
        ("kubernetes", "staging-apps", {"kubeconfigFile": "/x", "skin": "s"}),
    ],
)
def test_an_account_is_taken_over_where_a_person_says_so(
    plan: Plan, part: str, name: str, theirs: dict[str, Any]
):
    plan.account(part, name).update(theirs)

    (step,) = changes(plan.situation(taken_over=frozenset({name})))

    assert step.done == "taken over: deleted and added"
    assert [words[4] for words in step.calls] == ["delete", "add"]


def test_the_ecs_account_of_another_bundle_is_a_rival(plan: Plan):
    plan.known["ecs"]["accounts"].append({"name": "old", "awsAccount": "staging"})

    with pytest.raises(Refused, match="ECS account old belongs to staging too"):
        plan.steps()


def test_an_ecs_account_without_its_aws_account_is_refused(plan: Plan):
    plan.known["aws"]["accounts"] = plan.known["ecs"]["accounts"] = []

    with pytest.raises(Refused, match="hal doesn't know staging"):
        plan.steps("staging-ecs")


def test_a_name_of_another_provider_is_refused(plan: Plan):
    plan.known["ecs"]["accounts"] = [{"name": "core", "awsAccount": "x"}]

    with pytest.raises(Refused, match="hal has an account core in ecs already"):
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


def test_an_ecs_account_is_removed_before_the_aws_account_it_belongs_to(plan: Plan):
    names = [step.name for step in removal(plan.situation())]

    assert names == ["staging-apps", "staging-ecs", "core", "staging"]


def test_two_accounts_of_one_name_become_one(plan: Plan):
    plan.known["aws"]["accounts"].append(dict(plan.account("aws", "staging")))

    assert plan.done() == ["staging: deleted and added again (2 of that name)"]


def test_a_cluster_in_the_pod_is_given_its_kubeconfig(plan: Plan):
    held = plan.account("kubernetes", "staging-apps")
    held |= {"serviceAccount": True}

    (step,) = plan.steps()

    assert step.done == "changed (service-account)"
    assert step.calls[0][-1] == "--service-account=false"


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


@pytest.mark.parametrize("verb", ["EXECUTE", "CREATE"])
def test_permissions_that_any_edit_would_lose_are_not_lost(plan: Plan, verb: str):
    held = plan.account("aws", "staging")
    held |= {"regions": [], "permissions": {verb: ["a"]}}

    with pytest.raises(Refused, match=f"must be edited.*forget its permissions.{verb}"):
        plan.steps()


def test_permissions_that_bowline_does_not_know_matter_to_no_other_account(plan: Plan):
    plan.account("aws", "core")["permissions"] = {"EXECUTE": ["a"], "CREATE": []}
    plan.account("aws", "staging")["regions"] = [{"name": "eu-west-1"}]

    assert plan.done() == ["staging: changed (regions)"]


def test_a_name_in_a_provider_of_any_kind_is_refused(plan: Plan):
    plan.known["dockerRegistry"] = {"accounts": [{"name": "staging"}]}

    with pytest.raises(Refused, match="an account staging in dockerRegistry already"):
        plan.steps()


def test_many_refusals_are_counted_and_not_all_listed(plan: Plan):
    names = [f"a{n}" for n in range(100)]
    plan.bundle["ecs"] = [{"name": name, "awsAccount": "none"} for name in names]

    with pytest.raises(Refused) as refused:
        plan.steps()

    assert len(str(refused.value).splitlines()) == 21
    assert str(refused.value).endswith("... and 80 more like these.")


@pytest.mark.parametrize(
    ("part", "name", "theirs"),
    [
        ("ecs", "staging-ecs", {"awsAccount": "core"}),
        ("kubernetes", "staging-apps", {"kubeconfigFile": "/x"}),
    ],
)
def test_removal_leaves_a_persons_account_of_the_same_name(
    plan: Plan, part: str, name: str, theirs: dict[str, str]
):
    plan.account(part, name).update(theirs)

    with pytest.raises(Refused, match="This bundle doesn't remove it"):
        removal(plan.situation())
