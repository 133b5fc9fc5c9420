"""What hal knows of an account, in addition or by an old name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding.spinnaker.bundle.formats.hal import OPTIONS
from onboarding.spinnaker.bundle.formats.hal.calling import Failed, Refused, hal
from onboarding.spinnaker.bundle.formats.hal.known import (
    HOOKS,
    OF_A_HOOK,
    extras,
    flags,
    is_restored,
    is_same_id,
    words,
)
from onboarding.spinnaker.bundle.formats.hal.plan import (
    changes,
)
from tests.bundles import core, staging
from tests.factories import topology
from tests.jcommander import COMMANDS
from tests.onboarding.spinnaker.bundle.formats.hal.known_bundle import Plan


@pytest.mark.parametrize(
    ("ours", "theirs", "same"),
    [
        ("922222222222", "922222222222", True),
        ("922222222222", "922222222223", False),
        ("012345678901", "12345678901", True),
        ("012345670123", "1402433619", True),
        ("112345670123", str(int("112345670123", 8)), False),
        ("922222222222", "", True),
        ("922222222222", "not an id", False),
    ],
)
def test_an_account_id_is_known_again_as_yaml_misreads_it(
    ours: str, theirs: str, same: bool
):
    assert is_same_id(ours, theirs) is same


@pytest.mark.parametrize("folder", ["", "/home/spinnaker/.hal/"])
def test_a_kubeconfig_that_a_backup_restored_is_known_by_its_path(folder: str):
    """hal answers a path in its own folder, or a whole one."""
    path = f"{folder}.backup/required-files/0-kubeconfig.yml"

    assert is_restored({"kubeconfigFile": path})
    assert not is_restored({"kubeconfigFile": path.replace(".backup", "backup")})


def test_a_value_is_one_word_with_its_flag():
    said = {
        "--context": "-apps",
        "--regions": ("a", "b"),
        "--read-permissions": ("@x",),
    }

    assert [*words(said)] == [
        "--context=-apps",
        "--regions=a,b",
        "--read-permissions=@x",
    ]


def test_what_is_cleared_is_said_in_hals_own_way():
    said = list(words({"--lambda-enabled": "", "--namespaces": ()}))

    assert said == ["--lambda-enabled=false", "--all-namespaces"]


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ({"name": "x", "accountId": "9", "lifecycleHooks": [], "edda": None}, []),
        ({"sessionName": "S", "edda": "e"}, ["edda", "sessionName"]),
        ({"permissions": {"READ": ["a"], "EXECUTE": ["b"]}}, ["permissions.EXECUTE"]),
    ],
)
def test_extras_are_what_hal_alone_knows(account: dict[str, Any], found: list[str]):
    assert extras("aws", account) == found


def test_what_hal_gives_every_cluster_is_no_extra():
    usual = {
        "providerVersion": "V2",
        "cacheThreads": 1,
        "configureImagePullSecrets": True,
        "rawResourcesEndpointConfig": {"kindExpressions": []},
    }

    assert extras("kubernetes", usual) == []
    assert extras("kubernetes", {"cacheThreads": 4}) == ["cacheThreads"]


def test_an_ecs_account_has_no_permissions_of_its_own():
    said = flags("ecs", {"awsAccount": "x", "permissions": {"READ": ["a"]}})

    assert said == {"--aws-account": "x"}


def test_a_silent_failure_gets_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    program = tmp_path / "hal"
    program.write_text("#!/bin/sh\nexit 7\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(Failed, match="It ended with exit code 7 and printed nothing"):
        hal(("config",))


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


@pytest.mark.parametrize(
    ("differs", "says"),
    [
        (
            {"regions": []},
            "be edited, and hal would forget its permissions.EXECUTE, for "
            "which hal has no option. Merge the bundle into the Halyard config instead",
        ),
        (
            {"externalId": "old", "namingStrategy": "x"},
            "its namingStrategy, "
            "permissions.EXECUTE, which hal/apply.sh doesn't add again. Merge",
        ),
    ],
)
def test_what_the_bundle_has_and_hal_can_not_be_given_is_merged(
    carrying: Plan, differs: dict[str, Any], says: str
):
    carrying.account("aws", "staging").update(differs)

    with pytest.raises(Refused, match=says) as refused:
        carrying.steps()

    assert "doesn't know" not in str(refused.value)


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
