"""What AWS has of accounts before they are added, as it is said, and in which order."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import pytest

from onboarding.adopting.looking import (
    BOWLINE,
    NOT_ASKED,
    InAws,
    RoleInAws,
    Target,
    count_looks,
    identity_of,
    look_at,
    maker,
    named_among,
    size_said,
    targets,
    worst_first,
)
from onboarding.adopting.report import Taken
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.names import BadName
from onboarding.resources.trusts import NO_ONE, who_can_assume
from onboarding.review.as_found import FoundRole
from onboarding.topology import Reach
from script.emulated_organization import (
    ACCESS_ROLE,
    ADMINISTRATOR,
    MANAGING,
    MEMBERS,
    REGIONS,
    UNTRUSTING,
    Account,
    Credentials,
)
from script.emulated_organization import BOWLINE as BOWLINE_USER
from tests.accounts.runs.carried import root
from tests.accounts.runs.foreign.shapes.in_aws import (
    ECS,
    IN_AWS,
    POWER_USER,
    Old,
    allowing,
    auth,
    trusting,
)
from tests.accounts.runs.foreign.shapes.walking import Place, as_it_is, make
from tests.onboarding.aws.roles.test_managed_by import FOUND, answering

TEMPLATES = "Spinnaker's own templates"
ROLES = ("spinnakerManaged", "BaseIAMRole")


@pytest.fixture
def here(own_aws: Credentials) -> Credentials:
    return own_aws


def place(here: Credentials, account: Account, *old: Old) -> Place:
    made = Place(root(here, account, "iam"), account, old)
    make(made)
    return made


def target(account: Account, role: str = ACCESS_ROLE, **fields: Any) -> Target:
    reach = Reach(account.account_id, role)
    usual = {"roles": ROLES, "regions": REGIONS, "providers": ("ec2",)}
    return Target(name=account.name, reach=reach, **{**usual, **fields})


def looked(account: Account, **fields: Any) -> InAws:
    return look_at(Sessions("test"), target(account, **fields))


def test_a_role_is_read_as_it_is_and_nothing_is_changed(here: Credentials) -> None:
    place(here, MANAGING, auth())
    old = IN_AWS[TEMPLATES].roles["prod"]
    there = place(here, MEMBERS[0], *old)
    before = as_it_is(there)

    found = looked(MEMBERS[0])

    managed, base = found.roles
    assert (found.unread, managed.exists, managed.managed_by) == ("", True, "")
    account = MANAGING.account_id
    who = f"Role SpinnakerAuthRole of account {account} can assume it."
    assert managed.assumed_by == (who,)
    assert (managed.widest, base.widest) == ("named", "service")
    assert managed.can[0] == (
        "It can call 20,199 actions, of which Spinnaker's source calls 103."
    )
    assert managed.actions == 20_199
    assert any(said.startswith("PowerUserAccess is attached") for said in managed.can)
    assert any(said.startswith("PassRole is in role") for said in managed.can)
    assert (base.assumed_by, base.can) == (
        ("AWS's service ec2.amazonaws.com can assume it.",),
        (),
    )
    assert as_it_is(there) == before


def test_what_is_wrong_with_a_role_is_said(here: Credentials) -> None:
    anyone = Old(name=ROLES[0], trust=trusting({"AWS": "*"}), boundary=POWER_USER)
    place(here, MEMBERS[0], anyone)
    closed = allowing({"Principal": {"Service": ECS}, "Action": "sts:AssumeRole"})
    closed["Statement"][0]["Effect"] = "Deny"  # type: ignore[index]
    tags = {"managed-by": "Terraform"}
    place(here, MEMBERS[1], Old(name=ROLES[0], trust=closed, tags=tags))

    strange, missing = looked(MEMBERS[0]).roles
    (lonely,) = looked(MEMBERS[1], roles=ROLES[:1]).roles

    assert strange.strangers
    assert (strange.widest, lonely.widest) == ("anybody", "none")
    assert strange.can == (f"The permissions boundary {POWER_USER} limits it.",)
    assert not missing.exists
    assert lonely.assumed_by == (NO_ONE,)
    assert lonely.managed_by == "Terraform, as its tag “managed-by” says"


def test_a_role_of_bowlines_own_is_called_so(here: Credentials) -> None:
    tags = {"managed-by": "bowline"}
    place(here, MEMBERS[0], Old(name=ROLES[0], trust=trusting({"AWS": "*"}), tags=tags))

    assert looked(MEMBERS[0]).roles[0].managed_by == BOWLINE


@pytest.mark.smoke
def test_what_is_called_as_bowlines_is_read_as_well(here: Credentials) -> None:
    """Nobody added the account: Bowline wants nothing there yet."""
    everything = allowing({"Action": "*", "Resource": "*"})
    trust = trusting({"AWS": MANAGING.account_id})
    inside = {"BowlinePassRole": everything}
    there = place(here, MEMBERS[0], Old(name=ROLES[0], trust=trust, inside=inside))
    paths = ("/bowline/managed/", "/bowline/managing/")
    for number, path in enumerate(paths):
        made = there.iam.create_policy(
            PolicyName=f"Bowline{number}",
            Path=path,
            PolicyDocument=json.dumps(everything),
        )
        arn = made["Policy"]["Arn"]
        there.iam.attach_role_policy(RoleName=ROLES[0], PolicyArn=arn)

    managed, _ = looked(MEMBERS[0]).roles

    every = "Allows every action on every resource."
    role = f"role {ROLES[0]}"
    assert managed.can[1:] == (
        f"Bowline0 is attached to {role}. {every}",
        f"Bowline1 is attached to {role}. {every}",
        f"BowlinePassRole is in {role}. {every}",
    )


def test_the_stack_of_a_role_is_named(here: Credentials) -> None:
    trust = {"Principal": {"Service": ECS}, "Action": "sts:AssumeRole"}
    properties = {"RoleName": ROLES[0], "AssumeRolePolicyDocument": allowing(trust)}
    resource = {"Type": "AWS::IAM::Role", "Properties": properties}
    stacks = root(here, MEMBERS[0], "cloudformation")
    stacks.create_stack(
        StackName="spinnaker-managed",
        TemplateBody=json.dumps({"Resources": {"Managed": resource}}),
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    stacks.get_waiter("stack_create_complete").wait(
        StackName="spinnaker-managed", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    managed, _ = looked(MEMBERS[0], regions=tuple(reversed(REGIONS))).roles

    stack = "the CloudFormation stack spinnaker-managed in us-east-1"
    assert managed.managed_by == stack


def test_an_account_that_cannot_be_read_says_why(here: Credentials) -> None:
    found = looked(UNTRUSTING)

    assert not found.roles
    assert f"could not assume arn:aws:iam::{UNTRUSTING.account_id}" in found.unread
    assert "its trust policy must allow sts:AssumeRole" in found.hint


def test_what_the_role_may_not_ask_is_said(here: Credentials) -> None:
    iam = root(here, MANAGING, "iam")
    iam.attach_user_policy(UserName=BOWLINE_USER, PolicyArn=ADMINISTRATOR)
    place(here, MEMBERS[0], *IN_AWS[TEMPLATES].roles["prod"][:1])
    trust = trusting({"AWS": MANAGING.account_id})
    reads = allowing({"Action": "iam:*", "Resource": "*"})
    place(here, MEMBERS[0], Old(name="Reader", trust=trust, inside={"Read": reads}))

    managed, _ = look_at(Sessions("test"), target(MEMBERS[0], "Reader")).roles

    assert managed.can[-1] == NOT_ASKED


def test_what_failed_is_not_called_denied() -> None:
    asked = target(MEMBERS[0], regions=())

    assert maker(answering(us_east_1="AccessDenied"), asked, FOUND) is None
    with pytest.raises(AwsError):
        maker(answering(us_east_1="Throttling"), asked, FOUND)


def role(**fields: Any) -> RoleInAws:
    return RoleInAws(**{"name": "x", "exists": True, **fields})


def test_the_worst_come_first() -> None:
    found = {
        "anybody": InAws("1", (role(strangers=True),)),
        "unread": InAws("2", unread="Denied."),
        "missing": InAws("3", (role(exists=False), role())),
        "many": InAws("6", (role(widest="service"), role(widest="many"))),
        "some": InAws("7", (role(widest="named", actions=1),)),
        "services": InAws("8", (role(widest="service", actions=30_000),)),
        "much": InAws("4", (role(actions=20_198), role(managed_by="a stack"))),
        "little": InAws("5", (role(actions=9),)),
    }
    said = {name: asdict(one) for name, one in found.items()}

    names = [*said][::-1]

    assert sorted(names, key=lambda name: worst_first(said[name])) == [*found]
    assert count_looks([*said.values()]) == [
        "1 with a role that anybody in AWS can assume",
        "1 with a role that every identity of an account or provider can assume",
        "1 not readable",
        "1 without the role",
        "1 with a role that something else manages",
        "6 with the role",
    ]


def found_role(**fields: Any) -> FoundRole:
    usual: dict[str, Any] = {
        **{"name": "x", "owned": False, "trust": [], "boundary": "", "within": False},
        **{"counts": {"s3": [5, 5]}, "uncounted": []},
    }
    return FoundRole(**{**usual, **fields})


def test_what_was_not_read_makes_it_at_least_so_many() -> None:
    said = size_said(found_role(uncounted=["Other"]), 5, ("ec2", "lambda"))

    assert said == (
        "It can call at least 5 actions, of which Spinnaker's source calls 134."
    )


def test_targets_are_the_accounts_that_can_be_taken() -> None:
    accounts = (
        {"name": "a", "account_id": "1" * 12, "regions": ["us-east-1"]}
        | {"providers": {"ec2": {}}, "managed_role": "spinnaker/deployer"},
        {"name": "b", "account_id": "2" * 12, "providers": {"lambda": {}}},
    )
    taken = Taken(accounts, "managing", "spinnakerManaged", "apps/BaseIAMRole")

    first, second = targets(taken, "Access")

    assert first.roles == ("deployer", "BaseIAMRole")
    assert first == Target(
        "a", Reach("1" * 12, "Access"), first.roles, ("us-east-1",), ("ec2",)
    )
    assert second.roles == ("spinnakerManaged",)
    with pytest.raises(BadName):
        targets(taken, "a/b")


AUTH = "arn:aws:iam::111111111111:role/spinnaker/SpinnakerAuthRole"
USER = "arn:aws:iam::111111111111:user/ci"


@pytest.mark.parametrize(
    ("trusted", "identity"),
    [
        ([(AUTH, USER), (AUTH,)], AUTH),
        ([(AUTH,), (USER,)], ""),
        ([(AUTH, USER), (AUTH, USER)], ""),
        ([(AUTH,), ()], ""),
        ([], ""),
    ],
)
def test_what_every_role_trusts_is_the_identity(
    trusted: list[tuple[str, ...]], identity: str
) -> None:
    found = [
        *(InAws("1", (role(trusted=arns), role())) for arns in trusted),
        InAws("8", (role(exists=False),)),
        InAws("9", unread="Denied."),
    ]

    assert identity_of(map(asdict, found)) == identity


def test_only_roles_and_users_that_are_allowed_by_name_are_trusted() -> None:
    trust = [
        {"Effect": "Allow", "Principal": {"AWS": [AUTH, "*", "111111111111"]}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111111111111:root"}},
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}},
        {"Effect": "Deny", "Principal": {"AWS": USER}},
        {"Effect": "Allow", "Principal": "*"},
    ]

    assert [*named_among(who_can_assume(trust))] == [AUTH]
