"""The bundle's hal/ scripts, run by bash against a strict stand-in for hal."""

from __future__ import annotations

import ast
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from onboarding.topology import Permissions, Topology
from tests.bundles import core, eks, staging, unpacked, with_every_provider
from tests.factories import managed, provider, topology
from tests.hal import Hal

QUESTIONS = [
    ["config", "provider", name, "-q", "-o", "json", "--no-validate"]
    for name in ("aws", "ecs", "kubernetes")
]


@pytest.fixture
def hal(tmp_path: Path) -> Hal:
    return Hal(tmp_path)


class Scripts:
    """A bundle on disk, whose scripts run against a test's own hal."""

    def __init__(self, hal: Hal, folder: Path) -> None:
        self.hal = hal
        self.folder = folder

    def holds(self, bundled: Topology) -> Scripts:
        """Unpack another bundle over the one before."""
        unpacked(bundled, self.folder)
        return self

    def run(self, verb: str, *words: str, **options: str) -> CompletedProcess[str]:
        script = str(self.folder / "hal" / f"{verb}.sh")
        return self.hal.run(["bash", script, *words], **options)

    def applied(self, *words: str) -> CompletedProcess[str]:
        done = self.run("apply", *words)
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def scripts(hal: Hal, tmp_path: Path) -> Scripts:
    return Scripts(hal, tmp_path / "bundle").holds(with_every_provider())


def one(**fields: Any) -> Topology:
    return topology(managed(provider("ec2"), **fields))


# The first run


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


def test_features_that_lack_a_part_are_refused_before_hal_breaks_on_them(
    scripts: Scripts,
):
    features = {"lambda": {"enabled": False}}
    scripts.hal.holds(aws={"enabled": True, "accounts": [], "features": features})

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "must name both cloudFormation and lambda" in done.stderr


def test_a_backup_is_made_before_the_first_change(scripts: Scripts):
    done = scripts.applied()

    calls = scripts.hal.calls
    assert calls[:4] == [*QUESTIONS, ["backup", "create", "-q"]]
    assert "halyard-0.tar" in done.stderr.splitlines()[0]


def test_progress_is_told_on_stderr(scripts: Scripts):
    done = scripts.applied()

    assert "[7/8] staging-ecs: added" in done.stderr
    assert done.stdout == ""


def test_no_secret_is_on_stdout_or_stderr(scripts: Scripts):
    scripts.hal.holds(aws={"enabled": False, "accounts": [], "secretAccessKey": "hush"})

    done = scripts.applied()

    assert "hush" not in done.stdout + done.stderr


# Words that hal could misread


def test_the_account_stands_right_behind_the_verb(scripts: Scripts):
    scripts.applied()

    for call in writes(scripts.hal):
        verb = next(word for word in ("add", "edit") if word in call)
        assert not call[call.index(verb) + 1].startswith("-")


def writes(hal: Hal) -> Iterator[list[str]]:
    return (call for call in hal.calls if "account" in call)


def test_greedy_flags_come_last(scripts: Scripts):
    scripts.holds(one(permissions=Permissions(("a",), ("b",)), environment="x"))

    scripts.applied()

    (call,) = (call for call in scripts.hal.calls if "add" in call)
    flags = [word.split("=")[0] for word in call if word.startswith("--")]
    assert flags[-3:] == ["--regions", "--read-permissions", "--write-permissions"]


def test_each_permission_has_a_flag_of_its_own(scripts: Scripts):
    scripts.holds(one(permissions=Permissions(("a", "b"), ())))

    scripts.applied()

    (call,) = (call for call in scripts.hal.calls if "add" in call)
    assert call[-2:] == ["--read-permissions=a", "--read-permissions=b"]


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
    assert "Nothing to change" in again.stderr


def test_a_role_that_hal_takes_for_an_option_is_refused_before_any_change(
    scripts: Scripts,
):
    scripts.holds(one(permissions=Permissions(("-admin",), ())))

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "hal takes the role “-admin” for an option" in done.stderr
    assert scripts.hal.calls == QUESTIONS


def test_a_value_that_begins_like_an_option_arrives_as_it_is(scripts: Scripts):
    scripts.holds(one(environment="--regions", external_id="-q=@x"))

    scripts.applied()

    held = scripts.hal.account("aws", "staging")
    assert (held["environment"], held["externalId"]) == ("--regions", "-q=@x")


def test_an_account_id_with_leading_zeros_stays_a_text(scripts: Scripts):
    scripts.holds(one(account_id="012345670123")).applied()

    again = scripts.applied()

    assert scripts.hal.account("aws", "staging")["accountId"] == "012345670123"
    assert "Nothing to change" in again.stderr


@pytest.mark.parametrize(
    ("wanted", "held"),
    [("012345670123", 1402433619), ("012345678901", 12345678901)],
)
def test_an_account_id_that_yaml_misread_is_mended(
    scripts: Scripts, wanted: str, held: int
):
    scripts.holds(one(account_id=wanted)).applied()
    aws = scripts.hal.providers["aws"]
    aws["accounts"][0]["accountId"] = held
    scripts.hal.holds(aws=aws)

    scripts.applied()

    assert scripts.hal.account("aws", "staging")["accountId"] == wanted


# The second run, and an edited bundle


def test_the_second_run_changes_nothing_and_only_asks(scripts: Scripts):
    scripts.applied()
    before = (scripts.hal.home / "config").read_bytes()
    assert scripts.hal.calls

    done = scripts.applied()

    assert scripts.hal.calls == QUESTIONS
    assert (scripts.hal.home / "config").read_bytes() == before
    assert done.stderr == "Nothing to change: hal has it so already.\n"


def test_a_new_account_costs_one_call(scripts: Scripts):
    scripts.applied()
    third = managed(provider("ec2"), name="third", account_id="933333333333")
    scripts.holds(topology(core(), staging(), third))
    assert scripts.hal.calls

    scripts.applied()

    assert len(scripts.hal.calls) == len(QUESTIONS) + 2  # the backup, and the add
    assert scripts.hal.names("aws") == ["core", "staging", "third"]


def test_an_edited_account_is_edited_in_its_place(scripts: Scripts):
    scripts.applied()
    scripts.holds(topology(core(), staging(regions=("us-west-2",), environment="x")))

    done = scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    held = scripts.hal.account("aws", "staging")
    assert held["regions"] == [{"name": "us-west-2"}]
    assert "staging: changed (environment, regions)" in done.stderr


def test_lambda_is_switched_off_by_an_edit(scripts: Scripts):
    scripts.applied()
    scripts.holds(topology(core(), managed(provider("ec2"))))

    done = scripts.applied()

    assert scripts.hal.account("aws", "staging")["lambdaEnabled"] is False
    assert "staging: changed (lambda-enabled)" in done.stderr


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
    assert scripts.applied().stderr.startswith("Nothing to change")


def test_a_key_pair_is_cleared_by_deleting_and_adding(scripts: Scripts):
    with_key = managed(provider("ec2", key_pair="ops"))
    scripts.holds(topology(core(), with_key)).applied()
    scripts.holds(topology(core(), managed(provider("ec2")))).applied()

    assert "defaultKeyPair" not in scripts.hal.account("aws", "staging")


def test_replacing_the_primary_account_keeps_it_first(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    scripts.holds(topology(core(), staging()))

    scripts.applied()

    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.providers["aws"]["primaryAccount"] == "core"
    assert "externalId" not in scripts.hal.account("aws", "core")
    assert scripts.applied().stderr.startswith("Nothing to change")


def test_the_primary_account_is_not_replaced_among_accounts_of_others(
    scripts: Scripts,
):
    scripts.holds(topology(core(external_id="e1"))).applied()
    scripts.hal(
        *("config", "provider", "aws", "account", "add", "theirs"),
        *("--account-id", "944444444444", "--assume-role", "role/x"),
    )
    scripts.holds(topology(core()))

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "would make another account its primary one" in done.stderr
    assert scripts.hal.account("aws", "core")["externalId"] == "e1"


def test_what_only_hal_knows_of_an_account_is_not_lost(scripts: Scripts):
    scripts.holds(topology(core(), staging(providers=(provider("ec2"),)))).applied()
    aws = scripts.hal.providers["aws"]
    hook = {"roleARN": "arn:aws:iam::922222222222:role/x"}
    aws["accounts"][1] |= {"lifecycleHooks": [hook], "externalId": "theirs"}
    scripts.hal.holds(aws=aws)

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "hal would forget its lifecycleHooks" in done.stderr
    assert scripts.hal.account("aws", "staging")["lifecycleHooks"] == [hook]


def test_a_name_that_hal_holds_twice_is_made_one(scripts: Scripts):
    scripts.applied()
    aws = scripts.hal.providers["aws"]
    aws["accounts"].append(dict(aws["accounts"][1]))
    scripts.hal.holds(aws=aws)

    done = scripts.applied()

    assert "staging: deleted and added again (2 of that name)" in done.stderr
    assert scripts.hal.names("aws") == ["core", "staging"]


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


def test_accounts_of_others_are_left_as_they_are(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})

    done = scripts.applied()

    assert scripts.hal.names("aws") == ["theirs", "core", "staging"]
    assert scripts.hal.account("aws", "theirs") == theirs
    assert "primary account, which Deck offers first, stays theirs" in done.stderr


# What stands in the way is found before anything changes


def refused(scripts: Scripts) -> str:
    done = scripts.run("apply")
    assert done.returncode == 1
    assert scripts.hal.calls == QUESTIONS
    return done.stderr


def test_an_account_of_the_same_name_and_another_id_is_not_overwritten(
    scripts: Scripts,
):
    theirs = {"name": "staging", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})

    assert "hal's account of that name is AWS account 944444444444" in refused(scripts)


def test_the_same_name_in_two_providers_is_refused(scripts: Scripts):
    cluster = {"name": "staging", "kubeconfigFile": "/x"}
    scripts.hal.holds(kubernetes={"enabled": True, "accounts": [cluster]})

    assert "an account of that name in kubernetes already" in refused(scripts)


def test_one_ecs_account_per_aws_account(scripts: Scripts):
    theirs = {"name": "old", "awsAccount": "staging"}
    scripts.hal.holds(ecs={"enabled": True, "accounts": [theirs]})

    assert "ECS account old belongs to staging too" in refused(scripts)


def test_a_missing_kubeconfig_is_named(scripts: Scripts):
    shutil.rmtree(scripts.folder / "kubernetes")

    assert "kubeconfig.yml is missing. Unpack the whole bundle." in refused(scripts)


def test_every_hindrance_is_told_at_once(scripts: Scripts):
    shutil.rmtree(scripts.folder / "kubernetes")
    theirs = {"name": "old", "awsAccount": "staging"}
    scripts.hal.holds(ecs={"enabled": True, "accounts": [theirs]})

    assert len(refused(scripts).splitlines()) == 2


def test_a_daemon_that_is_down_is_not_taken_for_missing_accounts(scripts: Scripts):
    scripts.hal.fails_at("kubernetes")

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "hal did not say what it knows" in done.stderr
    assert "Unable to reach the daemon" in done.stderr
    assert "\x1b" not in done.stderr
    assert scripts.hal.names("aws") == []


# A failure in the middle


def test_it_stops_at_the_first_failure_and_tells_how_to_go_on(scripts: Scripts):
    scripts.hal.fails_at("staging")

    done = scripts.run("apply")

    assert done.returncode == 1
    last = done.stderr.splitlines()[-3:]
    assert last[0].startswith("staging: hal did not do it.")
    assert last[1].startswith("Stopped after 5 of 8. The backup is /")
    script = scripts.folder / "hal" / "apply.sh"
    assert last[2].endswith(f"go on with: bash {script} --from staging")
    assert scripts.hal.names("aws") == ["core"]


def test_the_command_that_it_names_goes_on_from_there(scripts: Scripts):
    scripts.hal.fails_at("staging")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("go on with: ")[1]
    done = scripts.hal.run(["bash", "-c", command])

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.hal.names("kubernetes") == ["staging-apps"]


def test_a_broken_off_replacement_of_the_first_account_goes_on(scripts: Scripts):
    scripts.holds(topology(core(external_id="e1"), staging())).applied()
    scripts.holds(topology(core(), staging()))
    scripts.hal.fails_at("core")
    failed = scripts.run("apply")
    scripts.hal.fails_at()

    command = failed.stderr.strip().split("go on with: ")[1]
    scripts.hal.run(["bash", "-c", command])

    assert scripts.hal.names("aws") == ["core", "staging"]
    assert scripts.run("check").returncode == 0


def test_nothing_changes_where_no_backup_can_be_made(scripts: Scripts):
    scripts.hal.fails_at("backup")

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "hal could not make a backup first" in done.stderr
    assert scripts.hal.names("aws") == []


# Options


def test_only_the_named_accounts_are_handled(scripts: Scripts):
    scripts.applied("--only", "staging", "staging-ecs")

    assert scripts.hal.names("aws") == ["staging"]
    assert scripts.hal.names("ecs") == ["staging-ecs"]
    assert scripts.hal.names("kubernetes") == []


def test_an_ecs_account_alone_needs_its_aws_account(scripts: Scripts):
    done = scripts.run("apply", "--only", "staging-ecs")

    assert done.returncode == 1
    assert "hal does not know staging" in done.stderr


def test_a_name_that_the_bundle_lacks_is_refused(scripts: Scripts):
    done = scripts.run("apply", "--only", "prod")

    assert done.returncode == 1
    assert "“prod” is no account of this bundle." in done.stderr


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


# check.sh


def test_check_tells_same_missing_different_and_unknown(scripts: Scripts):
    scripts.applied("--only", "core", "staging")
    aws = scripts.hal.providers["aws"]
    aws["accounts"][1]["environment"] = "other"
    aws["accounts"].append({"name": "theirs", "accountId": "9", "assumeRole": "x"})
    scripts.hal.holds(aws=aws)

    done = scripts.run("check")

    assert done.returncode == 1
    assert [line.split(maxsplit=1)[0] for line in done.stdout.splitlines()] == [
        "same",
        "different",
        "unknown",
        "missing",
        "missing",
    ]
    assert "different (environment)  aws staging" in done.stdout


def test_check_answers_0_where_all_is_the_same(scripts: Scripts):
    scripts.applied()

    assert scripts.run("check").returncode == 0


# remove.sh


def test_remove_makes_hal_forget_this_bundles_accounts_only(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})
    scripts.applied()

    done = scripts.run("remove", "--yes")

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["theirs"]
    assert scripts.hal.names("ecs") == scripts.hal.names("kubernetes") == []


def test_ecs_is_removed_before_its_aws_account(scripts: Scripts):
    scripts.applied()
    assert scripts.hal.calls

    scripts.run("remove", "--yes")

    deleted = [call[5] for call in scripts.hal.calls if "delete" in call]
    assert deleted == ["staging-apps", "staging-ecs", "core", "staging"]


@pytest.mark.parametrize(("answer", "left"), [("remove\n", []), ("y\n", ["core"])])
def test_remove_asks_first(scripts: Scripts, answer: str, left: list[str]):
    scripts.holds(topology(core())).applied()

    done = scripts.run("remove", answer=answer)

    assert "Type “remove” to go on" in done.stderr
    assert scripts.hal.names("aws") == left


def test_remove_without_an_answer_removes_nothing(scripts: Scripts):
    scripts.applied()

    done = scripts.run("remove")

    assert done.returncode == 1
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_remove_of_a_named_account_leaves_the_others(scripts: Scripts):
    scripts.applied()

    scripts.run("remove", "--yes", "staging-apps")

    assert scripts.hal.names("kubernetes") == []
    assert scripts.hal.names("aws") == ["core", "staging"]


def test_an_aws_account_is_not_removed_under_its_ecs_account(scripts: Scripts):
    scripts.applied()

    done = scripts.run("remove", "--yes", "staging")

    assert done.returncode == 1
    assert "the ECS account staging-ecs belongs to it" in done.stderr


def test_an_account_of_another_id_is_not_removed(scripts: Scripts):
    theirs = {"name": "staging", "accountId": "944444444444", "assumeRole": "role/x"}
    scripts.hal.holds(aws={"enabled": True, "accounts": [theirs]})

    done = scripts.run("remove", "--yes")

    assert done.returncode == 1
    assert scripts.hal.names("aws") == ["staging"]


def test_the_config_is_what_it_was_after_apply_and_remove(scripts: Scripts):
    theirs = {"name": "theirs", "accountId": "944444444444", "assumeRole": "role/x"}
    aws = {"enabled": True, "accounts": [theirs], "primaryAccount": "theirs"}
    features = {"cloudFormation": {"enabled": False}, "lambda": {"enabled": True}}
    both = {"features": features, "lambda": {"enabled": True}}
    on = {"enabled": True, "accounts": []}
    scripts.hal.holds(aws={**aws, **both}, ecs=on, kubernetes=on)
    before = scripts.hal.providers

    scripts.applied()
    scripts.run("remove", "--yes")

    assert scripts.hal.providers == before


# Where something is missing


def test_a_missing_hal_is_named(scripts: Scripts):
    (scripts.hal.bin / "hal").unlink()

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "apply.sh needs hal, and there is none here" in done.stderr


def test_a_missing_python_is_named(scripts: Scripts):
    linked(scripts.hal.bin, "bash", "dirname", "basename")

    done = scripts.run("apply", PATH=str(scripts.hal.bin))

    assert done.returncode == 1
    assert "apply.sh needs python3" in done.stderr


@pytest.mark.skipif(
    not shutil.which("dash"), reason="dash is missing: apt-get install dash"
)
@pytest.mark.parametrize("script", ["hal/apply.sh", "hal/profiles.sh", "verify.sh"])
def test_dash_without_bash_says_so(scripts: Scripts, script: str):
    linked(scripts.hal.bin, "dash")

    done = scripts.hal.run(
        [shutil.which("dash") or "", str(scripts.folder / script)],
        PATH=str(scripts.hal.bin),
    )

    assert done.returncode == 1
    assert "needs bash, and there is none here" in done.stderr


@pytest.mark.skipif(
    not shutil.which("dash"), reason="dash is missing: apt-get install dash"
)
def test_dash_hands_over_to_bash(scripts: Scripts):
    done = scripts.hal.run(["dash", str(scripts.folder / "hal" / "apply.sh")])

    assert done.returncode == 0
    assert scripts.hal.names("aws") == ["core", "staging"]


def linked(folder: Path, *programs: str) -> None:
    for program in programs:
        (folder / program).symlink_to(shutil.which(program) or "")


def test_it_runs_from_any_folder_and_leaves_nothing_behind(
    scripts: Scripts, tmp_path: Path
):
    strange = tmp_path / "it's $HOME, really"
    shutil.move(scripts.folder, strange)
    before = sorted(path for path in strange.rglob("*"))

    done = scripts.hal.run([str(strange / "hal" / "apply.sh")])

    assert done.returncode == 0, done.stderr
    assert sorted(path for path in strange.rglob("*")) == before
    held = scripts.hal.account("kubernetes", "staging-apps")["kubeconfigFile"]
    assert Path(held).is_file()


def test_the_scripts_python_is_as_old_as_the_scripts_say(scripts: Scripts):
    for path in (scripts.folder / "hal" / "bowline").glob("*.py"):
        assert ast.parse(path.read_text(), feature_version=(3, 8))


def test_a_bundle_unpacked_elsewhere_takes_over(scripts: Scripts, tmp_path: Path):
    scripts.applied()
    shutil.copytree(scripts.folder, tmp_path / "elsewhere")
    scripts.folder = tmp_path / "elsewhere"

    done = scripts.applied()

    assert "staging-apps: changed (kubeconfig-file)" in done.stderr


def test_a_kubeconfig_that_is_gone_stops_the_backup_with_what_to_do(
    scripts: Scripts, tmp_path: Path
):
    scripts.applied()
    shutil.move(scripts.folder, tmp_path / "elsewhere")
    scripts.folder = tmp_path / "elsewhere"

    done = scripts.run("apply")

    assert done.returncode == 1
    assert "kubernetes/staging-apps/kubeconfig.yml: no such file" in done.stderr
    assert "put it back" in done.stderr


# profiles.sh


@pytest.fixture
def profiles(scripts: Scripts) -> Path:
    folder = scripts.hal.home / ".hal" / "default" / "profiles"
    assert scripts.run("profiles").returncode == 0
    return folder


def test_profiles_are_put_where_halyard_reads_them(profiles: Path):
    assert sorted(path.name for path in profiles.iterdir()) == [
        "clouddriver-local.yml",
        "settings-local.js",
    ]


def test_a_profile_that_nobody_changed_is_renewed(scripts: Scripts, profiles: Path):
    scripts.holds(with_every_provider(base_role="OtherRole"))

    done = scripts.run("profiles")

    assert done.returncode == 0
    assert "OtherRole" in (profiles / "clouddriver-local.yml").read_text()
    assert "clouddriver-local.yml: renewed" in done.stderr


def test_a_persons_own_profile_is_never_overwritten(scripts: Scripts, profiles: Path):
    own = profiles / "clouddriver-local.yml"
    own.write_text(own.read_text() + "mine: true\n")
    scripts.holds(with_every_provider(base_role="OtherRole"))

    done = scripts.run("profiles")

    assert done.returncode == 1
    assert "is yours and was left as it is" in done.stderr
    assert own.read_text().endswith("mine: true\n")


def test_profiles_go_to_another_folder_when_asked(scripts: Scripts, tmp_path: Path):
    scripts.run("profiles", str(tmp_path / "other"))

    assert (tmp_path / "other" / "settings-local.js").exists()


def test_a_profile_that_is_as_it_should_be_is_left(scripts: Scripts, profiles: Path):
    before = os.stat(profiles / "settings-local.js").st_mtime_ns

    scripts.run("profiles")

    assert os.stat(profiles / "settings-local.js").st_mtime_ns == before
