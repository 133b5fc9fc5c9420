"""Twelve shapes in which Spinnakers manage accounts, from each source they have."""

from __future__ import annotations

import json
from typing import Any

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import Report, accounts_file, document, report_of
from onboarding.adopting.sources.reading import read_sources
from onboarding.adopting.wording import text
from onboarding.providers.base import providers_of
from onboarding.topology import Permissions
from tests.bundles import core, files_of, staging
from tests.factories import topology
from tests.onboarding.adopting.documents import (
    aws,
    kinds,
    outcomes,
    reported,
    service,
    spring,
    stored,
)
from tests.onboarding.adopting.shapes import (
    ACCESS_KEY,
    SECRET,
    SHAPES,
    on,
    reports,
)


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_is_judged_alike_from_each_of_its_sources(name: str) -> None:
    shape = SHAPES[name]

    for source, report in reports(shape):
        role = report.judgement.role
        found = (role.name, role.partition) if role else ("", shape.partition)

        assert outcomes(report) == shape.expected, source
        assert found == (shape.role, shape.partition), source
        assert kinds(report) >= shape.findings, source


def test_what_is_taken_is_an_accounts_file_that_bowline_reads() -> None:
    for name, shape in SHAPES.items():
        for source, report in reports(shape):
            taken = [
                one.account
                for one in report.judgement.accounts
                if not one.reasons and one.account.type == "aws"
            ]

            file = read_accounts_file(
                accounts_file(report.taken).encode(), partition=shape.partition
            )

            assert {one.managed.name for one in file.accounts} == {
                one.name for one in taken
            }, (name, source)
            found = {one.name: one.text("assumeRole") for one in taken}
            for one in file.accounts:
                own = one.managed.managed_role or shape.role
                assert found[one.managed.name].endswith(f":role/{own}"), (name, source)
                assert one.managed.adopts, (name, source)
                assert not one.columns["uses_external_id"], (name, source)


def test_a_second_reading_says_the_same_and_no_secret() -> None:
    for shape in SHAPES.values():
        for (source, first), (_, second) in zip(
            reports(shape), reports(shape), strict=True
        ):
            said = (
                text(first) + json.dumps(document(first)) + accounts_file(first.taken)
            )

            assert text(first) == text(second)
            assert document(first) == document(second)
            assert SECRET not in said, source
            assert ACCESS_KEY not in said, source


def test_lambda_is_taken_where_the_provider_has_it_on() -> None:
    account = aws("prod", lambdaEnabled=True)
    switched = service(
        {"aws": on(account)}, {"aws": {"features": {"lambda": {"enabled": True}}}}
    )

    off, by_profile = reported(service({"aws": on(account)})), reported(switched)

    assert "lambda-off" in kinds(off)
    assert "lambda-off" not in kinds(by_profile)
    assert by_profile.judgement.written[0]["providers"] == {
        "ec2": {"launch_templates": False},
        "lambda": {},
    }


@pytest.mark.parametrize(
    ("name", "says"),
    [
        (
            "one account without a role",
            "Spinnaker assumes no role for this account. Bowline only manages accounts "
            "with one: to add this account later, let Spinnaker assume a role in it. "
            "Accounts: test.",
        ),
        (
            "Kubernetes only, from a template",
            "The kubeconfig is named by a reference that Bowline doesn't follow. Give "
            "the kubeconfig as a source, too. Accounts: cluster.",
        ),
    ],
)
def test_what_cannot_be_taken_over_is_left_with_a_sentence(
    name: str, says: str
) -> None:
    for source, report in reports(SHAPES[name]):
        assert says in text(report), source


def test_china_is_one_partition() -> None:
    (report, *_) = (report for _, report in reports(SHAPES["China, with whole ARNs"]))

    assert "Roles are in the partition aws-cn. One Bowline" in text(report)


@pytest.mark.parametrize(
    "part",
    [
        "clouddriver/clouddriver-local.yml",
        "operator/spinnakerservice.yml",
        "kustomize/",
    ],
)
def test_a_bundle_is_adopted_as_what_it_was_made_of(part: str) -> None:
    permissions = Permissions(("readers", "team b"), ("writers",))
    described = topology(core(), staging(environment="stage", permissions=permissions))
    files = {
        path: text.encode()
        for path, text in files_of(described).items()
        if path.startswith(part)
    }

    report = report_of(read_sources(files))

    file = read_accounts_file(accounts_file(report.taken).encode())
    for was, found in zip(
        described.managed, (one.managed for one in file.accounts), strict=True
    ):
        assert (found.name, found.account_id) == (was.name, was.account_id)
        assert found.environment == was.environment
        assert {*found.regions} == {*was.regions}
        assert found.permissions == was.permissions
        assert {one.key for one in providers_of(found)} == {
            one.key for one in providers_of(was) if one.key != "eks"
        }
    assert outcomes(report)["core"] == outcomes(report)["staging-ecs"] == "taken"
    assert kinds(report) <= {"primary-account"}


def test_a_provider_that_is_off_and_empty_is_no_finding() -> None:
    files = {"clouddriver.yml": b"aws: {enabled: false, accounts: []}"}

    assert kinds(report_of(read_sources(files))) == set()


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
