"""Conditions of identities' policies on what the emulator does not know."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.delays import denied, session_of
from tests.strict_aws.policies import IF_EXISTS, is_met, names, speaks, statements
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

READ_BACK = re.compile(r"<(Document|PolicyDocument)>(.*?)</\1>", re.DOTALL)
USER = re.compile(rb"<UserName>([^<]+)</UserName>")
HOLDER = re.compile(r"arn:[a-z-]+:iam::(\d{12}):(role|user)/(?:.+/)?([^/]+)")
RESULT = re.compile(r"<member><EvalActionName>.*?</member>", re.DOTALL)


class ConditionKey(Behaviour):
    """A condition key that is judged here.

    The emulator gets such conditions with `IfExists`, by which it lets through what it
    cannot judge. Whoever reads the policy sees it as it was written.
    """

    key: ClassVar[str]
    action: ClassVar[str]

    def resource(self, request: Request) -> str:
        """Name what the action is done to."""
        raise NotImplementedError

    def context(self, request: Request, aws: StrictAws) -> dict[str, str]:
        """Give the values that AWS knows of this request, by key in lower case."""
        raise NotImplementedError

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if request.service != "iam" or not answer.done:
            return answer
        if request.operation == "SimulatePrincipalPolicy":
            body = RESULT.sub(
                lambda one: self.simulated(one[0], request, aws), answer.body.decode()
            )
            return answer._replace(body=body.encode())
        keys = {b.key for b in aws.behaviours if isinstance(b, ConditionKey)}
        if self.key != min(keys):
            return answer  # one of them does it for all
        if names_one(request.parameters.get("PolicyDocument", ""), keys):
            return softened(request, answer, aws, keys)
        if request.operation.startswith("Get"):
            return as_written(answer, keys)
        return answer

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if f"{request.service}:{request.operation}" != self.action:
            return None
        account, kind, name = holder(request, aws)
        if not name:
            return None
        resource, context = self.resource(request), self.context(request, aws)
        if self.permits(aws, (account, kind, name), resource, context):
            return None
        who = f"arn:aws:iam::{account}:user/{name}"
        if kind == "Role":
            who = session_of(account, name)
        why = f" on resource: {resource} because no identity-based policy allows the "
        return denied(self.action, who, f"{why}{self.action} action").answer(request)

    def permits(
        self,
        aws: StrictAws,
        who: tuple[str, str, str],
        resource: str,
        context: Mapping[str, str],
    ) -> bool:
        """Judge what this key decides; the emulator judges all else."""
        allowing = [
            statement
            for statement in statements(aws, *who)
            if speaks(statement, self.action, resource)
        ]
        held = json.dumps({"Statement": [s for s in allowing if names(s, self.key)]})
        deciding = json.loads(under(held, {self.key}, written))["Statement"]
        if not deciding or len(deciding) < len(allowing):
            return True
        return any(is_met(statement, context) for statement in deciding)

    def simulated(self, result: str, request: Request, aws: StrictAws) -> str:
        """Let the simulator know no more of the key than it is given."""
        if f"<EvalActionName>{self.action}<" not in result:
            return result
        given = request.parameters
        found = HOLDER.fullmatch(given["PolicySourceArn"])
        assert found, given
        who = (found[1], found[2].title(), found[3])
        prefix = "ContextEntries.member."
        context = {
            given[name].lower(): given[
                name.replace("ContextKeyName", "ContextKeyValues.member.1")
            ]
            for name in given
            if name.startswith(prefix) and name.endswith("ContextKeyName")
        }
        if self.permits(aws, who, given["ResourceArns.member.1"], context):
            return result
        return re.sub("(?<=<EvalDecision>)allowed", "implicitDeny", result)


def names_one(document: str, keys: Collection[str]) -> bool:
    return any(key in document.lower() for key in keys)


def softened(
    request: Request, answer: Answer, aws: StrictAws, keys: Collection[str]
) -> Answer:
    """Put such a document into the place of the one that was written: the emulator
    took it signed, and it cannot be changed before.
    """
    account, given = aws.account(request), dict(request.parameters)
    given.pop("Version")
    text = under(given["PolicyDocument"], keys, lambda name: f"{name}{IF_EXISTS}")
    given["PolicyDocument"] = text
    if request.operation == "CreatePolicy":
        arn = first("Arn", answer.body)
        aws.as_root(account, "DeletePolicy", PolicyArn=arn)
    if request.operation == "CreatePolicyVersion":
        policy = {"PolicyArn": given["PolicyArn"]}
        new, held = (
            first("VersionId", answer.body),
            aws.as_root(account, "ListPolicyVersions", **policy).decode(),
        )
        before = next(v for v in re.findall("<VersionId>(.*?)<", held) if v != new)
        aws.as_root(account, "SetDefaultPolicyVersion", VersionId=before, **policy)
        aws.as_root(account, "DeletePolicyVersion", VersionId=new, **policy)
    body = aws.as_root(account, request.operation, **given)
    assert body, request.text
    return answer._replace(body=body)


def first(element: str, body: bytes) -> str:
    found = re.search(f"<{element}>(.*?)<", body.decode())
    assert found, body
    return found[1]


def as_written(answer: Answer, keys: Collection[str]) -> Answer:
    def back(found: re.Match[str]) -> str:
        text = unquote(found[2])
        if names_one(text, keys):
            text = under(text, keys, written)
        return f"<{found[1]}>{quote(text)}</{found[1]}>"

    body = READ_BACK.sub(back, answer.body.decode())
    return answer._replace(body=body.encode())


def written(operator: str) -> str:
    return operator.removesuffix(IF_EXISTS)


def under(text: str, keys: Collection[str], operator: Callable[[str], str]) -> str:
    """Put the values of these keys under other operators."""
    document = json.loads(text)
    for statement in document["Statement"]:
        new: dict[str, Any] = {}
        for name, block in statement.pop("Condition", {}).items():
            for key, wanted in block.items():
                other = operator(name) if key.lower() in keys else name
                new.setdefault(other, {})[key] = wanted
        if new:
            statement["Condition"] = new
    return json.dumps(document)


def holder(request: Request, aws: StrictAws) -> tuple[str, str, str]:
    """Give the account, kind and name of who asks; an account's root has no name."""
    account, role = aws.holder(request)
    if role:
        return account, "Role", role
    if request.key == account:
        return account, "User", ""
    key = {"AccessKeyId": request.key}
    found = USER.search(aws.as_root(account, "GetAccessKeyLastUsed", **key))
    assert found, request.key
    return account, "User", found[1].decode()


@dataclass
class ResourceOrganizations(ConditionKey):
    """IAM lets a role be assumed where its account belongs to the organization that
    `aws:ResourceOrgID` names.
    """

    organizations: dict[str, str] = field(default_factory=dict)
    """To which organization an account belongs; those not in it belong to none."""

    key: ClassVar = "aws:resourceorgid"
    action: ClassVar = "sts:AssumeRole"

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if request.operation == "DescribeOrganization" and answer.done:
            return self.described(request, aws.account(request))
        return super().changed(request, answer, aws)

    def resource(self, request: Request) -> str:
        return str(request.parameters["RoleArn"])

    def context(self, request: Request, aws: StrictAws) -> dict[str, str]:
        entered = self.resource(request).split(":")[4]
        known = {
            "aws:principalorgid": self.organizations.get(aws.account(request)),
            self.key: self.organizations.get(entered),
        }
        return {key: value for key, value in known.items() if value}

    def described(self, request: Request, account: str) -> Answer:
        organization = self.organizations.get(account)
        if not organization:
            return ALONE.answer(request)
        body = json.dumps({"Organization": {"Id": organization}})
        return Answer(
            200, {"Content-Type": "application/x-amz-json-1.1"}, body.encode()
        )


ALONE = Refusal(
    "AWSOrganizationsNotInUseException",
    "Your account is not a member of an organization.",
)


class GranteePrincipals(ConditionKey):
    """IAM lets grants be made on a key where they are for the principal that
    `kms:GranteePrincipal` names.
    """

    key: ClassVar = "kms:granteeprincipal"
    action: ClassVar = "kms:CreateGrant"

    def resource(self, request: Request) -> str:
        return str(request.parameters["KeyId"])

    def context(self, request: Request, aws: StrictAws) -> dict[str, str]:
        return {self.key: str(request.parameters["GranteePrincipal"])}
