"""What linters of IAM policies find in Bowline's, and why each finding is accepted.

Words and kinds are parliament's. A test lints every document that Bowline can make and
fails at a finding that is not listed here, and at one listed here that is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from onboarding.review.permissions import Topic


class LintFinding(NamedTuple):
    """A kind of finding about an action, and why it is as it should be."""

    kind: str
    action: str
    reason: str

    @property
    def words(self) -> str:
        return KINDS[self.kind]


KINDS = {
    "RESOURCE_STAR": "On every resource",
    "CREDENTIALS_EXPOSURE": "Gives credentials out",
    "PERMISSIONS_MANAGEMENT_ACTIONS": "Changes permissions",
    "PRIVILEGE_ESCALATION": "Might lead to more permissions",
}
"""Parliament's kinds as the page says them."""

READS_ALL = "A read: Spinnaker shows all of the account, whatever its name."
BUILDS = "Packer invents a name for each build, so nothing can be listed here."


def on_every_resource(reason: str, *actions: str) -> Iterator[LintFinding]:
    return (LintFinding("RESOURCE_STAR", action, reason) for action in actions)


ACCEPTED: tuple[LintFinding, ...] = (
    *on_every_resource(
        READS_ALL,
        "cloudformation:DescribeChangeSet",
        "cloudformation:DescribeStackEvents",
        "cloudformation:ListChangeSets",
        "cloudwatch:DescribeAlarms",
        "ec2:DescribeImageAttribute",
        "ec2:DescribeInstanceAttribute",
        "ec2:GetConsoleOutput",
        "ecr:DescribeImages",
        "ecr:ListImages",
        "ecs:DescribeClusters",
        "ecs:DescribeContainerInstances",
        "ecs:DescribeServices",
        "ecs:DescribeTasks",
        "ecs:ListContainerInstances",
        "ecs:ListTasks",
    ),
    *on_every_resource(
        BUILDS,
        "ec2:AuthorizeSecurityGroupIngress",
        "ec2:CreateImage",
        "ec2:CreateSecurityGroup",
        "ec2:DeleteSecurityGroup",
        "ec2:DeleteSnapshot",
        "ec2:DeleteVolume",
        "ec2:DeregisterImage",
        "ec2:ModifyInstanceAttribute",
        "ec2:StopInstances",
        "ec2:TerminateInstances",
    ),
    *on_every_resource(
        "A launch spans images, subnets and key pairs, also those of other accounts.",
        "ec2:RunInstances",
    ),
    *on_every_resource(
        "Limited by its condition to the account's functions.",
        "lambda:DeleteEventSourceMapping",
        "lambda:UpdateEventSourceMapping",
    ),
    LintFinding(
        "CREDENTIALS_EXPOSURE",
        "sts:AssumeRole",
        "Becoming the managed roles is all that Spinnaker's identity is for.",
    ),
    LintFinding(
        "CREDENTIALS_EXPOSURE",
        "ecr:GetAuthorizationToken",
        "Only where the managed role is lent to Fargate tasks: it pulls their images.",
    ),
    LintFinding(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "iam:PassRole",
        "Only roles under a path, and only to the service that is named.",
    ),
    LintFinding(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "lambda:AddPermission",
        "Limited by its condition to load balancers that call a function.",
    ),
    LintFinding(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "kms:CreateGrant",
        "Only for the keys that are named, and through the one AWS service.",
    ),
    LintFinding(
        "PERMISSIONS_MANAGEMENT_ACTIONS",
        "ec2:ModifySnapshotAttribute",
        "Opens images of this account to the accounts that launch them.",
    ),
    LintFinding(
        "PRIVILEGE_ESCALATION",
        "lambda:UpdateFunctionCode",
        "Anyone who can deploy a function can run code as its role. Spinnaker names "
        "functions after applications, so a policy of the account can't limit them: "
        "use Fiat's groups to limit who can write to the account.",
    ),
)


def lint(topics: tuple[Topic, ...]) -> Iterator[LintFinding]:
    """Yield what a linter would find in what is allowed, each once."""
    allowed = [a for t in topics for c in t.capabilities for a in c.allowed]
    for finding in ACCEPTED:
        everywhere = finding.kind != "RESOURCE_STAR"
        if any(
            one.action == finding.action and (everywhere or "*" in one.resources)
            for one in allowed
        ):
            yield finding


class Explained(NamedTuple):
    """Actions about which the same is found, and accepted for the same reason."""

    words: str
    reason: str
    actions: tuple[str, ...]


def explained(topics: tuple[Topic, ...]) -> tuple[Explained, ...]:
    """Return the findings with the actions of one kind and reason together."""
    alike = groupby(lint(topics), key=lambda found: (found.words, found.reason))
    return tuple(
        Explained(*key, tuple(found.action for found in some)) for key, some in alike
    )
