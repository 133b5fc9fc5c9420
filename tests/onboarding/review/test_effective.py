"""What policies allow in the end."""

from __future__ import annotations

import pytest
from policy_sentry.querying.all import get_all_actions

from onboarding.desired import desired
from onboarding.resources.policy import Policy, as_list
from onboarding.review.effective import all_actions, effective
from onboarding.review.power_user import DOCUMENT
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
