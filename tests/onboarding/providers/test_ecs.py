from __future__ import annotations

import jmespath
import pytest

from onboarding.checks import Call
from onboarding.desired.managed import managed_side
from onboarding.details import DetailsError
from onboarding.providers.ecs import Ecs
from onboarding.resources.kinds import Attachment, Role, ServiceLinkedRole
from onboarding.resources.plan import WantedTwice, diff
from tests.factories import MANAGED_ID, managed, managing


def resources(ecs, kind, **fields):
    return [
        resource
        for resource in ecs.resources(managing(**fields), managed(ecs))
        if isinstance(resource, kind)
    ]


def passed(ecs, **fields):
    grants = ecs.grants(managing(), managed(ecs, **fields))
    return next(g.resources for g in grants if "iam:PassRole" in g.actions)


def test_the_execution_role_is_made_for_tasks_under_the_path():
    (role,) = resources(Ecs(), Role)

    (statement,) = role.trust.document["Statement"]
    assert (role.name, role.path) == ("ecsTaskExecutionRole", "/spinnaker-ecs/")
    assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_the_execution_role_holds_awss_own_policy(partition):
    (attachment,) = resources(Ecs(), Attachment, partition=partition)

    name = "AmazonECSTaskExecutionRolePolicy"
    assert attachment.name == f"ecsTaskExecutionRole/{name}"
    assert attachment.policy_arn == (
        f"arn:{partition}:iam::aws:policy/service-role/{name}"
    )


def test_no_execution_role_is_made_where_none_is_named():
    assert resources(Ecs(execution_role=""), Role | Attachment) == []


def test_ecs_needs_two_service_linked_roles():
    assert [role.name for role in resources(Ecs(), ServiceLinkedRole)] == [
        "ecs.amazonaws.com",
        "ecs.application-autoscaling.amazonaws.com",
    ]


def test_read_access_makes_nothing():
    assert resources(Ecs(access="read"), object) == []


def test_an_execution_role_that_stands_already_may_be_handed_out_where_it_stands():
    roles = passed(Ecs(), adopts=True)

    assert f"arn:aws:iam::{MANAGED_ID}:role/ecsTaskExecutionRole" in roles


def test_without_an_execution_role_there_is_none_to_adopt():
    assert len(passed(Ecs(execution_role=""), adopts=True)) == 1


@pytest.mark.parametrize("name", ["spinnakerManaged", "BaseIAMRole"])
def test_the_execution_role_cannot_take_another_roles_name(name):
    staging = managed(Ecs(execution_role=name))

    with pytest.raises(WantedTwice, match=f"role {name}"):
        diff(managed_side(managing(), staging), [])


def test_the_account_is_named_after_the_aws_account():
    assert Ecs().names(managed(name="production")) == ("production-ecs",)


def test_the_account_may_be_named_otherwise():
    assert Ecs(account_name="containers").names(managed()) == ("containers",)


@pytest.mark.parametrize(
    ("ecs", "name", "sentence"),
    [
        (Ecs(account_name="staging"), "staging", "own name"),
        (Ecs(), "s" * 57, "60 at most"),
    ],
)
def test_a_name_that_cannot_be_is_refused(ecs, name, sentence):
    with pytest.raises(DetailsError, match=sentence) as error:
        ecs.suit(managed(name=name))

    assert error.value.field == "account_name"


def test_a_name_of_sixty_is_fine():
    assert Ecs().suit(managed(name="s" * 56)) is None


def test_secrets_are_listed_since_an_agent_does_so_unasked():
    calls = [check.call for check in Ecs().checks(managing(), managed())]

    secrets = (("MaxResults", 1),)
    assert Call("secretsmanager", "list_secrets", "us-west-2", secrets) in calls


def test_nothing_is_deployed_in_a_region_without_a_cluster():
    check = Ecs().checks(managing(), managed())[0]

    assert check.deploys_in == "us-east-1"
    assert jmespath.search(check.expects, {"clusterArns": []}) is False
    assert jmespath.search(check.expects, {"clusterArns": ["arn"]}) is True
    assert "Spinnaker deploys to clusters that already exist" in check.missing
    assert check.change.startswith("aws ecs create-cluster --region us-east-1 ")


def test_who_only_reads_needs_no_cluster():
    check = Ecs(access="read").checks(managing(), managed())[0]

    assert check.is_met_by({"clusterArns": []})


@pytest.mark.parametrize(
    ("details", "field"),
    [
        ({"account_name": "sta:ging"}, "account_name"),
        ({"account_name": "-ecs"}, "account_name"),
        ({"execution_role": "a b"}, "execution_role"),
        ({"roles_path": "/"}, "roles_path"),
        ({"access": "all"}, "access"),
    ],
)
def test_a_detail_that_cannot_be_right_is_refused_by_name(details, field):
    with pytest.raises(DetailsError) as error:
        Ecs.from_details(details)

    assert error.value.field == field


def test_tasks_as_the_managed_role_need_it_handed_to_them_and_trusted_to_them():
    ecs = Ecs(tasks_as_managed_role=True)
    staging = managed(ecs)
    side = {r.name: r for r in managed_side(managing(), staging)}

    _, itself = (
        g for g in ecs.grants(managing(), staging) if "iam:PassRole" in g.actions
    )
    _, tasks = side["spinnakerManaged"].trust.document["Statement"]
    assert itself.resources == (f"arn:aws:iam::{MANAGED_ID}:role/spinnakerManaged",)
    assert tasks == {
        "Effect": "Allow",
        "Principal": {"Service": "ecs-tasks.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"aws:SourceAccount": MANAGED_ID}},
    }


def test_who_only_reads_lends_the_managed_role_to_no_task():
    ecs = Ecs(access="read", tasks_as_managed_role=True)

    assert (ecs.trusted_services(), ecs.warnings()) == ((), ())
