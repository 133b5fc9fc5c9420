"""What stays: IAM's quotas, Regions that are not enabled, Regions that are denied."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.delays import denied, session_of
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

ATTACHED, INLINE, TRUST, VERSIONS = 10, 10_240, 2_048, 5
SPACE = re.compile(r"\s")


class Quotas(Behaviour):
    """IAM counts what a role holds: attached policies, inline text, trust, versions."""

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.service != "iam":
            return None
        sentence = self.broken(request, aws)
        return (
            Refusal("LimitExceeded", sentence, 409).answer(request)
            if sentence
            else None
        )

    def broken(self, request: Request, aws: StrictAws) -> str:
        sent, account = request.parameters, aws.account(request)
        match request.operation:
            case "AttachRolePolicy":
                role = {"RoleName": request.role}
                held = aws.as_root(account, "ListAttachedRolePolicies", **role)
                again = sent["PolicyArn"].encode() in held
                if not again and held.count(b"<PolicyArn>") >= ATTACHED:
                    return f"Cannot exceed quota for PoliciesPerRole: {ATTACHED}"
            case "PutRolePolicy":
                if self.inline(request, aws) > INLINE:
                    return (
                        f"Maximum policy size of {INLINE} bytes exceeded for role "
                        f"{request.role}"
                    )
            case "CreateRole" | "UpdateAssumeRolePolicy":
                text = sent.get("AssumeRolePolicyDocument") or sent["PolicyDocument"]
                if size(text) > TRUST:
                    return f"Cannot exceed quota for ACLSizePerRole: {TRUST}"
            case "CreatePolicyVersion":
                policy = {"PolicyArn": sent["PolicyArn"]}
                held = aws.as_root(account, "ListPolicyVersions", **policy)
                if held.count(b"<VersionId>") >= VERSIONS:
                    return (
                        "A managed policy can have up to 5 versions. Before you create "
                        "a new version, you must delete an existing version."
                    )
        return ""

    def inline(self, request: Request, aws: StrictAws) -> int:
        account, role = aws.account(request), {"RoleName": request.role}
        names = re.findall(
            r"<member>([^<]+)</member>",
            aws.as_root(account, "ListRolePolicies", **role).decode(),
        )
        sizes = {
            request.parameters["PolicyName"]: size(request.parameters["PolicyDocument"])
        }
        for name in names:
            held = aws.as_root(account, "GetRolePolicy", PolicyName=name, **role)
            text = re.search(
                r"<PolicyDocument>(.*?)</PolicyDocument>", held.decode(), re.S
            )
            sizes.setdefault(name, size(unquote(text[1]) if text else ""))
        return sum(sizes.values())


def size(text: str) -> int:
    """Count as IAM does: white space is free."""
    return len(SPACE.sub("", text))


NOT_ENABLED = {
    "ec2": Refusal(
        "AuthFailure",
        "AWS was not able to validate the provided access credentials",
        401,
    ),
    "query": Refusal(
        "InvalidClientTokenId",
        "The security token included in the request is invalid.",
        403,
    ),
}
UNRECOGNIZED = Refusal(
    "UnrecognizedClientException",
    "The security token included in the request is invalid.",
    403,
)
REGION_ITEM = re.compile(
    r"<item>(?:(?!</?item>).)*<regionName>{}</regionName>.*?</item>"
)


@dataclass
class RegionsNotEnabled(Behaviour):
    """Regions that nobody opted into, anywhere or in one account only."""

    regions: tuple[str, ...]
    account: str = ""

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.region not in self.regions or not self.concerns(request, aws):
            return None
        return NOT_ENABLED.get(request.protocol, UNRECOGNIZED).answer(request)

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        if request.operation != "DescribeRegions" or not self.concerns(request, aws):
            return answer
        body = answer.body.decode()
        for region in self.regions:
            pattern = REGION_ITEM.pattern.format(region)
            body = re.sub(pattern, "", body, flags=re.S)
        return answer._replace(body=body.encode())

    def concerns(self, request: Request, aws: StrictAws) -> bool:
        return self.account in ("", aws.account(request))


@dataclass
class DeniedRegions(Behaviour):
    """A policy of the organization denies Regions, as Control Tower's does."""

    regions: tuple[str, ...]

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.region not in self.regions or request.service in Request.GLOBAL:
            return None
        if request.operation == "DescribeRegions":
            return None
        action = f"{request.service}:{request.operation}"
        why = " with an explicit deny in a service control policy"
        who = session_of(aws.account(request), "somebody")
        return denied(action, who, why).answer(request)
