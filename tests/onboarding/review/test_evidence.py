"""The evidence that each action is called."""

from __future__ import annotations

import pytest

from onboarding.review.evidence import (
    EvidenceSide,
    SourcePlace,
    all_evidence,
    evidence,
    place,
)


def test_every_action_has_a_sentence_and_a_source():
    for served, found in all_evidence().items():
        assert found.reason.endswith("."), served
        assert found.sources, served
        assert found.access in ("read", "write"), served


def test_evidence_is_the_providers_own_where_it_has_some():
    ecs = evidence(EvidenceSide.MANAGED, "ecs", "cloudwatch:DeleteAlarms")

    assert "clouddriver-ecs" in ecs.sources[0]


def test_evidence_is_anothers_where_the_provider_has_none():
    found = evidence(EvidenceSide.MANAGED, "", "ec2:DescribeSubnets")

    assert "server groups" in found.reason


def test_an_action_that_nobody_calls_has_none():
    with pytest.raises(KeyError, match="Nobody is known to call iam:CreateUser"):
        evidence(EvidenceSide.MANAGED, "ec2", "iam:CreateUser")


def test_evidence_of_one_side_is_none_of_the_other():
    with pytest.raises(KeyError, match="on the managed side"):
        evidence(EvidenceSide.MANAGED, "", "ec2:CreateImage")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "clouddriver/aws/Asg.java:170",
            SourcePlace("clouddriver/aws", "Asg.java", "170"),
        ),
        ("rosco/packer/aws.json", SourcePlace("rosco/packer", "aws.json", "")),
        (
            "plugin@5028903a (v1.8.2): common/step.go:80,200",
            SourcePlace("plugin@5028903a (v1.8.2): common", "step.go", "80,200"),
        ),
        (
            "https://docs.aws.amazon.com/a.html",
            SourcePlace("", "https://docs.aws.amazon.com/a.html", ""),
        ),
    ],
)
def test_a_source_is_parted_into_folder_file_and_line(source, expected):
    assert place(source) == expected


def test_every_source_is_one_file_or_an_address():
    for served, found in all_evidence().items():
        for one in found.places:
            assert one.folder or one.file.startswith("https:"), served
            assert ", " not in one.folder, served
