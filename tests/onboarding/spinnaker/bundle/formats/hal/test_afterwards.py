"""What somebody else changes while a script runs is said at its end."""

from __future__ import annotations

import pytest

from tests.hal import Hal
from tests.onboarding.spinnaker.bundle.formats.hal.programs import run

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
