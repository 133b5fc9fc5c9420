"""What Spinnaker may change is allowed, denied by somebody who is named, or unknown."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.checks import Call, Check, Outcome
from onboarding.resources.policy import Policy
from onboarding.verify.chain import Chain
from onboarding.verify.conditions import REGION
from onboarding.verify.simulation.simulator import (
    FEW_PAIRS,
    MOST_PAIRS,
    Question,
    SimulatedCall,
    Verdict,
)
from onboarding.verify.simulation.writes import Asking, opinions, simulated_writes
from onboarding.verify.verification import Read, evaluate
from tests.onboarding.verify.simulation.simulated import (
    ACCOUNT,
    EAST,
    MANAGING,
    ORGANIZATION,
    ROLE,
    WEST,
    Simulated,
    deny,
    managed_account,
    outcomes,
)
from tests.onboarding.verify.test_denial import OWN, allow, document
from tests.strict_aws.policies import Statement

RUN = "ec2:RunInstances"
OUTSIDE = "denied higher up"
REGION_DENY = deny(
    NotAction=["iam:*", "sts:*", "cloudfront:*"],
    condition={
        "StringNotEquals": {"aws:RequestedRegion": [EAST, WEST]},
        "ArnNotLike": {"aws:PrincipalARN": ["arn:aws:iam::*:role/AWSControlTower*"]},
    },
)
BLIND = AwsError(
    ACCOUNT, "iam:SimulatePrincipalPolicy", "Refused.", code="AccessDenied"
)


def unless(key: str, **fields: Any) -> Statement:
    return deny(RUN, condition={"Null": {key: "true"}}, **fields)


def kind(name: str, region: str = "*") -> str:
    return f"arn:aws:ec2:{region}:*:{name}/*"


def test_all_that_bowline_grants_is_allowed_in_each_region() -> None:
    account = Simulated(account=managed_account(EAST, WEST, ec2_only=False))

    assert outcomes(account.writes()).keys() == {"evaluated"}


@pytest.mark.parametrize(
    "denied",
    [deny(RUN), deny(NotAction=["*:Describe*", "*:Get*", "*:List*", "iam:*"])],
    ids=["one call", "everything but reads"],
)
def test_what_the_organization_denies_without_a_condition_fails(
    denied: Statement,
) -> None:
    failed = Simulated(organization=(denied,)).failed()

    assert failed
    assert {one.located for one in failed} == {OUTSIDE}
    said = [one.sentence for one in failed if RUN in one.sentence]
    if denied.get("Action"):
        assert said == [
            f"Simulated in {EAST}: A policy of the organization denies {RUN} in {EAST}."
        ]


def test_a_region_that_the_organization_allows_is_sent_and_allowed() -> None:
    account = Simulated(organization=(REGION_DENY,))

    assert outcomes(account.writes()).keys() == {"evaluated"}


def test_whom_the_organization_exempts_is_allowed() -> None:
    others = deny("*", condition={"ArnNotLike": {"aws:PrincipalArn": ROLE}})
    account = Simulated(organization=(others,))

    assert outcomes(account.writes()).keys() == {"evaluated"}


def test_what_the_organization_denies_in_one_region_fails() -> None:
    here = deny(RUN, condition={"StringEquals": {"aws:RequestedRegion": WEST}})
    account = Simulated(account=managed_account(EAST, WEST), organization=(here,))

    (failed,) = account.failed()

    assert failed.sentence.startswith(f"Simulated in {WEST}: A policy of the organ")


def test_a_read_that_is_not_called_is_simulated_in_its_region() -> None:
    allow = {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}
    account = Simulated(inline={"Reads": document(allow)}, organization=(REGION_DENY,))
    reads = [
        Read("ec2", Check(region, Call("ec2", "describe_vpcs", region), "Allow it."))
        for region in (EAST, WEST, "ap-south-1")
    ]
    nobody = cast(Chain, SimpleNamespace(as_identity=None, managing=MANAGING))

    found = [one.outcome for one in evaluate(reads, account.holder, nobody, str)]

    assert found == [Outcome.EVALUATED, Outcome.EVALUATED, Outcome.FAILED]


def test_a_region_that_the_organization_denies_fails_by_its_name() -> None:
    far = "ap-south-1"
    account = Simulated(account=managed_account(EAST, far), organization=(REGION_DENY,))

    failed = account.failed()

    assert failed
    assert all(f"Simulated in {far}" in one.sentence for one in failed)


@pytest.mark.parametrize(
    "denied",
    [
        unless("aws:RequestTag/team", Resource=[kind("instance"), kind("volume")]),
        deny(
            RUN,
            condition={"StringNotLike": {"ec2:InstanceType": "t3.*"}},
            Resource=kind("instance"),
        ),
        deny("ec2:CreateTags", condition={"Null": {"aws:RequestTag/team": "true"}}),
    ],
)
def test_what_the_organization_may_allow_a_deployment_is_unknown(
    denied: Statement,
) -> None:
    account = Simulated(organization=(denied,))

    results = account.writes()

    assert not [one for one in results if one.outcome == "failed"]
    unknown = [one for one in results if one.unknown_writes]
    assert unknown
    assert all("a policy of the organization denies it" in u.sentence for u in unknown)


KINDS = (
    "image",
    "instance",
    "key-pair",
    "network-interface",
    "security-group",
    "subnet",
    "volume",
)
CERTAIN = [
    *(deny(RUN, Resource=kind(name)) for name in KINDS),
    deny(RUN, condition={"StringEquals": {"aws:RequestedRegion": WEST}}),
    deny(RUN, condition={"StringNotEquals": {"aws:RequestedRegion": [EAST]}}),
    deny(RUN, Resource=kind("subnet", region=WEST)),
    deny(RUN, condition={"ArnLike": {"aws:PrincipalArn": ROLE}}),
    deny(RUN, condition={"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}),
    deny("iam:PassRole", Resource=f"arn:aws:iam::{ACCOUNT}:role/spinnaker-ec2/*"),
    deny("ec2:ModifyInstanceAttribute", Resource=kind("security-group")),
    deny(
        "elasticloadbalancing:*", Resource="arn:aws:elasticloadbalancing:*:*:listener/*"
    ),
]


@pytest.mark.parametrize("refuses", [None, BLIND], ids=["simulated", "not simulated"])
def test_what_a_document_certainly_denies_fails_and_names_it(
    refuses: AwsError | None,
) -> None:
    seen = {
        str(denied): [
            one.located
            for one in Simulated(
                inline={"Theirs": document(dict(denied))},
                account=managed_account(EAST, WEST),
                refuses=refuses,
            ).failed()
        ]
        for denied in CERTAIN
    }

    assert {said: found for said, found in seen.items() if not found} == {}
    assert {located for found in seen.values() for located in found} == {"their policy"}


def test_a_document_that_denies_counts_where_the_simulator_allows() -> None:
    holder = Simulated(inline={"Theirs": document(dict(deny(RUN)))}).holder
    asked = [Question(SimulatedCall(RUN), frozenset({(REGION, EAST)}))]

    about = Asking(holder, holder.caller())
    (found,) = opinions(about, asked, {asked[0]: Verdict(allowed=True)})

    assert found.denied is not None
    assert found.denied.located == "their policy"


@pytest.mark.parametrize("refuses", [None, BLIND], ids=["simulated", "not simulated"])
def test_a_boundary_that_denies_fails_and_is_named(refuses: AwsError | None) -> None:
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    bounds = document(everything, dict(deny(RUN, Resource=kind("subnet"))))

    failed = Simulated(boundary=bounds, refuses=refuses).failed()

    assert {one.located for one in failed} == {"a boundary"}


def test_what_is_remembered_is_read_again_where_the_simulator_denies_it() -> None:
    """AWS may have stored something else than what was sent."""
    account = Simulated()
    wanted = account.inline.pop("BowlineGranted")
    account.attached[f"{OWN}BowlineEC2"] = document(allow("s3:ListBucket"))
    remembering = SimpleNamespace(
        handed_on=SimpleNamespace(answered=lambda *_: None),
        documents=SimpleNamespace(lately=lambda _: Policy.of(wanted)),
    )
    holder = replace(account.holder, sessions=cast(Sessions, remembering))

    results = list(
        simulated_writes(holder, MANAGING, account.account, organization=str)
    )

    assert {one.outcome for one in results} == {Outcome.FAILED}
    assert all("No policy of role" in one.sentence for one in results)


@pytest.mark.parametrize(
    "simulator",
    [
        {"refuses": BLIND},
        {"knows_no_conditions": True},
        {"invalid": frozenset({RUN, "iam:PassRole", "lambda:AddPermission"})},
    ],
    ids=["refused", "without conditions", "with unknown actions"],
)
@pytest.mark.parametrize("belongs_to", [ORGANIZATION, "", None])
def test_of_what_bowline_grants_no_write_is_unknown_without_the_simulator(
    simulator: dict[str, Any], belongs_to: str | None
) -> None:
    account = managed_account(EAST, WEST, ec2_only=False)
    results = Simulated(account=account, belongs_to=belongs_to, **simulator).writes()

    assert outcomes(results).keys() == {"evaluated"}
    assert sum(one.unknown_writes for one in results) == 0
    read = [one.sentence for one in results if "Read, not called" in one.sentence]
    assert read
    assert all("what the organization denies isn't known" in one for one in read)


def test_where_nothing_may_be_read_and_nobody_may_simulate_all_is_unknown() -> None:
    results = Simulated(refuses=BLIND, unreadable=BLIND).writes()

    assert outcomes(results).keys() == {"not testable"}
    assert all(one.unknown_writes for one in results)
    assert all("could not be simulated: Refused." in one.sentence for one in results)


def test_where_nothing_may_be_read_a_key_that_iam_misses_makes_it_unknown() -> None:
    source = deny(RUN, condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    held = {"Theirs": document(dict(source))}

    results = Simulated(inline=held, unreadable=BLIND).writes()
    plain = Simulated(unreadable=BLIND).writes()

    assert all("looks at aws:sourceip." in one.sentence for one in results)
    assert outcomes(plain).keys() == {"evaluated"}


def test_what_iam_denies_and_no_document_does_is_unknown() -> None:
    about = Asking(Simulated().holder, Simulated().holder.caller())
    asked = [Question(SimulatedCall(RUN), frozenset({(REGION, EAST)}))]
    denied, lifted = Verdict(allowed=False, explicit=True), Verdict(allowed=False)

    (unknown,) = opinions(about, asked, {asked[0]: denied})
    (allowed,) = opinions(about, asked, {asked[0]: lifted})

    assert "no policy that Bowline can read does" in unknown.unknown
    assert (allowed.unknown, allowed.denied) == ("", None)


def test_one_invalid_action_is_asked_around() -> None:
    source = deny(RUN, condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    held = {"Theirs": document(dict(source))}

    results = Simulated(inline=held, invalid=frozenset({RUN})).writes()

    unknown = {one.name: one.unknown_writes for one in results if one.unknown_writes}
    assert unknown == {"Writes for “launch templates”": 1}


def test_requests_are_small() -> None:
    account = Simulated(account=managed_account(EAST, WEST, ec2_only=False))

    account.writes()

    assert max(account.sizes()) <= MOST_PAIRS
    assert len(account.requests) <= 2 * 6


def test_what_is_not_answered_in_time_is_split() -> None:
    account = Simulated(most=FEW_PAIRS)

    assert outcomes(account.writes()).keys() == {"evaluated"}


def test_one_region_is_asked_in_a_request() -> None:
    account = Simulated(account=managed_account(EAST, WEST))

    account.writes()

    regions = [
        [
            entry["ContextKeyValues"]
            for entry in one["ContextEntries"]
            if entry["ContextKeyName"] == REGION
        ]
        for one in account.requests
    ]
    assert {str(one) for one in regions} == {f"[['{EAST}']]", f"[['{WEST}']]"}
