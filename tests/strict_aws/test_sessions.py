"""Bowline's own credentials are blamed for what they signed, and for nothing else."""

from __future__ import annotations

import json

import pytest

from accounts.models import Run
from accounts.models.states import State
from accounts.runs.results import results_of
from tests.onboarding.aws.field import ACCESS_ROLE
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.sessions import SessionsOver, SuspendedAccount, TrustAsksForMfa

pytestmark = pytest.mark.django_db(transaction=True)

EC2 = "{ec2: {}}"
OWN = "own AWS credentials are missing"


def told(run: Run) -> str:
    """Give all that a run says of what is wrong, and what to do."""
    checks = (f"{one.sentence} {one.fix}" for one in results_of(run))
    return f"{json.dumps(run.error)} {' '.join(checks)}"


@pytest.mark.smoke
@pytest.mark.parametrize("role", [ACCESS_ROLE, "SpinnakerAuthRole", "spinnakerManaged"])
def test_a_session_that_is_over_is_named(
    job: Job, strictly: Strictly, role: str
) -> None:
    job.providers = EC2
    assert job.onboard() == State.VERIFIED, job.output
    strictly(SessionsOver(role))

    run = job.verify()

    assert job.state == State.FAILED
    assert OWN not in told(run)
    assert f"assumed-role/{role}/" in told(run)
    assert "is over (ExpiredToken:" in told(run)
    assert "own_credentials" not in (run.error or {})


def test_a_suspended_account_is_named(job: Job, strictly: Strictly) -> None:
    job.providers = EC2
    assert job.onboard() == State.VERIFIED, job.output
    strictly(SuspendedAccount(job.field.managed_id))

    run = job.verify()

    assert job.state == State.FAILED
    assert OWN not in told(run)
    account = f"Account {job.field.managed_id} is suspended"
    assert account in told(run)
    assert "AWS Organizations" in told(run)


def test_mfa_in_the_trust_of_the_access_role_is_named(
    job: Job, strictly: Strictly
) -> None:
    strictly(TrustAsksForMfa(ACCESS_ROLE))
    job.providers = EC2

    job.onboard()

    run = Run.objects.get(account=job.account)
    assert run.error is not None
    assert OWN not in told(run)
    assert "without MFA (aws:MultiFactorAuthPresent)" in run.error["hint"]
    assert "a service can't have" in run.error["hint"]
