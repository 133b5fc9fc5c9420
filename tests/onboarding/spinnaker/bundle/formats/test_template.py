"""Traps of CloudFormation that a template keeps clear of."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from onboarding.resources.kinds import Resource
from onboarding.spinnaker.bundle.formats.cloudformation.template import Template
from onboarding.topology import Topology
from tests.bundles import core, eks, files_of
from tests.factories import MANAGING_ID, managed, topology
from tests.onboarding.spinnaker.bundle.formats.templates import POD, accounts, chosen


def template_of(bundled: Topology, path: str = "ec2/iam.yml") -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(files_of(bundled)[f"aws/{path}"])
    return found


def test_a_role_comes_after_the_role_that_it_trusts():
    """IAM refuses an unknown principal, and CloudFormation makes roles in parallel."""
    resources = template_of(topology(core()), "managing/iam.yml")["Resources"]

    assert resources["RoleSpinnakerManaged"]["DependsOn"] == ["RoleSpinnakerAuthRole"]
    assert "DependsOn" not in resources["RoleSpinnakerAuthRole"]


def test_a_pod_role_comes_after_its_issuer():
    resources = template_of(topology(core(), identity=POD), "managing/iam.yml")

    assert resources["Resources"]["RoleSpin"]["DependsOn"] == ["OIDCProviderOidcEksId1"]


def test_a_service_linked_role_may_stand_already_and_outlives_the_stack():
    template = template_of(topology(chosen(("ec2",))))

    name = "ServiceLinkedRoleAutoscaling"
    role = template["Resources"][name]
    assert template["Parameters"][f"Make{name}"]["AllowedValues"] == ["yes", "no"]
    assert template["Conditions"][role["Condition"]] == {
        "Fn::Equals": [{"Ref": f"Make{name}"}, "yes"]
    }
    assert role["DeletionPolicy"] == role["UpdateReplacePolicy"] == "Retain"


def test_clusters_have_a_template_for_each_region():
    clusters = eks({"name": "apps"}, {"name": "jobs", "region": "us-west-2"})

    listed = accounts(topology(managed(clusters)))

    assert listed["staging"]["templates"] == [
        "eks/eks-us-east-1.yml",
        "eks/eks-us-west-2.yml",
    ]


def test_policy_variables_stay_what_they_are():
    boundary = f"arn:aws:iam::{MANAGING_ID}:policy/${{aws:username}}"
    bundled = topology(chosen(("ec2",)), boundary=boundary)

    role = template_of(bundled)["Resources"]["RoleSpinnakerManaged"]

    assert role["Properties"]["PermissionsBoundary"] == {
        "Fn::Sub": "arn:aws:iam::${AWS::AccountId}:policy/${!aws:username}"
    }


def test_a_kind_of_resource_that_it_is_not_told_of_is_a_bug():
    class Alarm(Resource):
        kind = "alarm"
        name = "a"

    unknown = Template("911111111111", (Alarm(account="911111111111"),))

    with pytest.raises(AssertionError, match="has no form of alarm"):
        unknown.body("")
