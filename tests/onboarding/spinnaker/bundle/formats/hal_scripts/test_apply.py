"""apply.sh: what hal holds after the first run, and the options it takes."""

from __future__ import annotations

from onboarding.topology import Permissions
from tests.bundles import core, eks, staging
from tests.factories import managed, provider, topology
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import (
    QUESTIONS,
    Scripts,
    writes,
)


def test_the_first_run_tells_hal_of_every_account(scripts: Scripts):
    scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.names("ecs") == ["staging-ecs"]
    assert scripts.hal.names("kubernetes") == ["staging-apps"]
    assert all(known["enabled"] for known in scripts.hal.providers.values())


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


def test_the_managing_account_comes_first_and_so_is_primary(scripts: Scripts):
    scripts.holds(topology(staging(), core())).applied()

    assert scripts.hal.providers["aws"]["primaryAccount"] == "core"


def test_a_cluster_has_an_absolute_kubeconfig_and_its_own_context(scripts: Scripts):
    scripts.holds(topology(managed(eks({"namespaces": ["web", "jobs"]})))).applied()

    held = scripts.hal.account("kubernetes", "staging-apps")
    assert held["kubeconfigFile"] == str(
        scripts.folder / "kubernetes" / "staging-apps" / "kubeconfig.yml"
    )
    assert held["context"] == "staging-apps"
    assert held["namespaces"] == ["web", "jobs"]
    assert held["omitNamespaces"] == []


def test_lambda_is_switched_on_for_the_account_and_in_both_features(scripts: Scripts):
    scripts.applied()

    aws = scripts.hal.providers["aws"]
    assert aws["lambda"] == {"enabled": True}
    assert aws["features"] == {
        "cloudFormation": {"enabled": False},
        "lambda": {"enabled": True},
    }


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


def test_only_the_named_accounts_are_handled(scripts: Scripts):
    scripts.applied("--only", "staging", "staging-ecs")

    assert scripts.hal.names("aws") == ["staging"]
    assert scripts.hal.names("ecs") == ["staging-ecs"]
    assert scripts.hal.names("kubernetes") == []


def test_a_dry_run_prints_commands_that_do_the_same(scripts: Scripts):
    done = scripts.applied("--dry-run")
    assert scripts.hal.calls == QUESTIONS

    scripts.hal.run(["bash", "-ec", done.stdout])

    assert scripts.run("check").returncode == 0


def test_no_validate_is_passed_on(scripts: Scripts):
    done = scripts.run("apply", NO_VALIDATE="1")

    assert done.returncode == 0
    assert all("--no-validate" in call for call in writes(scripts.hal))


def test_validation_stays_on_unless_told_otherwise(scripts: Scripts):
    scripts.run("apply", NO_VALIDATE="0")

    assert not any("--no-validate" in call for call in writes(scripts.hal))
