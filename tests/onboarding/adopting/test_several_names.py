"""Several names of one AWS account: which become one account, and which are left."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.accounts_file.writing import yaml_text
from onboarding.adopting.report import Report
from onboarding.spinnaker.entries import entries
from tests.factories import topology
from tests.onboarding.adopting.documents import (
    aws,
    kinds,
    outcomes,
    reasons,
    reported,
    spring,
)

EU, US = [{"name": "eu-west-1"}], [{"name": "us-east-1"}]


def report_on(*accounts: dict[str, Any], **others: Any) -> Report:
    return reported(
        spring({"aws": {"enabled": True, "accounts": [*accounts]}, **others})
    )


def ecs(**names: str) -> dict[str, Any]:
    accounts = [{"name": name, "awsAccount": used} for name, used in names.items()]
    return {"ecs": {"enabled": True, "accounts": accounts}}


def test_names_that_share_the_role_become_one_account() -> None:
    report = report_on(
        aws("prod-eu", regions=EU, permissions={"READ": ["a"], "WRITE": ["b"]}),
        aws("prod-ro", regions=US, permissions={"READ": ["c"]}, accountType="main"),
        aws("prod-us", regions=US),
    )

    (written,) = report.judgement.written
    assert set(outcomes(report).values()) == {"taken"}
    assert (written["name"], written["regions"]) == ("prod-eu", ["eu-west-1"])
    assert written["also_as"] == [
        {
            "name": "prod-ro",
            "regions": ["us-east-1"],
            "permissions": {"READ": ["c"], "WRITE": []},
            "carried": {"aws": {"accountType": "main"}},
        },
        {
            "name": "prod-us",
            "regions": ["us-east-1"],
            "permissions": {"READ": [], "WRITE": []},
        },
    ]
    assert "shared-aws-account" in kinds(report)


def test_spinnaker_has_the_same_accounts_as_before() -> None:
    accounts = [
        aws("prod-eu", regions=EU, permissions={"WRITE": ["b"]}, sessionName="corp"),
        aws("prod-us", regions=US, sessionName="corp", lifecycleHooks=[{"a": "b"}]),
    ]

    written = report_on(*accounts).judgement.written
    file = read_accounts_file(yaml_text(None, written).encode())
    known = entries(topology(*(one.managed for one in file.accounts)))

    assert [
        (one.name, one.regions, one.permissions.write, one.session_name, one.carried)
        for one in known.aws
    ] == [
        ("prod-eu", ("eu-west-1",), ("b",), "corp", {}),
        ("prod-us", ("us-east-1",), (), "corp", {"lifecycleHooks": [{"a": "b"}]}),
    ]


@pytest.mark.parametrize(
    ("differs", "field"),
    [
        ({"assumeRole": "role/other"}, "assumeRole"),
        ({"externalId": "corp-1"}, "externalId"),
        ({"sessionName": "corp"}, "sessionName"),
        ({"defaultKeyPair": "other"}, "defaultKeyPair"),
        ({"environment": "other"}, "environment"),
        ({"lambdaEnabled": True}, "lambdaEnabled"),
    ],
)
def test_what_bowline_has_once_leaves_a_name_that_has_it_otherwise(
    differs: dict[str, Any], field: str
) -> None:
    report = report_on(aws("a", **differs), aws("b"), aws("c"))

    assert outcomes(report) == {"a": "left", "b": "taken", "c": "taken"}
    assert (
        f"as “b”. In Bowline, the names of an AWS account have one value for {field},"
        in (reasons(report, "a"))
    )


def test_environments_that_are_the_names_are_none() -> None:
    report = report_on(aws("a", environment="a"), aws("b", environment="b"))

    (written,) = report.judgement.written
    assert "environment" not in written
    assert [one["name"] for one in written["also_as"]] == ["b"]


def test_the_first_name_is_the_one_that_ecs_uses() -> None:
    report = report_on(aws("a"), aws("b"), **ecs(tasks="b"))

    (written,) = report.judgement.written
    assert written["name"] == "b"
    assert written["providers"]["ecs"] == {"account_name": "tasks"}
    assert set(outcomes(report).values()) == {"taken"}


def test_ecs_uses_one_name_only() -> None:
    report = report_on(aws("a"), aws("b"), **ecs(one="a", two="b"))

    assert outcomes(report) == {
        "a": "taken",
        "b": "taken",
        "one": "taken",
        "two": "left",
    }
    assert "ECS uses the first name, “a”" in reasons(report, "two")


def test_a_name_that_bowline_cannot_have_is_left_alone() -> None:
    report = report_on(aws("a"), aws("b:c"), aws("d", regions=[{"name": "x-1"}]))

    assert outcomes(report) == {"a": "taken", "b:c": "left", "d": "left"}
    assert "also_as" not in report.judgement.written[0]


def test_an_account_of_each_name_is_in_a_report_in_the_order_of_names() -> None:
    report = report_on(aws("a", regions=EU), aws("b"), aws("c"), **ecs(tasks="c"))

    assert [one.account.name for one in report.judgement.accounts] == [
        *("a", "b", "c"),
        "tasks",
    ]
