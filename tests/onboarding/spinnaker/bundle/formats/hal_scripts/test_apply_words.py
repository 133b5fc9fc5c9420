"""apply.sh: words that hal could misread."""

from __future__ import annotations

import pytest

from onboarding.topology import Permissions
from tests.onboarding.spinnaker.bundle.formats.hal_scripts.scripts import (
    QUESTIONS,
    Scripts,
    one,
    writes,
)


def test_the_account_stands_right_behind_the_verb(scripts: Scripts):
    scripts.applied()

    for call in writes(scripts.hal):
        verb = next(word for word in ("add", "edit") if word in call)
        assert not call[call.index(verb) + 1].startswith("-")


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
    assert "No changes: hal already has" in again.stderr


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
    assert "No changes: hal already has" in again.stderr


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
