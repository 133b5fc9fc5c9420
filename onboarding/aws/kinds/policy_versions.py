"""A managed policy's versions: a new one in force, and none of somebody else's lost.

AWS refuses no write that comes too late, but it counts the versions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import AwsError
from onboarding.resources.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import PolicyVersionTypeDef

VERSIONS = 5
"""The most versions that AWS keeps of a managed policy."""


FULL = "LimitExceeded"


class WrittenMeanwhile(AwsError):
    """Somebody else wrote a policy between our look at it and our own version."""


def no_one_else() -> None:
    """Let every write pass: nobody else writes to these accounts."""


def number_of(version: PolicyVersionTypeDef) -> int:
    return int(version["VersionId"].lstrip("v"))


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    client: AccountClient
    arn: str
    doing: str
    before_write: Callable[[], None]
    """Called right before every single write; it stops it by raising."""

    def put_in_force(self, document: Policy, *, before: Policy) -> None:
        """Write a new version. Where somebody else wrote one since `before` was read,
        put theirs in force again and raise WrittenMeanwhile.
        """
        newest = max(self.prune(keep=VERSIONS - 1), default=0)
        ours = self.write(document)
        if ours == newest + 1:
            return
        later = [number for number in self.numbers() if number > newest]
        between = [number for number in later if number < ours]
        theirs = self.document(between[-1]) if between else before
        if theirs in (before, document):
            return  # what was read already, or an attempt whose answer was lost
        if later[-1] == ours:
            undoing = replace(self, before_write=no_one_else)
            undoing.prune(keep=VERSIONS - 1)
            undoing.write(theirs)
        account = self.client.account_id
        raise WrittenMeanwhile(
            account,
            "iam:CreatePolicyVersion",
            f"Bowline could not {self.doing} in account {account}: someone else "
            "created another version at the same time. Theirs is in effect.",
            "Plan again, and read what is left to change.",
        )

    def prune(self, *, keep: int) -> tuple[int, ...]:
        """Delete the oldest versions, but never the one in force; number all that
        there were.
        """
        versions = self.numbers()
        spare = [number for number, in_force in versions.items() if not in_force]
        for number in spare[: max(0, len(versions) - keep)]:
            self.before_write()
            self.client.find(
                self.client.iam.delete_policy_version,
                self.doing,
                PolicyArn=self.arn,
                VersionId=f"v{number}",
            )
        return tuple(versions)

    def write(self, document: Policy) -> int:
        """Put a document in force, and return the number that AWS gave it."""
        self.before_write()
        try:
            answer = self.client.call(
                self.client.iam.create_policy_version,
                self.doing,
                PolicyArn=self.arn,
                PolicyDocument=document.text,
                SetAsDefault=True,
            )
        except AwsError as error:
            if error.code == FULL:  # of versions that AWS did not list
                raise error.passing() from error
            raise
        return number_of(answer["PolicyVersion"])

    def document(self, number: int) -> Policy:
        answer = self.client.call(
            self.client.iam.get_policy_version,
            self.doing,
            PolicyArn=self.arn,
            VersionId=f"v{number}",
        )
        return Policy.of(parsed(answer["PolicyVersion"]["Document"]))

    def numbers(self) -> dict[int, bool]:
        """Number the versions, the oldest first, and tell which one is in force."""
        answer = self.client.find(
            self.client.iam.list_policy_versions, self.doing, PolicyArn=self.arn
        )
        listed = answer["Versions"] if answer else []
        in_force = {number_of(one): one["IsDefaultVersion"] for one in listed}
        return dict(sorted(in_force.items()))
