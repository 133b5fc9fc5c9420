"""What AWS does not know yet: stale reads, and what is too young to be used."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import ROLE_ARN, Behaviour, StrictAws
from tests.strict_aws.request import Request

LAG = 0.05
"""Seconds; on real AWS it is some seconds, seldom a minute."""
PRINCIPAL = re.compile(r"arn:[a-z-]+:iam::\d{12}:role/[\w+=,.@/-]+")


@dataclass
class StaleReads(Behaviour):
    """For a while after a write, some reads answer as before it."""

    lag: float = LAG
    share: float = 1.0
    services: tuple[str, ...] = ("eks", "iam")
    before: dict[str, tuple[int, Answer]] = field(default_factory=dict)
    """What was answered after so many writes, all of them older than the lag."""

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if not self.concerns(request):
            return None
        settled, writes = self.settled(request, aws)
        if settled == writes or not aws.chance(request, self.share, "stale"):
            return None
        known, answer = self.before.get(self.key(request, aws), (-1, None))
        return answer if known == settled else missing(request, aws, self.lag)

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if self.concerns(request):
            settled, writes = self.settled(request, aws)
            if settled == writes:
                self.before[self.key(request, aws)] = (settled, answer)
        return answer

    def settled(self, request: Request, aws: StrictAws) -> tuple[int, int]:
        """Count the writes that every read knows by now, and all writes."""
        ages = aws.writes(request)
        return sum(age > self.lag for age in ages), len(ages)

    def concerns(self, request: Request) -> bool:
        simulated = request.operation.startswith("Simulate")
        return request.is_read and request.service in self.services and not simulated

    def key(self, request: Request, aws: StrictAws) -> str:
        return f"{aws.account(request)} {request.text}"


def missing(request: Request, aws: StrictAws, lag: float) -> Answer | None:
    """Say that what is younger than the lag does not exist."""
    account, sent = aws.account(request), request.parameters
    named = (
        ("role", "RoleName", "The role with name {} cannot be found."),
        ("profile", "InstanceProfileName", "Instance Profile {} cannot be found."),
        ("policy", "PolicyArn", "Policy {} does not exist or is not attachable."),
    )
    if request.service == "iam" and not request.operation.startswith("Create"):
        for kind, parameter, sentence in named:
            name = str(sent.get(parameter, ""))
            if aws.age(account, kind, name.rpartition("/")[2]) < lag:
                code, status = "NoSuchEntity", 404
                return Refusal(code, sentence.format(name), status).answer(request)
    if request.service == "eks" and request.operation != "CreateAccessEntry":
        principal = str(sent.get("principalArn", ""))
        if aws.age(account, "entry", principal) < lag:
            return NO_ENTRY.answer(request)
    return None


NO_ENTRY = Refusal(
    "ResourceNotFoundException", "The specified principalArn could not be found.", 404
)


@dataclass
class YoungUnknown(Behaviour):
    """What was made a moment ago does not exist for the next call."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        return missing(request, aws, self.lag) if request.service == "iam" else None


@dataclass
class YoungEntryUnknown(Behaviour):
    """EKS cannot find an access entry of a moment ago."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        return missing(request, aws, self.lag) if request.service == "eks" else None


@dataclass
class NotAssumableYet(Behaviour):
    """A role of a moment ago, or with a trust of a moment ago, lets nobody in."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != "AssumeRole":
            return None
        arn = unquote(request.parameters["RoleArn"])
        account, role = ROLE_ARN.fullmatch(arn).groups()  # type: ignore[union-attr]
        if aws.since_permitted(account, role) > self.lag:
            return None
        sentence = f"User: arn:aws:iam::{aws.account(request)}:user/somebody is not "
        sentence += f"authorized to perform: sts:AssumeRole on resource: {arn}"
        return Refusal("AccessDenied", sentence, 403).answer(request)


@dataclass
class GrantsNotYet(Behaviour):
    """What a role was granted a moment ago is still denied."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        account, role = aws.holder(request)
        asks_itself = request.operation == "GetCallerIdentity"
        if not role or asks_itself or aws.since_permitted(account, role) > self.lag:
            return None
        action = f"{request.service}:{request.operation}"
        return denied(action, session_of(account, role)).answer(request)


def session_of(account: str, role: str) -> str:
    return f"arn:aws:sts::{account}:assumed-role/{role}/s"


def denied(action: str, who: str, why: str = "") -> Refusal:
    """Refuse as the service words it."""
    sentence = f"User: {who} is not authorized to perform: {action}{why}"
    service = action.split(":")[0]
    if service == "ec2":
        return Refusal("UnauthorizedOperation", sentence, 403)
    plain = service in ("autoscaling", "elasticloadbalancing", "iam", "sts")
    return Refusal("AccessDenied" if plain else "AccessDeniedException", sentence, 403)


@dataclass
class InvalidPrincipal(Behaviour):
    """IAM trusts no role that does not exist, or that is too young."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation == "CreateRole":
            document = request.parameters["AssumeRolePolicyDocument"]
        elif request.operation == "UpdateAssumeRolePolicy":
            document = request.parameters["PolicyDocument"]
        else:
            return None
        for arn in PRINCIPAL.findall(document):
            account, role = ROLE_ARN.fullmatch(arn).groups()  # type: ignore[union-attr]
            young = aws.age(account, "role", role) < self.lag
            if young or not aws.as_root(account, "GetRole", RoleName=role):
                sentence = f'Invalid principal in policy: "AWS":"{arn}"'
                return Refusal("MalformedPolicyDocument", sentence).answer(request)
        return None


@dataclass
class EksInvalidPrincipal(Behaviour):
    """EKS makes no access entry for a role that is too young."""

    lag: float = LAG

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != "CreateAccessEntry":
            return None
        found = ROLE_ARN.fullmatch(request.parameters["principalArn"])
        if not found or aws.age(found[1], "role", found[2]) > self.lag:
            return None
        sentence = "The specified principalArn is invalid: invalid principal."
        return Refusal("InvalidParameterException", sentence).answer(request)
