"""The roles under a path that is passed, and those that services run code with."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from onboarding.aws.client import AccountClient, once
from onboarding.aws.errors import AwsError
from onboarding.aws.roles import passed
from onboarding.aws.roles.passed import (
    Passable,
    Passed,
    PassedRoles,
    passable_roles,
    passed_patterns,
    passed_roles,
    roles_at,
)
from onboarding.partitions import PARTITIONS
from onboarding.resources.kinds import InlinePolicy, Role
from onboarding.resources.policy import Policy

EC2, LAMBDA = "ec2.amazonaws.com", "lambda.amazonaws.com"


def role(name: str, *statements: dict[str, Any], path: str = "/") -> dict[str, Any]:
    return {
        "Path": path,
        "RoleName": name,
        "RoleId": "AROA1234567890123456",
        "Arn": f"arn:aws:iam::111111111111:role{path}{name}",
        "CreateDate": datetime(2026, 6, 1, tzinfo=UTC),
        "AssumeRolePolicyDocument": Policy.allowing(*statements).text,
    }


def trusting(*services: str) -> dict[str, Any]:
    return {"Principal": {"Service": [*services]}, "Action": "sts:AssumeRole"}


def test_only_roles_of_the_services_that_spinnaker_deploys_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient("1" * 12, lambda *_: iam, once)
    monkeypatch.setattr(AccountClient, "of", lambda *_: client)
    roles = [
        role("web", trusting(EC2), path="/t/"),
        role("two", trusting("glue.amazonaws.com"), trusting(LAMBDA, EC2)),
        role("glue", trusting("glue.amazonaws.com")),
        role("anybody", {"Principal": "*", "Action": "sts:AssumeRole"}),
        role("person", {"Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}),
    ]
    sessions: Any = SimpleNamespace(partition=PARTITIONS["aws"])
    reach: Any = None

    with Stubber(iam) as stubbed:
        stubbed.add_response("list_roles", {"Roles": roles, "IsTruncated": False})
        found = passable_roles(sessions, reach)

    own = "arn:aws:iam::111111111111:role"
    assert found == [
        Passable(f"{own}/t/web", "/t/web", (EC2,)),
        Passable(f"{own}/two", "/two", (EC2, LAMBDA)),
    ]


ACCOUNT = "1" * 12


def pages(count: int) -> list[dict[str, Any]]:
    """Return as many pages of two roles each, the last of which is the end."""
    return [
        {
            "Roles": [role(f"r{n}{m}", trusting(EC2)) for m in range(2)],
            **({"Marker": f"m{n}"} if n < count - 1 else {}),
            "IsTruncated": n < count - 1,
        }
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("count", "names", "more"), [(1, 2, False), (3, 6, False), (4, 6, True)]
)
def test_pages_are_followed_and_bounded(
    monkeypatch: pytest.MonkeyPatch, count: int, names: int, more: bool
) -> None:
    monkeypatch.setattr(passed, "MOST_PAGES", 3)
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient(ACCOUNT, lambda *_: iam, once)

    with Stubber(iam) as stubbed:
        for number, page in enumerate(pages(count)[:3]):
            marker = {"Marker": f"m{number - 1}"} if number else {}
            given = {"PathPrefix": "/spinnaker-ec2/", "MaxItems": passed.PAGE, **marker}
            stubbed.add_response("list_roles", page, given)
        found, is_more = roles_at(client, "/spinnaker-ec2/*")

    assert (len(found), is_more) == (names, more)


def test_what_is_passed_is_what_the_policies_say_without_bowlines_own_roles() -> None:
    wanted = [
        Role(account=ACCOUNT, name="BaseIAMRole", trust=Policy.allowing()),
        InlinePolicy(
            account=ACCOUNT,
            role="spinnakerManaged",
            policy="BowlinePassRole",
            document=Policy.allowing(
                {
                    "Action": "iam:PassRole",
                    "Resource": [
                        f"arn:aws:iam::{ACCOUNT}:role{one}"
                        for one in ("/BaseIAMRole", "/spinnaker-ec2/*", "/teams/app")
                    ],
                },
                {"Action": "ec2:RunInstances", "Resource": "*"},
            ),
        ),
    ]

    assert passed_patterns(wanted) == ("/spinnaker-ec2/*", "/teams/app")


def test_a_role_of_the_name_at_another_path_is_another_one() -> None:
    iam: Any = boto3.client("iam", "us-east-1")
    iam.signer = SimpleNamespace(session="")
    client = AccountClient(ACCOUNT, lambda *_: iam, once)

    with Stubber(iam) as stubbed:
        for _ in range(2):
            answer = {"Role": role("app", trusting(EC2), path="/teams/")}
            stubbed.add_response("get_role", answer, {"RoleName": "app"})
        found = [roles_at(client, one)[0] for one in ("/teams/app", "/app")]

    assert [len(roles) for roles in found] == [1, 0]


DENIED = AwsError(ACCOUNT, "iam:ListRoles", "AWS denied it.", code="AccessDenied")

ROLES = [
    {**role(f"r{n}", trusting(EC2)), "AssumeRolePolicyDocument": {"Statement": []}}
    for n in range(4)
]


def read(
    monkeypatch: pytest.MonkeyPatch, *, lists: bool = True, may: tuple[str, ...] = ()
) -> PassedRoles:
    """Read the roles, of which those may be read that are named."""

    def policies_of(_: Any, __: Any, one: Passed) -> tuple[()]:
        if one.name not in may:
            raise DENIED
        return ()

    def listed(*_: Any) -> tuple[list[Any], bool]:
        if not lists:
            raise DENIED
        return ROLES, False

    monkeypatch.setattr(passed, "just_read", lambda *_: None)
    monkeypatch.setattr(passed, "roles_at", listed)
    monkeypatch.setattr(passed, "policies_of", policies_of)
    monkeypatch.setattr(passed, "MOST_ROLES", 3)
    nothing: Any = None
    return passed_roles(nothing, nothing, (), ("/spinnaker-ec2/*",))


def test_of_many_the_first_are_read_and_the_others_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = read(monkeypatch, may=("r0", "r1", "r2"))

    assert [one.name for one in found.roles] == ["r0", "r1", "r2"]
    assert [one.name for one in found.left] == ["r3"]
    assert found.unread == ""


def test_what_may_not_be_read_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    some = read(monkeypatch, may=("r0", "r2"))
    none = read(monkeypatch, lists=False)

    assert [one.name for one in some.roles] == ["r0", "r2"]
    assert some.unread == none.unread == "AWS denied it."
    assert none.roles == ()
