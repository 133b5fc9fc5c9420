"""The evidence that each action is called."""

from __future__ import annotations

import re

import pytest

from onboarding.review.evidence import (
    PACKERS_FOLDER,
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
    with pytest.raises(
        KeyError, match="No managed code is known to call iam:CreateUser"
    ):
        evidence(EvidenceSide.MANAGED, "ec2", "iam:CreateUser")


def test_evidence_of_one_side_is_none_of_the_other():
    with pytest.raises(KeyError, match="No managed code"):
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
            f"{PACKERS_FOLDER}common/step.go:80,200",
            SourcePlace(f"{PACKERS_FOLDER}common", "step.go", "80,200"),
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


SPINNAKERS = re.compile(
    r"https://github\.com/spinnaker/spinnaker/blob/spinnaker-release-[0-9]{4}\.\d+\.\d+"
    r"/(clouddriver|rosco|igor)/[\w./-]+\.(java|groovy|kt|json)(#L[1-9][0-9]*)?"
)
PACKERS = re.compile(
    r"https://github\.com/hashicorp/packer-plugin-amazon/blob/v\d+\.\d+\.\d+"
    r"/[\w./-]+\.(go|md)(#L[1-9][0-9]*)?"
)
DOCUMENTED = re.compile(r"https://docs\.aws\.amazon\.com/[\w./-]+\.html")


@pytest.mark.parametrize(
    "url", sorted({p.url for found in all_evidence().values() for p in found.places})
)
def test_every_source_is_a_link_to_a_file_at_a_version(url):
    forms = (SPINNAKERS, PACKERS, DOCUMENTED)

    assert [form for form in forms if form.fullmatch(url)]


@pytest.mark.parametrize(
    ("source", "end"),
    [
        ("clouddriver/aws/Asg.java:170", "/clouddriver/aws/Asg.java#L170"),
        ("rosco/packer/aws.json", "/rosco/packer/aws.json"),
        (f"{PACKERS_FOLDER}common/step.go:80,200", "/v1.8.2/common/step.go#L80"),
        (f"{PACKERS_FOLDER}common/r.go:16 (A -> B)", "/v1.8.2/common/r.go#L16"),
        ("https://docs.aws.amazon.com/a.html", "https://docs.aws.amazon.com/a.html"),
    ],
)
def test_a_link_leads_to_the_first_line(source, end):
    assert place(source).url.endswith(end)


def test_a_whole_file_has_no_line():
    assert place("clouddriver/aws/Asg.java:170").whole.url.endswith("/Asg.java")
