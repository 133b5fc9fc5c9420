"""The policies that a role or user holds, and its boundary, as they exist in AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from onboarding.asked_once import asked_once
from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.checks import Call
from onboarding.partitions import Arn
from onboarding.verify.conditions.circumstances import Caller
from onboarding.verify.policy_evaluation import Document


@dataclass
class HeldPolicies:
    """A role or user whose policies are read once, when they are first needed."""

    client: AccountClient
    arn: str
    own_path: str
    """The path of Bowline's policies for this holder."""
    writes: bool = True
    """False: the owner of the account makes it, and Bowline changes nothing."""
    sessions: Sessions | None = None
    """What has just been read of the account; None: all of it is read."""

    @property
    def kind(self) -> str:
        return Arn.of(self.arn).kind

    @property
    def name(self) -> str:
        return Arn.of(self.arn).name

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name} in account {self.client.account_id}"

    @property
    def by_name(self) -> dict[str, str]:
        return {f"{self.kind.title()}Name": self.name}

    def caller(self, session_name: str = "", organization: str | None = None) -> Caller:
        """Return it as who calls, with what may be read of it."""
        try:
            described = self.description or {}
        except AwsError:
            return Caller(self.arn, session_name, organization=organization)
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}
        unique_id = described.get(f"{self.kind.title()}Id", "")
        return Caller(self.arn, session_name, unique_id, tags, organization)

    def read(self, ask: Callable[..., Any], name: str, doing: str, **given: Any) -> Any:
        """Ask IAM by an operation, in whose name {} is role or user, unless it has just
        answered that.
        """
        operation, account = name.format(self.kind), self.client.account_id
        if self.sessions:
            call = Call.iam(operation, **given)
            if known := self.sessions.handed_on.answered(account, call):
                return known
        return ask(self.client.operation("iam", operation), doing, **given)

    @asked_once
    def description(self) -> dict[str, Any] | None:
        """Return what IAM knows of it; None where it does not exist."""
        doing = f"read the {self.kind} {self.name}"
        answer = self.read(self.client.find, "get_{}", doing, **self.by_name)
        return answer[self.kind.title()] if answer else None

    @asked_once
    def attached(self) -> list[dict[str, str]]:
        doing = f"list the policies of {self.kind} {self.name}"
        name = "list_attached_{}_policies"
        answer = self.read(self.client.call_all, name, doing, **self.by_name)
        found: list[dict[str, str]] = answer["AttachedPolicies"]
        return found

    @asked_once
    def inline(self) -> list[str]:
        doing = f"list the inline policies of {self.kind} {self.name}"
        name = "list_{}_policies"
        answer = self.read(self.client.call_all, name, doing, **self.by_name)
        names: list[str] = answer["PolicyNames"]
        return names

    @asked_once
    def documents(self) -> list[Document]:
        return [*self.attached_documents(), *self.inline_documents()]

    def attached_documents(self) -> Iterator[Document]:
        for policy in self.attached:
            yield self.managed_policy(policy["PolicyName"], policy["PolicyArn"])

    def inline_documents(self) -> Iterator[Document]:
        for name in self.inline:
            answer = self.read(
                self.client.call,
                "get_{}_policy",
                f"read inline policy {name} of {self.kind} {self.name}",
                PolicyName=name,
                **self.by_name,
            )
            yield Document(name, answer["PolicyDocument"])

    def managed_policy(self, name: str, arn: str) -> Document:
        if self.sessions and (known := self.sessions.documents.lately(arn)):
            return Document(name, known.document, arn)
        doing = f"read policy {name}"
        iam = self.client.iam
        policy = self.client.call(iam.get_policy, doing, PolicyArn=arn)["Policy"]
        answer = self.client.call(
            iam.get_policy_version,
            doing,
            PolicyArn=arn,
            VersionId=policy["DefaultVersionId"],
        )
        return Document(name, parsed(answer["PolicyVersion"]["Document"]), arn)

    @asked_once
    def boundary(self) -> Document | None:
        described = self.description or {}
        arn = described.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return self.managed_policy(Arn.of(arn).name, arn) if arn else None

    @asked_once
    def loose(self) -> list[Document]:
        """List Bowline's policies for it that exist but are not attached to it."""
        doing = f"list the policies under {self.own_path}"
        answer = self.client.call_all(
            self.client.iam.list_policies,
            doing,
            Scope="Local",
            PathPrefix=self.own_path,
        )
        attached = {policy["PolicyArn"] for policy in self.attached}
        return [
            self.managed_policy(policy["PolicyName"], policy["Arn"])
            for policy in answer["Policies"]
            if policy["Arn"] not in attached
        ]
