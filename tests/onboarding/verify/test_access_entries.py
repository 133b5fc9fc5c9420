"""An entry for an earlier role of the same name lets nobody in, and is a failure."""

from __future__ import annotations

import time
from typing import Any

import pytest

from onboarding.checks import Outcome
from onboarding.providers.eks import Cluster, Eks
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified, denying

NAME = "Cluster apps in us-east-1 knows today's role"


@pytest.fixture
def with_cluster(field: Field, cluster: Any) -> Verified:
    provider = Eks(clusters=(Cluster(name="apps", region="us-east-1"),))
    return Verified(field, field.managing(), field.managed(provider)).stand()


def failures(made: Verified) -> list[str]:
    return [r.name for r in made.results() if r.outcome is Outcome.FAILED]


def make_identity_again(made: Verified) -> None:
    """Delete Spinnaker's identity and make it again, a second later."""
    iam = made.field.root(made.field.managing_id)
    role = {"RoleName": "SpinnakerAuthRole"}
    for policy in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
        iam.detach_role_policy(**role, PolicyArn=policy["PolicyArn"])
    profile = {"InstanceProfileName": "SpinnakerAuthRole"}
    iam.remove_role_from_instance_profile(**profile, **role)
    iam.delete_role(**role)
    time.sleep(1.1)
    iam.create_role(**role, AssumeRolePolicyDocument=trusting(made.field.bowline))


def test_an_entry_of_today_is_no_failure(with_cluster: Verified) -> None:
    assert NAME not in failures(with_cluster)


def test_an_entry_that_is_older_than_its_role_is_a_failure(
    with_cluster: Verified,
) -> None:
    make_identity_again(with_cluster)

    found = with_cluster.found(NAME)

    assert found.outcome is Outcome.FAILED
    assert "The entry is for an earlier role of that name" in found.sentence
    assert found.change.startswith("aws eks delete-access-entry --cluster-name apps")


def test_an_entry_that_may_not_be_read_is_left_to_the_other_checks(
    with_cluster: Verified,
) -> None:
    with_cluster.field.iam.put_role_policy(
        RoleName="Access",
        PolicyName="Blind",
        PolicyDocument=denying("eks:DescribeAccessEntry"),
    )

    assert NAME not in failures(with_cluster)


def test_an_entry_that_is_missing_is_left_to_the_other_checks(
    with_cluster: Verified, cluster: Any
) -> None:
    cluster.delete_access_entry(
        clusterName="apps", principalArn=with_cluster.managing.identity_arn
    )

    assert NAME not in failures(with_cluster)
