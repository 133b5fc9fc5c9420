"""What policies allow in the end: evidence for it, beside PowerUserAccess, and used."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime

import pytest
from policy_sentry.querying.all import get_all_actions

from onboarding.desired import desired
from onboarding.resources.policy import Policy, as_list
from onboarding.review.effective import (
    all_actions,
    effective,
    no_longer_allowed,
    service_of,
)
from onboarding.review.evidence import (
    PACKERS_FOLDER,
    EvidenceSide,
    SourcePlace,
    all_evidence,
    evidence,
    place,
)
from onboarding.review.power_user import (
    DOCUMENT,
    EXCEPTIONS,
    MOST_SERVICES,
    Service,
    compare_with_power_user,
    compared_counts,
    counts_of,
    is_power_users,
    power_user_actions,
)
from tests.evaluating import matches
from tests.factories import managed, provider, topology

ALL = frozenset(one for some in all_actions().values() for one in some)


def policy(*statements: dict[str, object]) -> Policy:
    whole = {"Effect": "Allow", "Resource": "*"}
    return Policy.of(
        {"Statement": [{**whole, **statement} for statement in statements]}
    )


def test_it_knows_the_actions_of_awss_reference():
    assert set(get_all_actions()) == ALL


@pytest.mark.parametrize(
    ("action", "found", "missing"),
    [
        ("*", "iam:CreateUser", ""),
        ("iam:*", "iam:CreateUser", "ec2:RunInstances"),
        ("IAM:create*", "iam:CreateUser", "iam:DeleteUser"),
        ("ec2:runinstances", "ec2:RunInstances", "ec2:StopInstances"),
        ("s3:GetObjec?", "s3:GetObject", "s3:GetObjectAcl"),
        ("*:DescribeInstances", "ec2:DescribeInstances", "ec2:RunInstances"),
    ],
)
def test_patterns_are_read_as_iam_reads_them(action: str, found: str, missing: str):
    actions = effective([policy({"Action": action})])

    assert found in actions
    assert missing not in actions


def test_all_but_what_is_named_is_allowed():
    actions = effective([policy({"NotAction": ["iam:*", "ec2:RunInstances"]})])

    assert "s3:GetObject" in actions
    assert not actions & {"iam:CreateUser", "ec2:RunInstances"}


def test_what_is_denied_on_everything_is_not_allowed_whoever_denies_it():
    denies = policy({"Effect": "Deny", "Action": "iam:*"})

    actions = effective([policy({"Action": "*"}), denies])

    assert actions == {one for one in ALL if not one.startswith("iam:")}


@pytest.mark.parametrize(
    "part",
    [
        {"Resource": "arn:aws:iam::922222222222:user/one"},
        {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ],
)
def test_a_denial_that_leaves_something_takes_nothing_away(part: dict[str, object]):
    denies = policy({"Effect": "Deny", "Action": "iam:*", **part})

    assert "iam:CreateUser" in effective([policy({"Action": "iam:*"}), denies])


def test_a_boundary_narrows_and_gives_nothing():
    within = policy(
        {"Action": ["s3:*", "ec2:*"]}, {"Effect": "Deny", "Action": "s3:Put*"}
    )

    actions = effective([policy({"Action": ["s3:*", "iam:*"]})], within)

    assert "s3:GetObject" in actions
    assert not actions & {"s3:PutObject", "iam:CreateUser", "ec2:RunInstances"}


def test_an_action_newer_than_the_reference_counts_also_within_a_boundary():
    everything = policy({"Action": "*"})

    assert effective([policy({"Action": "new:Thing"})], everything) == {"new:Thing"}


def test_a_name_that_iam_takes_for_no_action_is_none():
    longest = f"new:{'t' * 124}"

    actions = effective([policy({"Action": [longest, f"{longest}t"]})])

    assert actions == {longest}


USUAL = {"*", "ec2:Describe*", "s3:*Object*", "S3:Get?bject", "*:List*", "?am:*Role"}


def test_usual_patterns_and_those_of_the_project_mean_what_they_did():
    for written in USUAL | patterns_of_the_project():
        expected = {one for one in ALL if matches(one.lower(), written.lower())}

        assert effective([policy({"Action": written})]) & ALL == expected


def patterns_of_the_project() -> set[str]:
    account = managed(provider("ec2"), provider("ecs"), provider("lambda"))
    documents = [
        value
        for one in desired(topology(account), account)
        for _, value in one.described()
        if isinstance(value, Policy)
    ]
    return {
        action
        for one in [*documents, DOCUMENT]
        for statement in one.document["Statement"]
        for action in as_list(statement.get("Action", statement.get("NotAction")))
        if "*" in action
    }


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


def test_it_is_counted_in_awss_reference():
    known = set(get_all_actions())

    counted = Counter(service_of(action) for action in known if is_power_users(action))

    assert known >= EXCEPTIONS
    assert power_user_actions() == counted


def test_services_stand_side_by_side_the_most_granted_first():
    comparison = compare_with_power_user(
        ["ecs:StopTask", "ec2:RunInstances", "ec2:CreateTags"]
    )

    counts = power_user_actions()
    assert comparison.services == (
        Service("ec2", granted=2, shared=2, power_user=counts["ec2"]),
        Service("ecs", granted=1, shared=1, power_user=counts["ecs"]),
    )


def test_services_of_which_nothing_is_granted_are_summed():
    comparison = compare_with_power_user(["ec2:RunInstances"])

    counts = power_user_actions()
    assert comparison.other_services == len(counts) - 1
    assert comparison.other_actions == sum(counts.values()) - counts["ec2"]


def test_an_action_that_is_granted_twice_counts_once():
    comparison = compare_with_power_user(["ec2:RunInstances", "ec2:RunInstances"])

    assert comparison.granted == 1


def test_the_totals_are_of_all_services():
    comparison = compare_with_power_user(["ec2:RunInstances", "iam:PassRole"])

    total = sum(power_user_actions().values())
    assert comparison.granted == 2
    assert comparison.power_user == total
    assert comparison.fewer == total - 2


def test_what_power_user_access_lacks_is_told():
    comparison = compare_with_power_user(
        ["iam:PassRole", "iam:ListRoles", "iam:GetRole"]
    )

    (iam,) = comparison.services
    assert comparison.lacking == ("iam:GetRole", "iam:PassRole")
    assert (iam.granted, iam.shared) == (3, 1)


def test_its_document_allows_what_is_counted():
    assert counts_of(effective([DOCUMENT])) == {
        name: [count, count] for name, count in power_user_actions().items()
    }


def test_everything_is_more_than_power_user_access_and_listed_shortly():
    everything = Policy.allowing({"Action": "*", "Resource": "*"})

    comparison = compared_counts(counts_of(effective([everything])))

    services = all_actions().values()
    assert comparison.granted == sum(map(len, services))
    assert comparison.fewer < 0
    assert len(comparison.listed) == MOST_SERVICES
    assert comparison.unlisted == len(services) - MOST_SERVICES
    listed = sum(one.granted for one in comparison.listed)
    assert comparison.unlisted_granted == comparison.granted - listed


def test_a_service_that_the_reference_does_not_know_is_counted():
    comparison = compared_counts(counts_of(["brandnew:Do"]))

    assert comparison.granted == 1
    assert comparison.services[0].share == 100


MAY, JUNE = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)

REMAINING = Policy.allowing(
    {"Action": ["ec2:Describe*", "lambda:InvokeFunction"], "Resource": "*"}
)


def test_what_is_not_allowed_is_listed_the_latest_first() -> None:
    used = {
        "ec2:DescribeInstances": JUNE,
        "EC2:describeimages": JUNE,
        "ec2:RunInstances": MAY,
        "s3:GetObject": JUNE,
        "sns:*": MAY,
        "lambda:*": MAY,
    }

    assert no_longer_allowed(used, [REMAINING]) == [
        ("s3:GetObject", JUNE),
        ("ec2:RunInstances", MAY),
        ("sns:*", MAY),
    ]


def test_a_denial_counts() -> None:
    denied = {"Effect": "Deny", "Action": "ec2:DescribeInstances", "Resource": "*"}
    policies = [REMAINING, Policy.of({"Statement": [denied]})]

    assert no_longer_allowed({"ec2:DescribeInstances": MAY}, policies) == [
        ("ec2:DescribeInstances", MAY)
    ]
