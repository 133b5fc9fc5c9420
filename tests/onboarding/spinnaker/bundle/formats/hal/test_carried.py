"""What an account has in addition reaches hal where it has an option for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.spinnaker.bundle.formats.hal import OPTIONS
from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.known import (
    HOOKS,
    OF_A_HOOK,
    flags,
)
from tests.bundles import core, staging
from tests.factories import topology
from tests.jcommander import COMMANDS
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan

TERMINATING = {
    "defaultResult": "ABANDON",
    "heartbeatTimeout": 120,
    "lifecycleTransition": "autoscaling:EC2_INSTANCE_TERMINATING",
    "roleARN": "arn:aws:iam::922222222222:role/hook",
}
CARRIED: dict[str, Any] = {
    "aws": {
        "accountType": "main",
        "edda": "https://edda",
        "lifecycleHooks": [TERMINATING],
        "permissions": {"EXECUTE": ["sre"]},
        "regions": [{"name": "us-east-1", "preferredZones": ["us-east-1a"]}],
    },
    "ecs": {"namingStrategy": "tags"},
    "kubernetes": {
        "staging-apps": {"checkPermissionsOnStartup": False, "kinds": ["b", "a"]}
    },
}


@pytest.fixture
def carrying(tmp_path: Path) -> Plan:
    return Plan(topology(core(), staging(carried=CARRIED)), tmp_path)


def test_its_bundle_says_what_hals_config_knows_and_nothing_else(carrying: Plan):
    bundle = carrying.bundle

    aws = next(one for one in bundle["aws"] if one["name"] == "staging")
    assert aws["edda"] == "https://edda"
    assert aws["lifecycleHooks"] == [TERMINATING]
    assert aws["permissions"] == {"EXECUTE": ["sre"]}
    assert aws["regions"][0] == {"name": "us-east-1"}
    assert "accountType" not in aws
    assert bundle["ecs"] == [{"name": "staging-ecs", "awsAccount": "staging"}]
    assert bundle["kubernetes"][0]["checkPermissionsOnStartup"] is False


def test_a_hal_that_knows_it_all_is_asked_nothing(carrying: Plan):
    assert carrying.steps() == []


def test_what_hal_is_without_is_given_to_it(carrying: Plan):
    account = carrying.account("aws", "staging")
    del account["edda"], account["lifecycleHooks"], account["permissions"]
    cluster = carrying.account("kubernetes", "staging-apps")
    del cluster["kinds"], cluster["checkPermissionsOnStartup"]

    (aws,), (kubernetes,) = (step.calls for step in carrying.steps())

    hook = "--terminating-lifecycle-hook"
    assert {*aws} >= {
        "--edda=https://edda",
        f"{hook}-default-result=ABANDON",
        f"{hook}-heartbeat-timeout-seconds=120",
        f"{hook}-role-arn={TERMINATING['roleARN']}",
    }
    assert {*kubernetes} >= {"--kinds=a,b", "--check-permissions-on-startup=false"}


def test_what_the_bundle_does_not_say_stays_in_hal(plan: Plan):
    plan.account("aws", "staging")["edda"] = "theirs"
    plan.account("kubernetes", "staging-apps")["kinds"] = ["a"]

    assert plan.steps() == []


def test_deleting_loses_nothing_that_the_bundle_adds_again(carrying: Plan, plan: Plan):
    for one in (carrying, plan):
        account = one.account("aws", "staging")
        account |= {"externalId": "stuck", "edda": "x", "permissions": {}}

    (step,) = carrying.steps()
    assert "--edda=https://edda" in step.calls[1]
    with pytest.raises(Refused, match="forget its edda"):
        plan.steps()


@pytest.mark.parametrize(
    "hooks",
    [
        [TERMINATING, TERMINATING],
        [{"lifecycleTransition": "other"}],
        [{"roleARN": "x"}],
    ],
)
def test_hooks_that_hal_has_no_options_for_are_not_said(hooks: list[dict[str, Any]]):
    said = flags("aws", {"lifecycleHooks": hooks})

    assert [flag for flag in said if "hook" in flag] == []


@pytest.mark.parametrize("verb", ["add", "edit"])
def test_every_option_is_one_of_hals(verb: str) -> None:
    hooks = [f"{start}-{end}" for start in HOOKS.values() for end in OF_A_HOOK.values()]

    for provider, known in OPTIONS.items():
        flags_of_hal = COMMANDS[f"hal config provider {provider} account {verb}"][
            "flags"
        ]
        wanted = [flag for flag, _ in known.values()]
        wanted += hooks if provider == "aws" else []
        assert {*wanted} <= {*flags_of_hal}, provider
