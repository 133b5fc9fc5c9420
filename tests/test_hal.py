"""The stand-in refuses what hal refuses: the mistakes of the old documentation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.hal import Hal

ADD = ("config", "provider", "aws", "account", "add")
NEEDED = ("--account-id", "922222222222", "--assume-role", "role/spinnakerManaged")


@pytest.fixture
def hal(tmp_path: Path) -> Hal:
    return Hal(tmp_path)


def test_regions_of_the_old_docs_work_by_luck(hal: Hal):
    hal(*ADD, "dev", *NEEDED, "--regions", "us-east-1,", "us-west-2")

    regions = hal.account("aws", "dev")["regions"]
    assert regions == [{"name": "us-east-1"}, {"name": "us-west-2"}]


def test_regions_in_one_quoted_word_keep_the_blank(hal: Hal):
    hal(*ADD, "dev", *NEEDED, "--regions", "us-east-1, us-west-2")

    assert hal.account("aws", "dev")["regions"][1] == {"name": " us-west-2"}


def test_a_greedy_flag_swallows_the_account(hal: Hal):
    done = hal(*ADD, *NEEDED, "--regions", "us-east-1", "dev")

    assert done.returncode == 3
    assert "No account name supplied" in done.stderr


def test_a_greedy_flag_swallows_a_misspelt_one_with_its_value(hal: Hal):
    hal(*ADD, "dev", *NEEDED, "--read-permissions", "a", "--extrenal-id", "x")

    held = hal.account("aws", "dev")
    assert held["permissions"]["READ"] == ["--extrenal-id", "a", "x"]


def test_permissions_are_not_split_at_commas(hal: Hal):
    hal(*ADD, "dev", *NEEDED, "--read-permissions", "a,b")

    assert hal.account("aws", "dev")["permissions"] == {"READ": ["a,b"]}


def test_lambda_enabled_needs_a_value(hal: Hal):
    done = hal(*ADD, "dev", *NEEDED, "--lambda-enabled")

    assert done.returncode == 1
    assert "Expected a value after parameter --lambda-enabled" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((*ADD, "dev", "--account-id", "9"), "option is required: --assume-role"),
        ((*ADD, "dev", *NEEDED, "--nonsense"), "Only one main parameter allowed"),
        ((*ADD, "dev", *NEEDED, "--regions"), "Expected a value"),
        ((*ADD, "dev", *NEEDED, *NEEDED), "Can only specify option --account-id once"),
        (("config", "provider", "aws", "acount"), "Expected a command, got acount"),
        (
            ("config", "provider", "aws", "features", "edit", "--lambda", "true"),
            "option is required: --cloud-formation",
        ),
        ((*ADD, "dev", *NEEDED, "--environment", "@nowhere"), "Could not read file"),
        ((*ADD, "dev", *NEEDED, "--read-permissions=-admin"), "Expected a value"),
    ],
)
def test_jcommander_refuses(hal: Hal, words: tuple[str, ...], message: str):
    done = hal(*words)

    assert done.returncode == 1
    assert message in done.stderr


def test_adding_a_name_twice_without_validation_duplicates_it(hal: Hal):
    hal(*ADD, "dev", *NEEDED)

    assert hal(*ADD, "dev", *NEEDED).returncode == 1
    assert hal(*ADD, "dev", *NEEDED, "--no-validate").returncode == 0
    assert hal.names("aws") == ["dev", "dev"]


def test_an_edit_that_changes_nothing_ends_with_0_and_leaves_the_file(hal: Hal):
    hal(*ADD, "dev", *NEEDED)
    before = (hal.home / "config").stat().st_mtime_ns

    done = hal("config", "provider", "aws", "account", "edit", "dev")

    assert done.returncode == 0
    assert "No changes supplied." in done.stderr
    assert (hal.home / "config").stat().st_mtime_ns == before


def test_deleting_a_duplicated_name_deletes_every_copy(hal: Hal):
    hal(*ADD, "dev", *NEEDED)
    hal(*ADD, "dev", *NEEDED, "--no-validate")

    hal("config", "provider", "aws", "account", "delete", "dev")

    assert hal.names("aws") == []


def test_an_unknown_key_makes_every_command_fail(hal: Hal):
    config = {"providers": {"aws": {"accounts": [{"name": "dev", "nonsense": 1}]}}}
    (hal.home / "config").write_text(json.dumps(config))

    done = hal("config", "provider", "ecs")

    assert done.returncode == 1
    assert "Unrecognized property" in done.stderr


def test_features_edit_prints_secrets(hal: Hal):
    hal.holds(aws={"enabled": True, "accounts": [], "secretAccessKey": "hush"})

    done = hal(
        *("config", "provider", "aws", "features", "edit"),
        *("--lambda", "true", "--cloud-formation", "false"),
    )

    assert "hush" in done.stdout


def test_the_first_account_becomes_the_primary_one(hal: Hal):
    hal(*ADD, "dev", *NEEDED)
    hal(*ADD, "prod", *NEEDED)

    assert hal.providers["aws"]["primaryAccount"] == "dev"
