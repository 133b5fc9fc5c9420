"""What does not pass is named: which account, which Region, whose credentials, which
organization, and how to fix it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.external_ids import rotate
from accounts.models import Run
from accounts.models.states import State, Status
from accounts.runs.results import results_of
from tests.onboarding.aws.field import ACCESS_ROLE, trusting
from tests.onboarding.verify.verified import denying
from tests.strict_aws.conditions import ResourceOrganizations
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.limits import DeniedRegions, Quotas, RegionsNotEnabled
from tests.strict_aws.sessions import SessionsOver, SuspendedAccount, TrustAsksForMfa
from tests.strict_aws.trouble import EgressProxy

pytestmark = pytest.mark.django_db(transaction=True)

EC2 = "{ec2: {}}"


def error(run: Run) -> str:
    return f"{(run.error or {})['message']} {(run.error or {})['hint']}"


def test_an_organization_that_denies_the_home_region_can_be_onboarded(
    job: Job, strictly: Strictly
) -> None:
    aws = strictly(DeniedRegions(("us-east-1",)))
    job.regions, job.providers = ("us-west-2",), EC2

    state = job.onboard()

    assert state == State.VERIFIED, job.output
    asked = {line for line in aws.log if "DescribeAvailabilityZones" in line}
    assert asked == {f"{job.field.managing_id} ec2:DescribeAvailabilityZones 200"}


def test_a_region_that_the_account_has_not_enabled_is_found_when_planning(
    job: Job, strictly: Strictly
) -> None:
    strictly(RegionsNotEnabled(("eu-south-1",)))
    job.regions, job.providers = ("us-east-1", "eu-south-1"), EC2

    job.onboard()

    run = Run.objects.get(account=job.account)
    assert run.status == Status.FAILED
    assert not run.steps.exists()
    where = f"eu-south-1 isn't enabled in account {job.field.managed_id}"
    assert where in error(run)
    assert "aws account enable-region --region-name eu-south-1" in error(run)


def test_a_region_that_only_the_managing_account_has_not_enabled_is_never_verified(
    job: Job, strictly: Strictly
) -> None:
    managing = job.field.managing_id
    strictly(RegionsNotEnabled(("us-west-2",), account=managing))
    job.regions, job.providers = ("us-east-1", "us-west-2"), EC2

    state = job.onboard()

    assert state == State.FAILED
    run = Run.objects.get(account=job.account)
    assert "the Region us-west-2 isn't enabled there" in error(run)
    assert f"in account {managing}" in error(run)
    assert "credentials are missing" not in job.output


def test_a_failed_check_of_the_managing_account_stops_no_account(
    job: Job, strictly: Strictly
) -> None:
    """It looks Regions up in the first Region; the account's own results say which."""
    managing = job.field.managing_id
    strictly(RegionsNotEnabled(("us-west-2",), account=managing))
    job.regions, job.providers = ("us-west-2", "us-east-1"), EC2

    job.onboard()

    account = Run.objects.get(account=job.account)
    assert Run.objects.get(kind=Run.Kind.MANAGING).status == Status.FAILED
    verified = account.checks.filter(outcome="passed").values_list("name", flat=True)
    assert "Look up zones in us-east-1 as Spinnaker's identity" in verified
    assert "Assume the managed role" in verified


@pytest.mark.smoke
@pytest.mark.parametrize(
    "page",
    ["<html><body><p>Blocked<br></body></html>", "<html><body>Blocked</body></html>"],
    ids=["no XML", "XML"],
)
@pytest.mark.parametrize("status", [200, 403])
def test_a_web_page_in_the_place_of_aws_is_no_bug_of_bowline(
    job: Job, strictly: Strictly, page: str, status: int
) -> None:
    strictly(EgressProxy(1.0, status, service="iam", body=page))
    job.providers = EC2

    job.onboard()

    runs = Run.objects.filter(kind=Run.Kind.MANAGING)
    assert {run.status for run in runs} == {Status.FAILED}
    assert all("come from AWS" in error(run) for run in runs)
    assert all("proxy or firewall" in error(run) for run in runs)


def existing_identity(job: Job, *, attached: int) -> None:
    """Let Spinnaker run as a role that exists, with so many policies attached."""
    field = job.field
    iam = field.root(field.managing_id)
    trust = trusting(field.bowline)
    role = iam.create_role(RoleName="spinnaker", AssumeRolePolicyDocument=trust)
    nothing = {"Effect": "Deny", "Action": "a:B", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [nothing]})
    for number in range(attached):
        made = iam.create_policy(PolicyName=f"Own{number}", PolicyDocument=document)
        arn = made["Policy"]["Arn"]
        iam.attach_role_policy(RoleName="spinnaker", PolicyArn=arn)
    job.managing = f", identity: {{existing: '{role['Role']['Arn']}'}}"
    job.providers = EC2


def test_a_role_with_room_for_the_policies_gets_them(
    job: Job, strictly: Strictly
) -> None:
    aws = strictly(Quotas())
    existing_identity(job, attached=6)

    state = job.onboard()

    assert state == State.VERIFIED, job.output
    assert not [line for line in aws.log if line.endswith("409")]
    assert [line for line in aws.log if line.endswith("AttachRolePolicy 200")]


def test_a_role_without_room_is_found_when_planning(
    job: Job, strictly: Strictly
) -> None:
    aws = strictly(Quotas())
    existing_identity(job, attached=10)

    job.onboard()

    runs = Run.objects.filter(kind=Run.Kind.MANAGING)
    assert {run.status for run in runs} == {Status.FAILED}
    assert all("Role spinnaker in account" in error(run) for run in runs)
    assert all("AWS allows 10" in error(run) for run in runs)
    assert not [line for line in aws.log if "AttachRolePolicy" in line]


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
