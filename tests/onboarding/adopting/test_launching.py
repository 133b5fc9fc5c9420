"""Accounts that are adopted launch from what they launched from before."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.adopting.report import Report
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import aws, kinds, reported, spring, stored


def with_templates(**found: Any) -> Report:
    features = {"launch-templates": found} if found else {}
    settings = {"enabled": True, "features": features, "accounts": [aws("prod")]}
    return reported(spring({"aws": settings}))


def ec2_of(report: Report) -> dict[str, Any]:
    (written,) = report.judgement.written
    details: dict[str, Any] = written["providers"]["ec2"]
    return details


ALL = {"enabled": True, "all-applications": {"enabled": True}}


@pytest.mark.parametrize(
    ("found", "written", "says"),
    [
        ({}, {"launch_templates": False}, ""),
        ({"enabled": False}, {"launch_templates": False}, ""),
        (ALL, {}, ""),
        ({"enabled": True, "allowed-accounts": "dev, prod"}, {}, ""),
        (
            {"enabled": True, "allowed-accounts": "dev"},
            {"launch_configurations": True},
            "in a part of its applications or Regions",
        ),
        (
            {**ALL, "excluded-applications": "old"},
            {"launch_configurations": True},
            "Bowline allows both",
        ),
        (
            {**ALL, "excluded-accounts": "prod"},
            {"launch_templates": False},
            "",
        ),
    ],
)
def test_an_account_launches_as_before(
    found: dict[str, Any], written: dict[str, bool], says: str
) -> None:
    report = with_templates(**found)

    assert ec2_of(report) == written
    assert ("launch-templates" in kinds(report)) is bool(says)
    assert says in text(report)


def test_what_gate_does_not_say_is_allowed_both_ways() -> None:
    report = reported(stored({"aws": {"accounts": [aws("prod")]}}))

    assert ec2_of(report) == {"launch_configurations": True}
    assert "These sources don't say whether these accounts launch from" in text(report)
