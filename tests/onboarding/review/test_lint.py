"""Linters on every document that Bowline can make: no finding without its reason."""

from __future__ import annotations

import logging
import warnings
from functools import cache

import pytest
from policy_sentry.querying.all import get_all_actions

from onboarding.partitions import PARTITIONS
from onboarding.resources.policy import Policy, as_list
from onboarding.review.lint import ACCEPTED, explained, lint
from onboarding.review.permissions import managed_review, managing_topics
from tests.choices import documents
from tests.factories import image_key, managed, managing, provider

with warnings.catch_warnings():
    # It leaves its own data files open, and finds them by the old pkg_resources.
    warnings.simplefilter("ignore")
    import parliament

every_partition = pytest.mark.parametrize("partition", PARTITIONS)


@cache
def known_actions() -> dict[str, str]:
    return {action.lower(): action for action in get_all_actions()}


def found(text: str) -> set[tuple[str, str]]:
    """Lint a document: kinds of findings, each with the action that it is about."""
    logging.getLogger().setLevel(logging.WARNING)
    policy = parliament.analyze_policy_string(text, include_community_auditors=True)
    written = {action.lower(): action for action in actions_of(text)}
    return {
        (finding.issue, written.get(action.lower(), action))
        for finding in policy.findings
        for action in about(finding)
    }


def about(finding) -> list[str]:
    """Say which actions a finding is about; its words where it is about none."""
    if finding.issue == "RESOURCE_STAR":
        return list(finding.detail)
    located = finding.location.get("actions") if finding.location else None
    return located or [str(finding.detail)]


def actions_of(text: str) -> list[str]:
    statements = Policy(text).document["Statement"]
    return [a for statement in statements for a in as_list(statement["Action"])]


@every_partition
def test_every_action_is_one_that_aws_knows(partition):
    actions = {a for text in documents(partition) for a in actions_of(text)}

    assert [a for a in actions if known_actions().get(a.lower()) != a] == []


@pytest.mark.exhaustive(after=1)
@every_partition
def test_parliament_finds_nothing_but_what_is_accepted_with_a_reason(partition):
    accepted = {(finding.kind, finding.action) for finding in ACCEPTED}

    every = {finding for text in documents(partition) for finding in found(text)}

    assert every - accepted == set()
    assert accepted - every == set()


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ({"Action": "ec2:DescribeEverything", "Resource": "*"}, "UNKNOWN_ACTION"),
        (
            {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket"},
            "RESOURCE_MISMATCH",
        ),
        (
            {
                "Action": "s3:GetObject",
                "Resource": "*",
                "Condition": {"StringEquals": {"s3:Nonsense": "x"}},
            },
            "UNKNOWN_CONDITION_FOR_ACTION",
        ),
        (
            {"Action": "lambda:UpdateFunctionCode", "Resource": "*"},
            "PRIVILEGE_ESCALATION",
        ),
    ],
)
def test_the_linter_would_find_what_is_wrong(statement, kind):
    kinds = {issue for issue, _ in found(Policy.allowing(statement).text)}

    assert kind in kinds


def test_every_accepted_finding_has_a_sentence():
    assert all(finding.reason.endswith(".") for finding in ACCEPTED)
    assert len({finding[:2] for finding in ACCEPTED}) == len(ACCEPTED)


def test_an_accounts_findings_are_those_of_its_own_documents():
    review = managed_review(managing(), managed(provider("ecs")))

    shown = {(finding.kind, finding.action) for finding in lint(review.topics)}

    assert ("PERMISSIONS_MANAGEMENT_ACTIONS", "iam:PassRole") in shown
    assert ("PRIVILEGE_ESCALATION", "lambda:UpdateFunctionCode") not in shown


def test_what_is_limited_to_some_resources_is_not_found_to_be_on_all():
    topics = managing_topics(managing(bakes=True, image_keys=(image_key(),)))

    shown = {finding.action for finding in lint(topics)}

    assert "ec2:StopInstances" in shown
    assert "ec2:CreateKeyPair" not in shown


def test_findings_of_one_kind_and_reason_stand_together_in_words():
    review = managed_review(managing(), managed(provider("ecs")))

    together = explained(review.topics)

    reads, *_ = [found for found in together if "ecs:ListTasks" in found.actions]
    assert reads.words == "On every resource"
    assert "ecr:ListImages" in reads.actions
    assert [a for found in together for a in found.actions] == [
        found.action for found in lint(review.topics)
    ]


def test_every_kind_of_finding_has_words():
    assert all(finding.words for finding in ACCEPTED)
