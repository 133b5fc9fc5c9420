"""What in a change is risky, and which policies make an administrator."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.resources.kinds import Key
from onboarding.resources.policy import Policy
from onboarding.resources.risks import SECRETS, Topic, is_critical, risks
from tests.factories import MANAGED_ID, MANAGING_ID

POLICY = Key(MANAGED_ID, "policy", "BowlineEC2Write")


def document(*statements):
    allowed = [{"Effect": "Allow", **statement} for statement in statements]
    return {"name": "x", "document": {"Version": "2012-10-17", "Statement": allowed}}


def told(after, before=None, key=POLICY):
    return [risk.sentence for risk in risks(key, before, after)]


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (
            {
                "Action": "iam:PassRole",
                "Resource": "arn:aws:iam::922222222222:role/spinnaker-ec2/*",
                "Condition": {
                    "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}
                },
            },
            "Passes roles spinnaker-ec2/* to ec2.amazonaws.com.",
        ),
        (
            {
                "Action": "iam:PassRole",
                "Resource": [
                    "arn:aws:iam::922222222222:role/*",
                    "arn:aws:iam::933333333333:role/a",
                ],
            },
            "Passes roles arn:aws:iam::922222222222:role/*, "
            "arn:aws:iam::933333333333:role/a to any service.",
        ),
        (
            {"Action": ["sqs:*", "ec2:Run*"], "Resource": "bucket"},
            "Allows actions by a pattern: sqs:*, ec2:Run*.",
        ),
        (
            {"Action": ["ec2:A", "ec2:B", "ec2:C", "ec2:D"], "Resource": "*"},
            "Changes every resource: ec2:A, ec2:B, ec2:C and 1 more.",
        ),
        (
            {"Action": "ec2:Run", "Resource": "*", "Condition": {"Bool": {}}},
            "Changes every resource, under a condition: ec2:Run.",
        ),
        (
            {
                "Action": ["lambda:GetAlias", "lambda:UpdateFunctionCode"],
                "Resource": "arn:aws:lambda:*:922222222222:function:*",
            },
            "Replaces the code of every function in the account, which runs with the "
            "permissions of that function's role.",
        ),
        (
            {
                "Action": "ec2:Terminate*",
                "Resource": "arn:aws:ec2:us-east-1:922222222222:instance/*",
            },
            "Allows actions by a pattern: ec2:Terminate*. "
            "Terminates every instance in the account, also those of others.",
        ),
        (
            {
                "Action": "autoscaling:DeleteAutoScalingGroup",
                "Resource": "arn:aws:autoscaling:*:922222222222:"
                "autoScalingGroup:*:autoScalingGroupName/*",
            },
            "Deletes every Auto Scaling group in the account, also those of others.",
        ),
        (
            {"NotAction": "iam:*", "Resource": "own"},
            "Allows everything except what it names.",
        ),
    ],
)
def test_what_may_do_harm_is_told(statement, sentence):
    assert " ".join(told(document(statement))) == sentence


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": ["ec2:DescribeInstances", "s3:ListBucket"], "Resource": "*"},
        {"Action": "iam:SimulatePrincipalPolicy", "Resource": "*"},
        {"Action": "ec2:RunInstances", "Resource": "arn:aws:ec2:*:9:image/*"},
        {
            "Action": "lambda:UpdateFunctionCode",
            "Resource": "arn:aws:lambda:*:9:function:spinnaker-*",
        },
        {
            "Action": "ec2:TerminateInstances",
            "Resource": "arn:aws:ec2:*:9:instance/*",
            "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}},
        },
    ],
)
def test_reads_and_writes_of_named_things_are_not_told(statement):
    assert told(document(statement)) == []


def test_a_statement_that_was_there_before_is_not_told_again():
    risky = {"Action": "ec2:Run", "Resource": "*"}

    assert told(document(risky), before=document(risky)) == []


def test_a_denial_is_no_risk():
    denied = document()
    denied["document"]["Statement"] = [
        {"Effect": "Deny", "Action": "*", "Resource": "*"}
    ]

    assert told(denied) == []


def test_a_statement_without_an_effect_allows_nothing():
    shown = document({"Action": "*", "Resource": "*"})
    del shown["document"]["Statement"][0]["Effect"]

    assert told(shown) == []


def test_awss_own_policy_is_told_where_it_is_attached():
    key = Key(MANAGED_ID, "attachment", "spinnakerManaged/ReadOnlyAccess")
    after = {"policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}

    assert told(after, key=key) == ["Attaches AWS's own policy ReadOnlyAccess."]


def test_what_is_deleted_is_no_risk():
    assert told(None, before=document({"Action": "*", "Resource": "*"})) == []


def grant(account):
    return {
        "name": "us-east-1/1/2",
        "key_arn": f"arn:aws:kms:us-east-1:{account}:key/1",
        "operations": ["Decrypt"],
    }


def test_a_grant_on_another_accounts_key_needs_the_policy_of_the_key():
    key = Key(MANAGED_ID, "key grant", "us-east-1/1/2")

    whose, needed = told(grant(MANAGING_ID), key=key)

    assert f"of account {MANAGING_ID}" in whose
    assert "the policy of the key must allow it" in needed
    assert "Only launching an instance shows" in needed


def test_a_grant_on_a_key_at_home_needs_nothing_else():
    key = Key(MANAGED_ID, "key grant", "us-east-1/1/2")

    (whose,) = told(grant(MANAGED_ID), key=key)

    assert whose.endswith("key/1.")


def cluster(policy="AmazonEKSEditPolicy", namespaces=()):
    return {
        "name": "us-east-1/apps/arn",
        "cluster": "apps",
        "policy_arn": f"arn:aws:eks::aws:cluster-access-policy/{policy}",
        "namespaces": list(namespaces),
    }


CLUSTER = Key(MANAGED_ID, "cluster access", "us-east-1/apps/arn")


@pytest.mark.parametrize(
    ("after", "sentences"),
    [
        (
            cluster(),
            ["Reads and writes the secrets in every namespace of the cluster."],
        ),
        (
            cluster(namespaces=["web", "batch"]),
            ["Reads and writes the secrets in namespaces web, batch of the cluster."],
        ),
        (
            cluster("AmazonEKSClusterAdminPolicy"),
            [
                "Allows everything in the cluster.",
                "Reads and writes the secrets in every namespace of the cluster.",
            ],
        ),
        (cluster("AmazonEKSViewPolicy"), []),
    ],
)
def test_who_edits_a_cluster_reads_its_secrets(after, sentences):
    assert told(after, key=CLUSTER) == sentences


def test_a_clusters_secrets_are_told_again_where_more_namespaces_come():
    before, after = cluster(namespaces=["web"]), cluster()

    assert told(after, before, key=CLUSTER) == told(after, key=CLUSTER)
    assert told(after, {**after, "principal": "other"}, key=CLUSTER) == []


@pytest.mark.parametrize(
    ("more", "sentences"),
    [
        (
            "AmazonEKSClusterAdminPolicy",
            [
                "Allows everything in the cluster.",
                "Reads and writes the secrets in every namespace of the cluster.",
                "Has more policies of EKS: AmazonEKSClusterAdminPolicy.",
            ],
        ),
        ("AmazonEKSViewPolicy", ["Has more policies of EKS: AmazonEKSViewPolicy."]),
    ],
)
def test_policies_that_an_access_entry_has_in_addition_are_told(more, sentences):
    wanted = cluster(namespaces=["web"])
    arn = cluster(more)["policy_arn"]

    assert told({**wanted, "more_policies": [arn]}, wanted, key=CLUSTER) == sentences


@pytest.mark.parametrize(
    ("actions", "sentence"),
    [
        (["secretsmanager:GetSecretValue"], "Reads secrets: "),
        (["SSM:getparameter"], "Reads secrets: ssm:GetParameter."),
        (["lambda:GetFunction"], "Reads environment variables: lambda:"),
    ],
)
def test_reads_of_secrets_are_told(actions, sentence):
    (said,) = told(document({"Action": actions, "Resource": "arn"}))

    assert sentence in said


@pytest.mark.parametrize("action", SECRETS)
def test_a_plan_tells_what_the_permissions_page_counts(action: str):
    (said,) = told(document({"Action": action, "Resource": "arn"}))

    assert said.endswith(f": {action}.")


def test_reads_of_settings_are_told_once_a_policy():
    one, other = ({"Action": f"lambda:{a}"} for a in ("GetFunction", "ListFunctions"))

    (said,) = told(document(one, other))

    assert said.endswith("variables: lambda:GetFunction, lambda:ListFunctions.")


def test_reads_of_settings_that_were_allowed_before_are_not_told_again():
    before = document({"Action": "lambda:GetFunction"})
    after = document({"Action": ["lambda:GetFunction", "lambda:ListFunctions"]})

    assert told(after, before) == ["Reads environment variables: lambda:ListFunctions."]


@pytest.mark.parametrize("pattern", ["iam:Pass?ole", "iam:Pass*", "IAM:*", "i?m:*"])
def test_a_pattern_that_covers_passing_roles_is_told(pattern):
    said = told(document({"Action": pattern, "Resource": "*"}))

    assert said[0] == "Passes roles * to any service."
    assert said[1] == f"Allows actions by a pattern: {pattern}."


def test_a_pattern_that_covers_a_read_of_secrets_is_told():
    wide, secret = told(document({"Action": "secretsmanager:Get*", "Resource": "a"}))

    assert "by a pattern" in wide
    assert secret == "Reads secrets: secretsmanager:GetSecretValue."


def test_awss_policy_that_reads_every_secret_is_told_twice():
    key = Key(MANAGED_ID, "attachment", "spinnakerManaged/PowerUserAccess")
    after = {"policy_arn": "arn:aws:iam::aws:policy/PowerUserAccess"}

    found = [(risk.topic, risk.sentence) for risk in risks(key, None, after)]

    assert found == [
        (Topic.AWS_POLICIES, "Attaches AWS's own policy PowerUserAccess."),
        (Topic.SECRETS, "Reads every secret of the account, by PowerUserAccess."),
    ]


def test_what_others_only_spell_in_another_way_is_not_new():
    passes = {"Action": "iam:PassRole", "Resource": "*"}
    theirs = document({name: [value] for name, value in passes.items()})

    assert told(document(passes), before=theirs) == []


def test_what_is_no_policy_breaks_no_page():
    odd = {"name": "x", "document": {"Statement": [{"Action": "s3:GetObject"}]}}

    assert told(odd, before=odd) == []


ACCOUNT = "1" * 12

MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}

TO_EC2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}


def allow(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    named = {} if "NotAction" in more else {"Action": list(actions)}
    return {"Effect": "Allow", "Resource": resource, **named, **more}


@pytest.mark.parametrize(
    "statement",
    [
        allow("*"),
        allow("*", Condition=MFA),
        allow(NotAction="iam:*"),
        allow(NotAction="iam:*", Condition=MFA),
        allow("iam:*"),
        allow("IAM:put*"),
        allow("iam:PassRole"),
        allow("iam:CreatePolicyVersion", resource=f"arn:aws:iam::{ACCOUNT}:policy/*"),
        allow("iam:AttachUserPolicy", resource="arn:*:iam::*:user/*"),
        {"Effect": "Allow", "Action": "*", "NotResource": "arn:aws:s3:::ours"},
    ],
)
def test_it_may_do_everything_or_give_itself_more(statement: dict[str, Any]) -> None:
    assert is_critical(Policy.of({"Statement": statement}), ACCOUNT)


@pytest.mark.parametrize(
    "statement",
    [
        {**allow("*"), "Effect": "Deny"},
        allow("s3:*", "ec2:*", "iam:Get*", "sts:AssumeRole"),
        allow("*", resource="arn:aws:s3:::ours/*"),
        allow(NotAction="s3:DeleteBucket", resource="arn:aws:s3:::ours"),
        allow("iam:PassRole", resource=f"arn:aws:iam::{ACCOUNT}:role/web"),
        allow("iam:PassRole", Condition=TO_EC2),
        allow("iam:PutRolePolicy", resource=f"arn:aws:iam::{ACCOUNT}:role/teams/*"),
    ],
)
def test_what_is_less_is_the_owners(statement: dict[str, Any]) -> None:
    assert not is_critical(Policy.of({"Statement": statement}), ACCOUNT)
