"""What does not pass is named: which account, which Region, and how to fix it."""

from __future__ import annotations

import json

import pytest

from accounts.models import Run
from accounts.models.states import State, Status
from tests.onboarding.aws.field import trusting
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.limits import DeniedRegions, Quotas, RegionsNotEnabled
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
