"""Somebody notices each write that AWS did otherwise than it was asked.

The run itself does, by AWS's answer or by what it reads and calls; of a policy that
allows too much, the next verification.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from accounts.models import Run
from accounts.models.states import State, Status
from tests.strict_aws.answer import Answer
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.proxy import Behaviour, StrictAws
from tests.strict_aws.request import Request
from tests.strict_aws.simulator import Simulator

XML = {"Content-Type": "text/xml"}


@dataclass
class AlteredDocument(Behaviour):
    """A policy document is stored with other statements than were sent."""

    operation: str
    name: str
    """What carries the document."""
    statements: list[Mapping[str, Any]]
    """In place of its own; next to them where `widens`."""
    widens: bool = True

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        sent = dict(request.parameters)
        if request.operation != self.operation or self.name not in sent.values():
            return None
        parameter = next(name for name in sent if name.endswith("PolicyDocument"))
        document = json.loads(sent[parameter])
        kept = document["Statement"] if self.widens else []
        document["Statement"] = [*kept, *self.statements]
        sent[parameter] = json.dumps(document)
        sent.pop("Version", None)
        body = aws.as_root(aws.account(request), self.operation, **sent)
        return Answer(200, XML, body)


@dataclass
class Swallowed(Behaviour):
    """Writes are answered as if they were done, and nothing is."""

    operation: str
    calls: list[str] = field(default_factory=list)

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        if request.operation != self.operation:
            return None
        self.calls.append(request.text)
        name = f"{self.operation}Response"
        body = f"<{name}><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>"
        return Answer(200, XML, f"{body}</{name}>".encode())


pytestmark = pytest.mark.django_db(transaction=True)

ANYBODY = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
    "Action": "sts:AssumeRole",
}
ANYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
NOTHING = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
NOTICED: dict[str, tuple[Behaviour, str]] = {
    "a trust that admits others": (
        AlteredDocument("CreateRole", "spinnakerManaged", [ANYBODY]),
        "update role spinnakerManaged",
    ),
    "a policy that allows less": (
        AlteredDocument("CreatePolicy", "BowlineEC2Write", [NOTHING], widens=False),
        "Writes for",
    ),
    "an inline policy that allows more": (
        AlteredDocument("PutRolePolicy", "spinnakerManaged", [ANYTHING]),
        "inline policy",
    ),
    "a policy that was not attached": (
        Swallowed("AttachRolePolicy"),
        "create attachment",
    ),
    "an empty instance profile": (
        Swallowed("AddRoleToInstanceProfile"),
        "instance profile BaseIAMRole",
    ),
}


@pytest.mark.smoke
@pytest.mark.parametrize(("behaviour", "said"), NOTICED.values(), ids=NOTICED)
def test_the_run_that_wrote_it_notices(
    job: Job, strictly: Strictly, behaviour: Behaviour, said: str
) -> None:
    strictly(behaviour, Simulator())
    job.providers = "{ec2: {}}"

    state = job.onboard()

    run = Run.objects.get(account=job.account)
    assert (run.status, state in (State.DRIFTED, State.FAILED)) == (Status.FAILED, True)
    assert said in run.error["message"]


def test_the_next_verification_notices_a_policy_that_allows_more(
    job: Job, strictly: Strictly
) -> None:
    strictly(AlteredDocument("CreatePolicy", "BowlineEC2Read", [ANYTHING]))
    job.providers = "{ec2: {}}"
    job.onboard()

    run = job.verify()

    assert "update policy BowlineEC2Read" in run.error["message"]
    assert job.state == State.DRIFTED
