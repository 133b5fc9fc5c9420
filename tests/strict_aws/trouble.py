"""What passes: throttling, lost answers, two writers at once, an egress proxy, accounts
that AWS fails for, and late answers.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.strict_aws.answer import Answer, Refusal
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request

BUSY = {
    "ec2": Refusal("RequestLimitExceeded", "Request limit exceeded.", 503),
    "json": Refusal("ThrottlingException", "Rate exceeded", 400),
    "query": Refusal("Throttling", "Rate exceeded", 400),
}
TOO_MANY = Refusal("TooManyRequestsException", "Rate exceeded", 429)
EKS_BUSY = Refusal("ThrottlingException", "Rate exceeded", 429)


@dataclass
class Throttling(Behaviour):
    """Some calls are throttled, each as its protocol says it."""

    share: float = 0.3

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if not aws.chance(request, self.share, "throttled"):
            return None
        return self.refusal(request).answer(request)

    def refusal(self, request: Request) -> Refusal:
        rest = EKS_BUSY if request.service == "eks" else TOO_MANY
        return BUSY.get(request.protocol, rest)


@dataclass
class LostAnswers(Behaviour):
    """Each write is done, and its first answer says that the service failed."""

    lost: set[str] = field(default_factory=set)

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        call = f"{aws.account(request)} {request.text}"
        if not request.is_write or not answer.done or call in self.lost:
            return answer
        self.lost.add(call)
        sentence = "The request processing has failed because of an unknown error."
        return Refusal("ServiceFailure", sentence, 500).answer(request)


@dataclass
class ConcurrentModification(Behaviour):
    """IAM refuses some writes because another one is under way."""

    share: float = 0.5

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.service != "iam" or not request.is_write:
            return None
        if not aws.chance(request, self.share, "concurrent"):
            return None
        sentence = "Multiple requests to change this object were submitted at once."
        return Refusal("ConcurrentModification", sentence, 409).answer(request)


@dataclass
class EgressProxy(Behaviour):
    """What leads out of the network answers some calls itself, in HTML."""

    share: float = 1.0
    status: int = 403
    service: str = ""
    """Empty: whatever is called."""
    body: str = "<html><body><h1>Blocked by policy<br></h1></body></html>"

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if self.service not in ("", request.service):
            return None
        if not aws.chance(request, self.share, "egress"):
            return None
        headers = {"Content-Type": "text/html"}
        return Answer(self.status, headers, self.body.encode())


@dataclass
class Late(Behaviour):
    """AWS answers after 50 to 150 ms, an emulator on this machine after one."""

    seconds: float

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        time.sleep(self.seconds)
        return answer


@dataclass
class Failing(Behaviour):
    """AWS refuses a share of the calls of some accounts, until it no longer does."""

    refusals: dict[str, Refusal] = field(default_factory=dict)
    """By account."""
    share: float = 1.0

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        account = aws.account(request)
        if request.operation == "AssumeRole":
            account = request.parameters["RoleArn"].split(":")[4]
        refusal = self.refusals.get(account)
        # A protocol that words refusals otherwise is let through.
        if refusal is None or request.protocol != "query":
            return None
        if not aws.chance(request, self.share, "failing"):
            return None
        return refusal.answer(request)
