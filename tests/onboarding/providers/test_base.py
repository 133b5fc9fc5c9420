"""What providers have in common: what they ask of accounts, reads, roles and paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import jmespath
import pytest

from onboarding.checks import Call
from onboarding.desired.managed import grants
from onboarding.details import DetailsError
from onboarding.grants import Access
from onboarding.providers.base import Provider, not_recommended
from onboarding.providers.caching import caching_checks, subnet_check
from onboarding.providers.roles import ROLE_LIST, pass_roles
from onboarding.topology import ExistingIdentity
from tests.factories import MANAGING_ID, managed, managing, provider


@dataclass(frozen=True, slots=True)
class Bare(Provider):
    key: ClassVar[str] = "bare"
    title: ClassVar[str] = "Bare"


def test_a_provider_that_looks_nothing_up_is_all_choices():
    assert Bare().choices() == Bare()


def test_a_bare_provider_needs_and_adds_nothing():
    bare, staging = Bare(), managed()

    bare.suit(staging)

    assert bare.learned({Call("eks", "list_clusters"): {}}) is bare
    assert Bare.searches(staging) == bare.lookups(staging) == bare.names(staging) == ()
    for part in (bare.grants, bare.resources, bare.checks, bare.entries):
        assert part(managing(), staging) == ()


def test_a_discouraged_choice_is_told_once_for_all_its_providers() -> None:
    account = managed(
        provider("ec2", access="power-user"),
        provider("ecs", access="power-user", tasks_as_managed_role=True),
    )

    power, lends = not_recommended(account)

    assert power.titles == "EC2 and ECS"
    assert power.sentence.startswith("With PowerUserAccess, Spinnaker")
    assert lends.titles == "ECS"
    assert lends.sentence.startswith("Fargate tasks without an execution role")


def test_usual_choices_are_not_warned_of() -> None:
    assert not_recommended(managed(provider("ec2"), provider("lambda"))) == ()


def test_each_service_is_asked_in_each_region():
    asked = [check.call for check in caching_checks(managed())]

    assert [(c.service, c.region) for c in asked] == [
        *((s, "us-east-1") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
        *((s, "us-west-2") for s in ("ec2", "autoscaling", "elbv2", "cloudwatch")),
    ]


def test_a_refusal_is_mended_by_the_action_in_iams_words():
    fixes = " ".join(check.fix for check in caching_checks(managed()))

    assert "elasticloadbalancing:DescribeLoadBalancers" in fixes


def test_a_region_without_a_subnet_to_choose_is_one_without_deployments():
    check = subnet_check("us-east-1")

    assert check.deploys_in == "us-east-1"
    assert "No subnet in us-east-1 has a purpose" in check.missing
    assert check.change.startswith("aws ec2 create-tags --region us-east-1 ")
    assert not check.is_met_by({"Subnets": []})
    named = {"Tags": [{"Key": "Name", "Value": "vpc.internal.us-east-1"}]}
    assert check.is_met_by({"Subnets": [named]})


def test_every_region_is_asked_once_for_its_subnets():
    """The answer shows both that it may be read and what there is."""
    asked = [check.call for check in caching_checks(managed())]

    assert subnet_check("us-east-1").call in asked


ALLOW = {"Effect": "Allow", "Action": "sts:AssumeRole"}


def readable(*statements):
    documents = [{"AssumeRolePolicyDocument": {"Statement": s}} for s in statements]
    return jmespath.search(ROLE_LIST.expects, {"Roles": documents})


@pytest.mark.parametrize(
    "statements",
    [
        [],
        [[{**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}}]],
        [[{**ALLOW, "Principal": {"AWS": "*"}}]],
    ],
)
def test_clouddriver_reads_principals_that_are_objects(statements):
    assert readable(*statements) is True


@pytest.mark.parametrize(
    "statement",
    [
        [{**ALLOW, "Principal": "*"}],
        {**ALLOW, "Principal": {"Service": "ec2.amazonaws.com"}},
    ],
)
def test_one_trust_that_clouddriver_cannot_read_is_noticed(statement):
    fine = [{**ALLOW, "Principal": {"AWS": "911111111111"}}]

    assert readable(fine, statement) is False


def test_an_unreadable_trust_is_advice_since_it_is_not_ours():
    assert ROLE_LIST.advice


@pytest.mark.parametrize(
    ("partition", "service", "principal"),
    [
        ("aws", "ec2", "ec2.amazonaws.com"),
        ("aws-cn", "ec2", "ec2.amazonaws.com.cn"),
        ("aws-cn", "ecs-tasks", "ecs-tasks.amazonaws.com"),
    ],
)
def test_roles_are_handed_to_one_service_only(partition, service, principal):
    grant = pass_roles(
        managing(partition=partition),
        managed(),
        to="It",
        service=service,
        roles=("/a/*", "/b"),
    )

    assert grant.condition == {"StringEquals": {"iam:PassedToService": principal}}
    assert grant.resources == (
        f"arn:{partition}:iam::922222222222:role/a/*",
        f"arn:{partition}:iam::922222222222:role/b",
    )


SERVICES = {
    "ec2": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
}

on_aws_entries = pytest.mark.parametrize("key", [*SERVICES])


@on_aws_entries
def test_roles_that_are_listed_are_passed_to_one_service(key: str) -> None:
    account = managed(provider(key, more_roles=("/web", "/teams/web")))

    (passes,) = (
        grant
        for grant in grants(managing(), account)[provider(key).title]
        if grant.access is Access.PASS_ROLE
    )

    of_account = f"arn:aws:iam::{account.account_id}:role"
    assert {f"{of_account}/web", f"{of_account}/teams/web"} < {*passes.resources}
    assert passes.condition == {
        "StringEquals": {"iam:PassedToService": SERVICES[key]},
    }


@on_aws_entries
@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("/spinnaker/of/all", "the managed role"),
        ("/x/Y", "Spinnaker's identity"),
        ("/org/Access", "the role that Bowline assumes"),
    ],
)
def test_no_role_is_listed_by_which_deployers_gain_power(
    key: str, role: str, who: str
) -> None:
    core = managing(identity=ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:role/x/Y"))
    account = managed(
        provider(key, more_roles=("/web", role)),
        account_id=MANAGING_ID,
        managed_role="spinnaker/of/all",
        access_role="org/Access",
    )

    with pytest.raises(DetailsError, match=f"{role} is {who}") as error:
        grants(core, account)

    assert error.value.field == "more_roles"


@pytest.mark.parametrize(
    "roles",
    [["web"], ["role/web"], ["/web/"], ["/web*"], ["/web", "/web"], ["/a"] * 21, ["/"]],
)
@on_aws_entries
def test_only_paths_and_names_of_roles_are_listed(key: str, roles: list[str]) -> None:
    with pytest.raises(DetailsError) as error:
        provider(key, more_roles=tuple(roles))

    assert error.value.field == "more_roles"
