from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, cast

import pytest

from onboarding.checks import Outcome
from onboarding.grants import Access, Grant
from onboarding.providers.ec2 import Ec2
from onboarding.providers.eks import Cluster, Eks
from onboarding.providers.lambda_ import Lambda
from onboarding.topology import Managed, Managing
from onboarding.verify.conditions import Caller
from onboarding.verify.denial import Holder
from onboarding.verify.policy_evaluation import RequestContext
from onboarding.verify.result import Cause, Located, Result
from onboarding.verify.simulation.named import Named
from onboarding.verify.simulation.simulator import Verdict
from onboarding.verify.simulation.writes import (
    Asking,
    example,
    opinions,
    questions_of,
)
from tests.onboarding.aws.field import ACCESS_ROLE, Field, Probe
from tests.onboarding.verify.verified import Verified

NAME = "Writes for “deploy”"
UNKNOWN_TO_THE_EMULATOR = {"Bool": {"aws:SecureTransport": "true"}}
"""It takes this one from its own connection, not from the request."""
UNKNOWN_TO_ALL = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}


class Writer(Probe):
    """A provider that may do what a test wants it to do."""

    __slots__ = ()
    granted: tuple[Grant, ...] = ()

    def grants(self, managing: Managing, managed: Managed) -> tuple[Grant, ...]:
        return self.granted


def changing(
    *actions: str, resource: str = "*", condition: Any = None, sid: str = "Change"
) -> Grant:
    return Grant(sid, Access.WRITE, "deploy", actions, (resource,), condition)


def writer(*granted: Grant) -> Writer:
    kind = type("Writer", (Writer,), {"__slots__": (), "granted": granted})
    return kind()


def stands(field: Field, *granted: Grant) -> Verified:
    return Verified(field, field.managing(), field.managed(writer(*granted))).stand()


def simulated(verified: Verified, name: str = NAME) -> Result:
    return verified.found(name)


def test_what_the_policies_allow_is_simulated_and_no_proof(field: Field) -> None:
    result = simulated(stands(field, changing("ec2:RunInstances", "ec2:StopInstances")))

    assert result.outcome is Outcome.EVALUATED
    assert result.sentence == (
        "Simulated, not called: the policies allow ec2:RunInstances, ec2:StopInstances."
    )


def test_of_many_actions_some_are_named(field: Field) -> None:
    result = simulated(stands(field, changing(*(f"ec2:Run{n}" for n in range(5)))))

    assert "ec2:Run0, ec2:Run1, ec2:Run2 and 2 more." in result.sentence


def test_a_detached_policy_is_a_failure_with_its_cause(field: Field) -> None:
    verified = stands(field, changing("ec2:RunInstances"))
    attached = field.iam.list_attached_role_policies(RoleName="spinnakerManaged")
    (policy,) = (
        p
        for p in attached["AttachedPolicies"]
        if p["PolicyName"] == "BowlineProbeWrite"
    )
    field.iam.detach_role_policy(
        RoleName="spinnakerManaged", PolicyArn=policy["PolicyArn"]
    )

    result = simulated(verified)

    assert result.outcome is Outcome.FAILED
    assert result.located == "our policy"
    assert result.sentence.startswith(
        "Simulated in us-east-1: Bowline's policy BowlineProbeWrite"
    )


def test_what_is_allowed_under_a_condition_is_simulated_so(field: Field) -> None:
    only = {"StringLike": {"ec2:CreateAction": "Run*"}}
    tags = changing("ec2:CreateTags", condition=only, sid="Tags")

    result = simulated(stands(field, changing("ec2:RunInstances"), tags))

    assert result.outcome is Outcome.EVALUATED
    assert result.sentence.endswith("allow ec2:CreateTags, ec2:RunInstances.")


def test_what_the_simulator_does_not_know_the_documents_decide(field: Field) -> None:
    tags = changing("ec2:CreateTags", condition=UNKNOWN_TO_THE_EMULATOR)

    result = simulated(stands(field, tags))

    assert result.outcome is Outcome.EVALUATED
    assert result.sentence.startswith(
        "Read, not called: the role's policies allow ec2:CreateTags. IAM's simulator "
    )


def test_conditions_on_what_only_the_call_shows_are_no_failure(field: Field) -> None:
    tags = changing("ec2:CreateTags", condition=UNKNOWN_TO_ALL, sid="Tags")

    result = simulated(stands(field, changing("ec2:RunInstances"), tags))

    assert (result.outcome, result.unknown_writes) == (Outcome.NOT_TESTABLE, 1)
    assert result.sentence.startswith(
        "Unknown: ec2:CreateTags, because the statement “Tags” of the policy "
        "BowlineProbeWrite of role spinnakerManaged"
    )
    assert "(IpAddress on aws:SourceIp)" in result.sentence
    assert result.sentence.endswith("the policies allow ec2:RunInstances.")


def test_who_may_not_simulate_reads(field: Field) -> None:
    verified = stands(field, changing("ec2:RunInstances"))
    deny = {"Effect": "Deny", "Action": "iam:SimulatePrincipalPolicy", "Resource": "*"}
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE,
        PolicyName="Blind",
        PolicyDocument=json.dumps({"Statement": [deny]}),
    )

    result = simulated(verified)

    assert result.outcome is Outcome.EVALUATED
    assert "what the organization denies isn't known" in result.sentence


def test_writes_are_not_simulated_where_nobody_gets_in(field: Field) -> None:
    verified = stands(field, changing("ec2:RunInstances"))
    field.iam.update_assume_role_policy(
        RoleName="spinnakerManaged", PolicyDocument=SHUT
    )

    names = [result.name for result in verified.results()]

    assert NAME not in names


SHUT = json.dumps(
    {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "933333333333"},
                "Action": "sts:AssumeRole",
            }
        ]
    }
)


def test_no_real_provider_is_refused_what_it_is_granted(field: Field) -> None:
    managed = field.managed(Ec2(), Lambda(), Eks((Cluster("apps", "us-east-1"),)))
    topology = Verified(field, field.managing(), field.managed(Ec2(), Lambda())).stand()

    results = Verified(field, topology.managing, managed).results()

    writes = [r for r in results if r.name.startswith("Writes for")]
    assert {r.provider for r in writes} == {"ec2", "lambda"}
    assert {r.outcome for r in writes} <= {Outcome.EVALUATED, Outcome.NOT_TESTABLE}


@pytest.mark.parametrize(
    ("pattern", "named"),
    [
        ("*", "*"),
        ("arn:aws:ec2:*:1:instance/*", "arn:aws:ec2:eu-west-1:1:instance/simulated"),
        ("arn:aws:ec2:*:*:vpc/*", "arn:aws:ec2:eu-west-1:1:vpc/simulated"),
        ("arn:aws:s3:::code/*", "arn:aws:s3:::code/simulated"),
        ("arn:aws:iam::1:role/spinnaker/*", "arn:aws:iam::1:role/spinnaker/simulated"),
    ],
)
def test_a_pattern_stands_for_one_resource(pattern: str, named: str) -> None:
    assert example(pattern, "eu-west-1", "1") == named


@dataclass
class Denied:
    """A holder whose calls are all denied for this cause."""

    why: Cause
    arn: str = "arn:aws:iam::1:role/R"

    def cause(self, asked: RequestContext) -> Cause:
        return self.why


@pytest.mark.parametrize("certain", [True, False])
def test_only_a_certain_cause_of_the_documents_is_a_failure(certain: bool) -> None:
    cause = Cause(Located.CONDITION, "It is not met.", "Meet it.", certain=certain)
    holder = cast(Holder, Denied(cause))
    caller = Caller("arn:aws:iam::1:role/R")
    run = changing("ec2:RunInstances")
    asked = list(questions_of(run, "us-east-1", caller, Named()))
    verdicts = dict.fromkeys(asked, Verdict(allowed=False))

    (found,) = opinions(Asking(holder, caller), asked, verdicts)

    assert found.denied == (cause if certain else None)
    assert bool(found.unknown) is not certain


@pytest.mark.smoke
def test_the_only_subnet_that_was_found_is_asked_by_its_arn(field: Field) -> None:
    ec2 = field.root(field.managed_id, "ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]
    name = {"Key": "Name", "Value": "main.internal.us-east-1"}
    ec2.create_tags(Resources=[subnet["SubnetId"]], Tags=[name])
    kinds = f"arn:aws:ec2:*:{field.managed_id}:subnet/*"
    run = replace(changing("ec2:RunInstances"), judged_on=(kinds,))
    verified = stands(field, run)
    deny = {"Effect": "Deny", "Action": "ec2:RunInstances"}

    before = simulated(verified)
    field.iam.put_role_policy(
        RoleName="spinnakerManaged",
        PolicyName="Theirs",
        PolicyDocument=json.dumps(
            {"Statement": [{**deny, "Resource": subnet["SubnetArn"]}]}
        ),
    )
    after = simulated(verified)

    assert before.outcome is Outcome.EVALUATED
    assert (after.outcome, after.located) == (Outcome.FAILED, "their policy")
