from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from onboarding.aws.client import AccountClient
from onboarding.resources.kinds import MANAGED_PATH
from onboarding.verify.denial import Holder, higher_up
from onboarding.verify.policy_evaluation import RequestContext
from onboarding.verify.result import Cause

ACCOUNT = "922222222222"
DESCRIBE = RequestContext("ec2:DescribeVpcs")
OWN = f"arn:aws:iam::{ACCOUNT}:policy{MANAGED_PATH}"


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(*actions: str, **fields: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*", **fields}


def deny(*actions: str, **fields: Any) -> dict[str, Any]:
    return {**allow(*actions, **fields), "Effect": "Deny"}


ALLOWED = document(allow("ec2:Describe*"))


class Names:
    """A client whose methods are their own names."""

    def __getattr__(self, name: str) -> str:
        return name


@dataclass
class ExistingPolicies:
    """An account in which one role or user holds these documents."""

    attached: dict[str, Any] = field(default_factory=dict)
    inline: dict[str, Any] = field(default_factory=dict)
    loose: dict[str, Any] = field(default_factory=dict)
    boundary: Any = None
    account_id: str = ACCOUNT

    @property
    def managed(self) -> dict[str, Any]:
        boundary = {f"arn:aws:iam::{ACCOUNT}:policy/Boundary": self.boundary}
        return {**self.attached, **self.loose, **boundary}

    def operation(self, service: str, operation: str) -> str:
        return operation

    @property
    def iam(self) -> Names:
        return Names()

    def call(self, operation: str, doing: str, **given: Any) -> Any:
        match operation:
            case "get_policy":
                return {"Policy": {"DefaultVersionId": "v7"}}
            case "get_policy_version":
                assert given["VersionId"] == "v7"
                return {"PolicyVersion": {"Document": self.managed[given["PolicyArn"]]}}
            case "get_role_policy" | "get_user_policy":
                return {"PolicyDocument": self.inline[given["PolicyName"]]}
            case _:
                return self.find(operation, doing, **given)

    def call_all(self, operation: str, doing: str, **given: Any) -> Any:
        if operation.startswith("list_attached_"):
            return {"AttachedPolicies": [policy("PolicyArn", a) for a in self.attached]}
        if operation == "list_policies":
            everything = {**self.attached, **self.loose}
            return {"Policies": [policy("Arn", arn) for arn in everything]}
        return {"PolicyNames": list(self.inline)}

    def find(self, operation: str, doing: str, **given: Any) -> Any:
        described: dict[str, Any] = {}
        if self.boundary:
            arn = f"arn:aws:iam::{ACCOUNT}:policy/Boundary"
            described["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
        return {"Role": described, "User": described}

    def cause(
        self, asked: RequestContext = DESCRIBE, holder: str = "role/spinnaker"
    ) -> Cause:
        arn = f"arn:aws:iam::{ACCOUNT}:{holder}"
        return Holder(cast(AccountClient, self), arn, MANAGED_PATH).cause(asked)


def policy(key: str, arn: str) -> dict[str, str]:
    return {"PolicyName": arn.rsplit("/", 1)[-1], key: arn}


def marked(cause: Cause) -> str:
    return cause.document.splitlines()[cause.line - 1].strip()


def written(cause: Cause) -> Any:
    """Parse the document in the command that mends it."""
    return json.loads(shlex.split(cause.change)[-1])


def test_what_nothing_denies_is_denied_higher_up() -> None:
    cause = ExistingPolicies(inline={"All": ALLOWED}).cause()

    assert (cause.located, cause.certain) == ("denied higher up", False)
    assert f"list-policies-for-target --target-id {ACCOUNT}" in cause.change


def test_a_deny_wins_and_the_action_is_taken_out_of_it() -> None:
    theirs = document(allow("s3:*"), deny("ec2:DescribeVpcs", "iam:*"))

    cause = ExistingPolicies(inline={"All": ALLOWED, "Theirs": theirs}).cause()

    assert cause.located == "their policy"
    assert marked(cause) == '"ec2:DescribeVpcs",'
    assert written(cause) == document(allow("s3:*"), deny("iam:*"))


def test_a_policy_that_only_denies_the_action_is_taken_away() -> None:
    inline = ExistingPolicies(inline={"No": document(deny("ec2:DescribeVpcs"))})
    arn = f"arn:aws:iam::{ACCOUNT}:policy/No"
    attached = ExistingPolicies(attached={arn: document(deny("ec2:DescribeVpcs"))})

    assert inline.cause().change == (
        "aws iam delete-role-policy --role-name spinnaker --policy-name No"
    )
    assert attached.cause().change == (
        f"aws iam detach-role-policy --role-name spinnaker --policy-arn {arn}"
    )


def test_an_attached_policy_gets_a_new_version() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/No"

    cause = ExistingPolicies(
        attached={arn: document(deny("ec2:DescribeVpcs", "iam:*"))}
    ).cause()

    assert f"create-policy-version --policy-arn {arn}" in cause.change
    assert written(cause) == document(deny("iam:*"))


@pytest.mark.parametrize("pattern", ["ec2:*", "*", "ec2:Describe?pcs"])
def test_a_deny_by_pattern_is_left_to_its_owner(pattern: str) -> None:
    cause = ExistingPolicies(inline={"No": document(deny(pattern))}).cause()

    assert (cause.located, cause.change) == ("their policy", "")
    assert cause.sentence.endswith(f"denies ec2:DescribeVpcs, by {pattern}.")
    assert cause.fix == (
        f"Replace {pattern} in the denying statement of No by what it is meant to deny."
    )


def test_a_deny_of_everything_else_is_marked_where_it_says_so() -> None:
    rest = {"Effect": "Deny", "NotAction": "iam:*", "Resource": "*"}

    cause = ExistingPolicies(inline={"No": document(rest)}).cause()

    assert marked(cause) == '"NotAction": "iam:*",'
    assert cause.sentence.endswith(", as it denies everything except what it names.")
    assert cause.fix.startswith("Add ec2:DescribeVpcs to NotAction in the denying")


def test_a_deny_in_bowlines_own_policy_is_its_own_fault() -> None:
    cause = ExistingPolicies(attached={f"{OWN}Any": document(deny("ec2:*"))}).cause()

    assert cause.located == "our policy"


def test_a_boundary_must_allow_too() -> None:
    boundary = document(allow("iam:*"))

    cause = ExistingPolicies(inline={"All": ALLOWED}, boundary=boundary).cause()

    assert cause.located == "a boundary"
    assert written(cause)["Statement"][-1]["Action"] == "ec2:DescribeVpcs"


def test_a_boundary_is_to_allow_no_more_than_the_call() -> None:
    boundary, role = document(allow("iam:*")), f"arn:aws:iam::{ACCOUNT}:role/managed"
    asked = RequestContext("sts:AssumeRole", role)

    cause = ExistingPolicies(inline={"All": ALLOWED}, boundary=boundary).cause(asked)

    assert written(cause)["Statement"][-1]["Resource"] == role


def test_a_boundary_may_deny() -> None:
    boundary = document(allow("*"), deny("ec2:DescribeVpcs"))

    cause = ExistingPolicies(inline={"All": ALLOWED}, boundary=boundary).cause()

    assert "denies ec2:DescribeVpcs" in cause.sentence
    assert cause.change == ""


def test_a_boundary_that_allows_is_no_cause() -> None:
    cause = ExistingPolicies(
        inline={"All": ALLOWED}, boundary=document(allow("*"))
    ).cause()

    assert cause.located == "denied higher up"


UNKNOWN = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}


@pytest.mark.parametrize(
    "held",
    [
        {"Some": document(allow("ec2:*", Condition=UNKNOWN))},
        {"All": ALLOWED, "Some": document(deny("ec2:*", Condition=UNKNOWN))},
    ],
)
def test_a_condition_may_be_it(held: dict[str, Any]) -> None:
    cause = ExistingPolicies(inline=held).cause()

    assert (cause.located, cause.certain) == ("a condition", False)
    assert "a condition (IpAddress on aws:SourceIp) that only AWS" in cause.sentence
    assert marked(cause) == '"aws:SourceIp": "192.0.2.0/24"'


PASS_ROLE = RequestContext(
    "iam:PassRole", "*", {"iam:passedtoservice": "ec2.amazonaws.com"}
)
ECS_ONLY = {"StringEquals": {"iam:PassedToService": ["ecs.amazonaws.com"]}}


def test_a_condition_that_is_not_met_is_named_with_what_is_sent() -> None:
    passing = document(allow("iam:PassRole", Condition=ECS_ONLY))

    cause = ExistingPolicies(inline={"Pass": passing}).cause(PASS_ROLE)

    assert (cause.located, cause.certain) == ("a condition", True)
    assert cause.sentence.endswith(
        "allows iam:PassRole on * only where iam:PassedToService is "
        "“ecs.amazonaws.com”, and it is “ec2.amazonaws.com”."
    )
    assert "Plan again" in cause.fix
    assert marked(cause) == '"iam:PassedToService": ['


@pytest.mark.parametrize(
    ("real", "said"),
    [("o-theirs", "and it is “o-theirs”."), (None, "and there is none.")],
)
def test_a_condition_on_the_organization_says_whose_organization_it_is(
    real: str | None, said: str
) -> None:
    ours = {"StringEquals": {"aws:ResourceOrgID": "o-ours"}}
    assuming = document(allow("sts:AssumeRole", Condition=ours))
    role = "arn:aws:iam::933333333333:role/R"
    asked = RequestContext("sts:AssumeRole", role, {"aws:resourceorgid": real})

    cause = ExistingPolicies(inline={"Assume": assuming}).cause(asked)

    assert cause.sentence.endswith(f"aws:ResourceOrgID is “o-ours”, {said}")
    assert "The account 933333333333 must belong to that organization" in cause.fix


def test_bowlines_policy_that_is_not_attached_is_named() -> None:
    arn = f"{OWN}BowlineEC2Read"

    cause = ExistingPolicies(loose={arn: ALLOWED}).cause()

    assert cause.located == "our policy"
    assert cause.change == (
        f"aws iam attach-role-policy --role-name spinnaker --policy-arn {arn}"
    )


def test_where_nothing_allows_it_what_is_held_is_shown() -> None:
    cause = ExistingPolicies(inline={"Other": document(allow("s3:*"))}).cause()

    assert cause.located == "our policy"
    assert json.loads(cause.document) == {
        "AttachedPolicies": [],
        "InlinePolicies": ["Other"],
    }
    assert written(cause)["Statement"][0]["Action"] == "ec2:DescribeVpcs"


def test_a_user_is_asked_as_a_user() -> None:
    cause = ExistingPolicies().cause(holder="user/spinnaker")

    assert "No policy of user spinnaker" in cause.sentence
    assert "put-user-policy --user-name spinnaker" in cause.change


def test_the_organization_is_named_by_the_account_it_stands_above() -> None:
    assert ACCOUNT in higher_up("sts:AssumeRole", ACCOUNT).fix
