"""Who is denied although Bowline's own credentials are good."""

from __future__ import annotations

from dataclasses import dataclass

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.delays import denied, session_of
from tests.strict_aws.proxy import ROLE_ARN, Behaviour, StrictAws
from tests.strict_aws.request import Request

OVER = Refusal(
    "ExpiredToken", "The security token included in the request is expired", 403
)
SUSPENDED = Refusal(
    "OptInRequired", "You are not subscribed to this service. Please go to AWS", 403
)


@dataclass
class SessionsOver(Behaviour):
    """Sessions of a role are over, though they were given a moment ago."""

    role: str

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        _, role = aws.holder(request)
        return OVER.answer(request) if role == self.role else None


@dataclass
class SuspendedAccount(Behaviour):
    """An account is suspended: whatever is called in it is denied."""

    account: str

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if aws.account(request) != self.account:
            return None
        return SUSPENDED.answer(request)


@dataclass
class TrustAsksForMfa(Behaviour):
    """A role's trust policy asks for MFA, so no service may assume the role."""

    role: str

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != "AssumeRole":
            return None
        found = ROLE_ARN.fullmatch(request.parameters["RoleArn"])
        if not found or found[2] != self.role:
            return None
        account, who = aws.holder(request)
        return denied("sts:AssumeRole", session_of(account, who)).answer(request)
