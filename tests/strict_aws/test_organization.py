"""Spinnaker's identity may assume the roles of one organization, and no others."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.external_ids import rotate
from accounts.models import Run
from accounts.models.states import State, Status
from tests.onboarding.aws.field import ACCESS_ROLE
from tests.onboarding.verify.verified import denying
from tests.strict_aws.conditions import ResourceOrganizations
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.test_lasting import EC2, error

pytestmark = pytest.mark.django_db(transaction=True)

OURS, THEIRS = "o-a1b2c3d4e5", "o-f6g7h8i9j0"


def assuming(job: Job, organization: str) -> None:
    job.managing = f", assume: {{organization: {organization}}}"
    job.providers = EC2


def members(job: Job, *, managed: str) -> ResourceOrganizations:
    """Put the managing account into our organization, and the other where it is."""
    return ResourceOrganizations(
        {job.field.managing_id: OURS, job.field.managed_id: managed}
    )


def unread(job: Job, *, managing: bool = False) -> None:
    """Let Bowline read the organization of no account, or of the managed one."""
    denied = {"PolicyName": "Unread"}
    denied["PolicyDocument"] = denying("organizations:*")
    job.field.iam.put_role_policy(RoleName=ACCESS_ROLE, **denied)
    if managing:
        iam = job.field.root(job.field.managing_id)
        iam.put_user_policy(UserName="bowline", **denied)


def refusal(job: Job) -> Any:
    run = Run.objects.get(account=job.account)
    assert run.status == Status.FAILED
    return run.checks.get(name="Assume the managed role")


def test_an_account_of_the_organization_is_verified_rotated_and_removed(
    job: Job, strictly: Strictly
) -> None:
    strictly(members(job, managed=OURS))
    assuming(job, OURS)

    state = job.onboard()

    assert state == State.VERIFIED, job.output
    rotate(job.account, None)
    assert job.bring_up_to_date().status == Status.VERIFIED
    assert job.remove().status == Status.REMOVED


@pytest.mark.smoke
@pytest.mark.parametrize(
    ("managed", "belongs"),
    [(THEIRS, f"belongs to the organization {THEIRS}"), ("", "to no organization")],
)
def test_an_account_outside_of_the_organization_is_found_when_planning(
    job: Job, strictly: Strictly, managed: str, belongs: str
) -> None:
    strictly(members(job, managed=managed))
    assuming(job, OURS)

    job.onboard()

    run = Run.objects.get(account=job.account)
    assert run.status == Status.FAILED
    assert not run.steps.exists()
    assert f"The account {job.field.managed_id} belongs" in error(run)
    assert belongs in error(run)
    assert f"roles of {OURS} only" in error(run)
    assert "Invite the account into the organization" in error(run)


def test_an_account_whose_organization_nobody_may_read_is_never_verified(
    job: Job, strictly: Strictly
) -> None:
    """The proof then names the policy with the condition, and not the organization's
    service control policies.
    """
    unread(job)
    strictly(members(job, managed=THEIRS))
    assuming(job, OURS)

    job.onboard()

    found = refusal(job)
    managing, managed = job.field.managing_id, job.field.managed_id
    assert found.located == "a condition"
    assert "policy BowlineAssumeManaged of role SpinnakerAuthRole" in found.sentence
    assert f"in account {managing}" in found.sentence
    assert "aws:ResourceOrgID" in found.sentence
    assert f"describe-organization, as account {managed}" in found.fix
    assert "aws:ResourceOrgID" in found.document.splitlines()[found.line - 1]


def test_a_wrong_organization_that_nobody_may_read_is_named_by_the_proof(
    job: Job, strictly: Strictly
) -> None:
    unread(job, managing=True)
    strictly(members(job, managed=OURS))
    assuming(job, THEIRS)

    job.onboard()

    found = refusal(job)
    assert found.located == "a condition"
    assert THEIRS in found.document
    assert "aws:ResourceOrgID" in found.sentence


def test_an_account_that_left_the_organization_is_named_by_the_next_proof(
    job: Job, strictly: Strictly
) -> None:
    strictly(left := members(job, managed=OURS))
    assuming(job, OURS)
    assert job.onboard() == State.VERIFIED, job.output
    left.organizations[job.field.managed_id] = THEIRS

    run = job.verify()

    found = run.checks.get(name="Assume the managed role")
    assert run.status == Status.FAILED
    assert found.located == "a condition"
    assert f"is “{OURS}”" in found.sentence
    assert f"it is “{THEIRS}”" in found.sentence
    assert f"arn:aws:iam::{job.field.managed_id}:role/" in found.sentence
