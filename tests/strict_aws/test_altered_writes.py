"""Somebody notices each write that AWS did otherwise than it was asked.

The run itself does, by AWS's answer or by what it reads and calls; of a policy that
allows too much, the next verification.
"""

from __future__ import annotations

import pytest

from accounts.models import Run
from accounts.models.states import State, Status
from tests.strict_aws.altered import AlteredDocument, Swallowed
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.proxy import Behaviour
from tests.strict_aws.simulator import Simulator

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
