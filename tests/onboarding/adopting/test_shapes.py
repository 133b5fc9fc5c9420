"""Twelve shapes in which Spinnakers manage accounts, from each source they have."""

from __future__ import annotations

import json

import pytest

from onboarding.accounts_file import read_accounts_file
from onboarding.adopting.report import accounts_file, document
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import (
    aws,
    kinds,
    outcomes,
    reported,
    service,
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
