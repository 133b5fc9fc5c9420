"""apply.sh: what hal holds after each run, words, options, what stands in its way."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from onboarding.topology import Permissions
from tests.bundles import core, eks, staging
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import (
    QUESTIONS,
    Scripts,
    one,
    writes,
)


def test_hal_holds_what_the_bundle_says(scripts: Scripts):
    scripts.holds(
        topology(
            managed(
                provider("ec2", key_pair="ops keys"),
                provider("lambda"),
                environment="staging",
                external_id="e-1",
                permissions=Permissions(("dev", "a,b"), ("ops team",)),
            )
        )
    )

    scripts.applied()

    assert scripts.hal.account("aws", "staging") == {
        "name": "staging",
        "environment": "staging",
        "requiredGroupMembership": [],
        "permissions": {"READ": ["a,b", "dev"], "WRITE": ["ops team"]},
        "accountId": "922222222222",
        "regions": [{"name": "us-east-1"}, {"name": "us-west-2"}],
        "assumeRole": "role/spinnakerManaged",
        "externalId": "e-1",
        "defaultKeyPair": "ops keys",
        "lifecycleHooks": [],
        "lambdaEnabled": True,
    }


def test_a_cluster_has_an_absolute_kubeconfig_and_its_own_context(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web", "jobs"]})))).applied()

    held = scripts.hal.account("kubernetes", "staging-apps")
    assert held["kubeconfigFile"] == str(
        scripts.folder / "kubernetes" / "staging-apps" / "kubeconfig.yml"
    )
    assert held["context"] == "staging-apps"
    assert held["namespaces"] == ["web", "jobs"]
    assert held["omitNamespaces"] == []


def test_cloudformation_stays_as_it_was(scripts: Scripts):
    features = {"cloudFormation": {"enabled": True}, "lambda": {"enabled": False}}
    scripts.hal.holds(aws={"enabled": True, "accounts": [], "features": features})

    scripts.applied()

    assert scripts.hal.providers["aws"]["features"]["cloudFormation"]["enabled"]


def test_a_backup_is_made_before_the_first_change(scripts: Scripts):
    done = scripts.applied()

    calls = scripts.hal.calls
    assert calls[:2] == [*QUESTIONS, ["backup", "create", "-q"]]
    assert "halyard-0.tar" in done.stderr.splitlines()[0]


def test_progress_is_told_on_stderr(scripts: Scripts):
    done = scripts.applied()

    assert "[7/8] staging-ecs: added" in done.stderr
    assert done.stdout == ""


def test_no_secret_is_on_stdout_or_stderr(scripts: Scripts):
    scripts.hal.holds(aws={"enabled": False, "accounts": [], "secretAccessKey": "hush"})

    done = scripts.applied()

    assert "hush" not in done.stdout + done.stderr


def test_a_dry_run_prints_commands_that_do_the_same(scripts: Scripts):
    done = scripts.applied("--dry-run")
    assert scripts.hal.calls == QUESTIONS

    scripts.hal.run(["bash", "-ec", done.stdout])

    assert scripts.run("check").returncode == 0


def test_no_validate_is_passed_on(scripts: Scripts):
    done = scripts.run("apply", NO_VALIDATE="1")

    assert done.returncode == 0
    assert all("--no-validate" in call for call in writes(scripts.hal))


def test_the_second_run_changes_nothing_and_only_asks(scripts: Scripts):
    scripts.applied()
    before = (scripts.hal.home / "config").read_bytes()
    assert scripts.hal.calls

    done = scripts.applied()

    assert scripts.hal.calls == QUESTIONS
    assert (scripts.hal.home / "config").read_bytes() == before
    assert done.stderr == (
        "No changes: hal already has these accounts in deployment default.\n"
    )


def test_an_edited_account_is_edited_in_its_place(scripts: Scripts):
    scripts.applied()
    scripts.holds(topology(core(), staging(regions=("us-west-2",), environment="x")))

    done = scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    held = scripts.hal.account("aws", "staging")
    assert held["regions"] == [{"name": "us-west-2"}]
    assert "staging: changed (environment, regions)" in done.stderr


@pytest.mark.parametrize(
    ("before", "flag"),
    [
        ({"external_id": "e1"}, "external-id"),
        ({"environment": "x"}, "environment"),
        ({"permissions": Permissions(("a",), ())}, "read-permissions"),
    ],
)
def test_what_edit_cannot_clear_is_deleted_and_added_again(
    scripts: Scripts, before: dict[str, Any], flag: str
):
    scripts.holds(topology(core(), managed(provider("ec2"), **before))).applied()
    scripts.holds(topology(core(), managed(provider("ec2"))))

    done = scripts.applied()

    assert f"staging: deleted and added again ({flag})" in done.stderr
    assert "externalId" not in scripts.hal.account("aws", "staging")
    assert scripts.applied().stderr.startswith("No changes: hal already has")


def test_all_namespaces_take_the_place_of_listed_ones(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web"]})))).applied()
    scripts.holds(topology(managed(eks())))

    scripts.applied()

    assert scripts.hal.account("kubernetes", "staging-apps")["namespaces"] == []


def test_namespaces_never_stand_beside_omitted_ones(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web"]})))).applied()
    kubernetes = scripts.hal.providers["kubernetes"]
    kubernetes["accounts"][0] |= {"namespaces": [], "omitNamespaces": ["jobs"]}
    scripts.hal.holds(kubernetes=kubernetes)

    scripts.applied()

    held = scripts.hal.account("kubernetes", "staging-apps")
    assert (held["namespaces"], held["omitNamespaces"]) == (["web"], [])


@pytest.mark.parametrize(
    "role",
    [
        "@file",
        "a b",
        "it's",
        '"quoted"',
        "$HOME",
        "$(touch pwned)",
        "`id`",
        "a\\b",
        "a=b",
        "ünï · 团队",
        "*",
        "; exit 9",
    ],
)
def test_a_role_arrives_as_it_is(scripts: Scripts, role: str):
    scripts.holds(one(permissions=Permissions((role,), ())))

    scripts.applied()
    again = scripts.applied()

    held = scripts.hal.account("aws", "staging")
    assert held["permissions"]["READ"] == [role]
    assert "No changes: hal already has" in again.stderr


def test_a_value_that_begins_like_an_option_arrives_as_it_is(scripts: Scripts):
    scripts.holds(one(environment="--regions", external_id="-q=@x"))

    scripts.applied()

    held = scripts.hal.account("aws", "staging")
    assert (held["environment"], held["externalId"]) == ("--regions", "-q=@x")


def refused(scripts: Scripts) -> str:
    done = scripts.run("apply")
    assert done.returncode == 1
    assert scripts.hal.calls == QUESTIONS
    return done.stderr


def test_every_hindrance_is_told_at_once(scripts: Scripts):
    shutil.rmtree(scripts.folder / "kubernetes")
    theirs = {"name": "old", "awsAccount": "staging"}
    scripts.hal.holds(ecs={"enabled": True, "accounts": [theirs]})

    assert len(refused(scripts).splitlines()) == 2


def test_it_stops_at_the_first_failure_and_tells_how_to_go_on(scripts: Scripts):
    scripts.hal.fails_at("staging")

    done = scripts.run("apply")

    assert done.returncode == 1
    last = done.stderr.splitlines()[-3:]
    assert last[0].startswith("staging: hal didn't do it.")
    assert last[1].startswith("Stopped after 5 of 8. The backup is /")
    script = scripts.folder / "hal" / "apply.sh"
    assert last[2].endswith(f"continue with: bash {script} --from staging")
    assert scripts.hal.names("aws") == ["core"]


def test_the_command_that_it_names_goes_on_from_there(scripts: Scripts):
    scripts.hal.fails_at("staging")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("continue with: ")[1]
    done = scripts.hal.run(["bash", "-c", command])

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.names("kubernetes") == ["staging-apps"]
