"""Nothing that cannot deploy is green: what is missing is counted, or fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from accounts.models import CheckResult, Run
from accounts.models.states import BADGES, State
from accounts.runs.results import results_of
from tests.strict_aws.job import Job

pytestmark = pytest.mark.django_db(transaction=True)

TWO = ("us-east-1", "us-west-2")
EC2, ECS = "{ec2: {key_pair: staging-keypair}}", "{ecs: {}}"


def without_subnets(job: Job, region: str) -> None:
    ec2 = root(job, "ec2", region)
    subnets = ec2.describe_subnets()["Subnets"]
    keys = [{"Key": key} for key in ("Name", "immutable_metadata")]
    ec2.delete_tags(Resources=[one["SubnetId"] for one in subnets], Tags=keys)


def without_key_pair(job: Job, region: str) -> None:
    root(job, "ec2", region).delete_key_pair(KeyName="staging-keypair")


def without_cluster(job: Job, region: str) -> None:
    root(job, "ecs", region).delete_cluster(cluster="services")


def root(job: Job, service: str, region: str) -> Any:
    return job.field.root(job.field.managed_id, service, region)


MISSING = {
    "subnets": (EC2, without_subnets, "No subnet in us-west-2 has a purpose"),
    "key pair": (EC2, without_key_pair, "no key pair “staging-keypair” in us-west-2"),
    "ECS cluster": (ECS, without_cluster, "There is no ECS cluster in us-west-2"),
}


@pytest.mark.smoke
@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_in_some_regions_is_counted(job: Job, what: str) -> None:
    job.providers, take_away, says = MISSING[what]
    job.regions = TWO
    take_away(job, "us-west-2")

    assert job.onboard() == State.VERIFIED, job.output

    run = Run.objects.get(account=job.account)
    assert run.verification == "verified, cannot deploy in 1 Region"
    assert job.account.word == run.word == "verified, some regions"
    assert BADGES[job.account.word].colour == "warn"
    (missing,) = missing_in(run)
    assert says in missing.sentence
    assert missing.change.startswith(("aws ", "(umask"))


@pytest.mark.parametrize("what", MISSING)
def test_what_is_missing_in_every_region_fails_the_account(job: Job, what: str) -> None:
    job.providers, take_away, says = MISSING[what]
    job.regions = TWO
    for region in TWO:
        take_away(job, region)

    assert job.onboard() == State.FAILED, job.output

    run = Run.objects.get(account=job.account)
    assert run.error is not None
    assert says.replace("us-west-2", "us-east-1") in run.error["message"]
    assert "can be deployed in no Region of the account" in run.error["hint"]


def test_a_verification_afterwards_counts_what_was_removed(job: Job) -> None:
    job.providers, job.regions = EC2, TWO
    assert job.onboard() == State.VERIFIED, job.output
    assert job.account.word == "verified"
    without_subnets(job, "us-east-1")

    run = job.verify()

    assert run.verification == "verified, cannot deploy in 1 Region"
    assert job.account.undeployable == 1


def test_an_instance_profile_with_another_role_fails_the_account(job: Job) -> None:
    job.providers = EC2
    assert job.onboard() == State.VERIFIED, job.output
    iam = root(job, "iam", "us-east-1")
    iam.create_role(RoleName="Other", AssumeRolePolicyDocument=trusted(iam))
    named = {"InstanceProfileName": "BaseIAMRole"}
    iam.remove_role_from_instance_profile(**named, RoleName="BaseIAMRole")
    iam.add_role_to_instance_profile(**named, RoleName="Other")

    run = job.verify()

    assert job.state in (State.FAILED, State.DRIFTED)
    says = "doesn't contain the role BaseIAMRole"
    assert [one for one in results_of(run) if says in one.sentence]


def trusted(iam: Any) -> str:
    found = iam.get_role(RoleName="BaseIAMRole")["Role"]["AssumeRolePolicyDocument"]
    return json.dumps(found)


def missing_in(run: Run) -> list[CheckResult]:
    return [one for one in results_of(run) if one.outcome == "cannot deploy"]
