"""apply, check and remove within this process: the words they answer with.

hal_scripts/ next to this folder runs the same as shipped, by bash.
"""

from __future__ import annotations

import io
import runpy
from pathlib import Path

import pytest

from onboarding.spinnaker.bundle.formats.hal import __main__ as program
from onboarding.spinnaker.bundle.formats.hal.calling import Refused
from onboarding.spinnaker.bundle.formats.hal.stopping import Stop
from tests.bundles import core, staging, unpacked
from tests.factories import topology
from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal.programs import run


def test_apply_then_check_then_remove(hal: Hal, capsys: pytest.CaptureFixture[str]):
    assert run("check") == 1
    assert run("apply") == 0
    assert run("check") == 0
    assert run("apply") == 0
    assert run("remove", "--yes") == 0

    assert hal.names("aws") == []
    assert "hal already has these accounts" in capsys.readouterr().err


def test_a_dry_run_shows_the_calls(hal: Hal, capsys: pytest.CaptureFixture[str]):
    run("apply", "--dry-run", "--only", "core")

    assert capsys.readouterr().out.splitlines() == [
        "hal config provider aws enable --deployment=default",
        "hal config provider aws account add core --deployment=default "
        "--account-id=911111111111 --assume-role=role/spinnakerManaged "
        "--regions=us-east-1,us-west-2",
    ]


def test_from_leaves_out_what_stands_before(hal: Hal):
    assert run("apply", "--from", "staging") == 0

    assert hal.names("aws") == ["staging"]


def test_profiles_go_to_a_folder_named_from_where_it_was_called(
    hal: Hal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("CALLED_FROM", str(tmp_path))

    assert run("profiles", "here") == 0

    assert (tmp_path / "here" / "clouddriver-local.yml").exists()


def test_profiles_go_to_the_daemons_folder_otherwise(
    hal: Hal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HALCONFIG_DIR", str(tmp_path))

    assert run("profiles") == 0

    assert (tmp_path / "default" / "profiles" / "clouddriver-local.yml").exists()


def test_ctrl_c_before_anything_was_done_is_said(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(Stop, "listen", lambda stop: stop.heard(2, None))

    assert program.run(["apply"]) == 130

    assert capsys.readouterr().err == "Ctrl-C: stopped. Nothing was changed.\n"


def test_an_unknown_name_is_refused(hal: Hal):
    with pytest.raises(Refused, match="“prod” isn't an account"):
        run("remove", "prod")


def test_a_refusal_is_a_sentence_and_status_1(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    assert program.run(["apply", "--from", "prod"]) == 1

    assert capsys.readouterr().err == "“prod” isn't an account of this bundle.\n"


@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_without_a_verb_it_tells_how_it_is_used(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["bowline"])

    with pytest.raises(SystemExit, match="2"):
        runpy.run_module("onboarding.spinnaker.bundle.formats.hal", run_name="__main__")


def test_a_daemon_that_is_down_is_told(hal: Hal):
    hal.fails_at("config")

    with pytest.raises(Refused, match="hal didn't list its accounts"):
        run("check")


def test_a_backup_that_fails_stops_everything(hal: Hal):
    hal.fails_at("backup")

    with pytest.raises(Refused, match="could not make a backup first"):
        run("apply")


@pytest.mark.parametrize(
    ("words", "again"),
    [
        (("apply",), "apply.sh --from staging"),
        (
            ("apply", "--only", "staging", "core"),
            "apply.sh --from staging --only staging core",
        ),
    ],
)
def test_a_failure_names_the_command_that_goes_on(
    hal: Hal, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], again: str
):
    hal.fails_at("staging")

    assert run(*words) == 1

    assert capsys.readouterr().err.strip().endswith(again)


def test_a_failing_removal_is_begun_again(hal: Hal, capsys: pytest.CaptureFixture[str]):
    run("apply")
    hal.fails_at("staging-ecs")

    assert run("remove", "--yes", "staging-ecs") == 1

    assert capsys.readouterr().err.strip().endswith("remove.sh --yes staging-ecs")


def test_a_switch_that_fails_is_begun_again_from_the_start(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    hal.fails_at("enable")

    assert run("apply") == 1

    assert capsys.readouterr().err.strip().endswith("apply.sh")


@pytest.mark.parametrize(("answer", "status"), [("remove\n", 0), ("no\n", 1), ("", 1)])
def test_removal_is_typed(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, answer: str, status: int
):
    run("apply", "--only", "core")
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))

    assert run("remove", "core") == status


def test_check_counts_copies(hal: Hal, capsys: pytest.CaptureFixture[str]):
    run("apply")
    aws = hal.providers["aws"]
    aws["accounts"].append(aws["accounts"][0])
    hal.holds(aws=aws)

    assert run("check") == 1

    assert "different (2 of that name)  aws core" in capsys.readouterr().out


def test_check_tells_that_lambda_is_off(hal: Hal, capsys: pytest.CaptureFixture[str]):
    run("apply")
    aws = hal.providers["aws"]
    aws["accounts"][1]["lambdaEnabled"] = False
    hal.holds(aws={**aws, "features": None, "lambda": None})
    capsys.readouterr()

    assert run("check") == 1

    told = capsys.readouterr().out
    assert told.startswith("off        aws: Lambda, so Spinnaker shows no functions\n")
    assert "different (lambda-enabled, off in hal)  aws staging\n" in told


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ({"awsAccount": "core"}, "\n"),
        ({"awsAccount": "gone"}, " (belongs to gone, which hal doesn't know)\n"),
        ({}, " (belongs to no account, which hal doesn't know)\n"),
    ],
)
def test_check_tells_of_an_ecs_account_that_nobody_can_load(
    hal: Hal, capsys: pytest.CaptureFixture[str], target: dict[str, str], told: str
):
    run("apply")
    ecs = hal.providers["ecs"]
    ecs["accounts"].append({"name": "legacy", **target})
    hal.holds(ecs=ecs)

    run("check")

    assert f"unknown    ecs legacy{told}" in capsys.readouterr().out


def test_another_primary_account_is_told(
    hal: Hal, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    theirs = {"name": "theirs", "accountId": "944444444444"}
    hal.holds(aws={"enabled": True, "accounts": [theirs]})
    unpacked(topology(core(), staging()), tmp_path / "bundle")

    run("apply")

    assert "which Deck offers first, stays theirs" in capsys.readouterr().err
    run("check")
    assert "unknown    aws theirs" in capsys.readouterr().out


def test_check_ends_with_1_where_apply_would_refuse(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    registry = {"enabled": True, "accounts": [{"name": "core"}]}
    hal.holds(dockerRegistry=registry)
    capsys.readouterr()

    assert run("check") == 1

    assert (
        "refused    hal has an account core in dockerRegistry already, and wants every"
        in capsys.readouterr().out
    )


@pytest.mark.smoke
def test_an_aws_account_under_two_names_is_said(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    aws = hal.providers["aws"]
    aws["accounts"].append({**aws["accounts"][1], "name": "old"})
    hal.holds(aws=aws)
    capsys.readouterr()

    run("check")
    run("apply")

    told = capsys.readouterr()
    assert "unknown    aws old (the same AWS account as staging)" in told.out
    assert "renamed" not in told.out
    assert "hal also has AWS account 922222222222 as old. If staging" in told.err
    assert "apply.sh --renamed old" in told.err


def test_an_old_name_is_removed_where_a_person_says_so(
    hal: Hal, capsys: pytest.CaptureFixture[str]
):
    run("apply")
    aws = hal.providers["aws"]
    aws["accounts"].append({**aws["accounts"][1], "name": "old"})
    hal.holds(aws=aws)

    assert run("apply", "--renamed", "old") == 0

    assert hal.names("aws") == ["core", "staging"]
    assert run("check") == 0
    assert "as old" not in capsys.readouterr().err


def test_an_account_is_taken_over_by_name(hal: Hal):
    theirs = {"name": "staging", "accountId": "944444444444", "sessionName": "S"}
    hal.holds(aws={"enabled": True, "accounts": [theirs]})

    assert run("apply", "--take-over", "staging") == 0

    assert hal.account("aws", "staging")["accountId"] == "922222222222"
    assert run("check") == 0


def test_the_command_that_goes_on_repeats_the_options(
    hal: Hal, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NO_VALIDATE", "1")
    theirs = {"name": "staging", "accountId": "944444444444"}
    hal.holds(aws={"enabled": True, "accounts": [theirs]})
    hal.fails_at("staging-apps")

    assert run("apply", "--take-over", "staging", "--renamed", "gone") == 1

    again = capsys.readouterr().err.splitlines()[-1]
    assert "continue with: NO_VALIDATE=1 bash " in again
    assert again.endswith("--from staging-apps --take-over staging --renamed gone")


@pytest.mark.parametrize("verb", ["apply", "check", "profiles", "remove"])
def test_usage_shows_the_scripts_own_name(
    capsys: pytest.CaptureFixture[str], verb: str
):
    with pytest.raises(SystemExit, match="0"):
        run(verb, "--help")

    assert capsys.readouterr().out.startswith(f"usage: {verb}.sh [-h]")


AWS = ("config", "provider", "aws", "account")

THEIRS = ("--account-id", "911111111111", "--assume-role", "role/spinnakerManaged")


def test_an_account_that_two_people_added_is_said(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("NO_VALIDATE", "1")
    hal.meanwhile("core", *AWS, "add", "core", *THEIRS, "--no-validate")

    assert run("apply") == 1

    said = capsys.readouterr().err
    assert "hal has aws core 2 times.\n" in said
    assert "Someone else changed the Halyard config at the same time." in said


@pytest.mark.parametrize(
    ("others", "said"),
    [
        (("add", "theirs", *THEIRS), "aws theirs was changed by someone else"),
        (("edit", "core", "--environment=x"), "aws core was changed by someone"),
        (("delete", "core"), "aws core was changed by someone else in the meantime."),
        (("delete", "core"), "hal's primary account is staging, and not core."),
        (("delete", "staging"), "aws staging isn't as this bundle has it."),
        (("edit", "staging", "--environment=x"), "aws staging isn't as this bundle"),
    ],
)
def test_an_edit_of_others_is_said(
    hal: Hal, capsys: pytest.CaptureFixture[str], others: tuple[str, ...], said: str
):
    run("apply", "--only", "core")
    hal.meanwhile("staging-apps", *AWS, *others)

    assert run("apply") == 1

    assert said in capsys.readouterr().err


def test_what_others_add_again_is_said(hal: Hal, capsys: pytest.CaptureFixture[str]):
    run("apply", "--only", "core", "staging")
    hal.meanwhile("staging", *AWS, "add", "core", *THEIRS)

    assert run("remove", "--yes", "core", "staging") == 1

    assert "aws core is in hal again." in capsys.readouterr().err


def test_copies_that_were_there_before_are_no_news(
    hal: Hal, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    twice = {"name": "theirs", "accountId": "944444444444"}
    hal.holds(aws={"enabled": True, "accounts": [twice, twice]})
    monkeypatch.setenv("NO_VALIDATE", "1")

    assert run("apply") == 0

    assert "at the same time" not in capsys.readouterr().err
