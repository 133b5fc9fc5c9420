"""An access entry of a cluster, with what others associated: found, and taken off."""

from __future__ import annotations

from typing import Any

from onboarding.aws.observe import observe
from onboarding.resources.kinds import ClusterAccess
from onboarding.resources.plan import Update, beyond, diff
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.aws.wanted import ADMIN, VIEW, access


def made(field: Field) -> ClusterAccess:
    """Give Spinnaker's identity the right to view the cluster, as Bowline does."""
    field.root(field.managing_id).create_role(
        RoleName="SpinnakerAuthRole", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    wanted = access(field, policy_arn=VIEW, namespaces=("web",))
    field.bring_about(field.reach, (wanted,))
    return wanted


def associate(cluster: Any, wanted: ClusterAccess, policy: str) -> None:
    cluster.associate_access_policy(
        clusterName="apps",
        principalArn=wanted.principal,
        policyArn=policy,
        accessScope={"type": "cluster"},
    )


def test_a_policy_that_others_associated_differs(field: Field, cluster: Any) -> None:
    wanted = made(field)

    associate(cluster, wanted, ADMIN)

    (found,) = observe(field.sessions(), field.reach, [wanted])
    (change,) = diff([wanted], [found])
    assert isinstance(found, ClusterAccess)
    assert (found.policy_arn, found.more_policies) == (VIEW, (ADMIN,))
    assert "Allows everything in the cluster." in [r.sentence for r in beyond(change)]


def test_a_policy_that_others_associated_is_taken_off(
    field: Field, cluster: Any
) -> None:
    wanted = made(field)
    associate(cluster, wanted, ADMIN)

    (change,) = field.bring_about(field.reach, (wanted,))

    left = cluster.list_associated_access_policies(
        clusterName="apps", principalArn=wanted.principal
    )["associatedAccessPolicies"]
    assert isinstance(change, Update)
    assert [one["policyArn"] for one in left] == [VIEW]
    assert field.left(field.reach, (wanted,)) == ()
