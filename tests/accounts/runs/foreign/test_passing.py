"""A verification reads the roles that Spinnaker may pass: people who can deploy can do
what such a role may do.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy, ManagedAccount, Run
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.runs.actions import plan, verify
from onboarding.aws.roles import passed
from script.emulated_organization import Credentials, trusting
from tests.accounts.runs.carried import DEV, carried, member, onboarded, root
from tests.strict_aws.calls import Calls
from tests.strict_aws.planting import allow, deny, document

pytestmark = pytest.mark.django_db(transaction=True)

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EC2 = trusting({"Service": "ec2.amazonaws.com"})
PATH = "/spinnaker-ec2/"


@pytest.fixture
def account(here: Credentials) -> ManagedAccount:
    account = member(providers={"ec2": {"more_roles": ["/teams/app"]}})
    onboarded(account)
    account.refresh_from_db()
    return account


@pytest.fixture
def iam(here: Credentials, account: ManagedAccount) -> Any:
    return root(here, DEV, "iam")


def made(iam: Any, name: str, path: str = PATH, trust: str = EC2) -> str:
    iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)
    return name


def verified(account: ManagedAccount) -> Run:
    run = carried(verify(account, None))
    account.refresh_from_db()
    return run


def found(run: Run) -> Any:
    return run.checks.get(name="Roles that Spinnaker can pass in accountdev")


@pytest.mark.parametrize("path", [PATH, "/teams/"])
def test_an_administrator_that_may_be_passed_is_not_verified(
    account: ManagedAccount, iam: Any, path: str
) -> None:
    """Under the path, or named among the other roles."""
    iam.attach_role_policy(RoleName=made(iam, "app", path), PolicyArn=ADMINISTRATOR)

    run = verified(account)

    check = found(run)
    assert (run.status, account.state) == (Status.FAILED, State.DRIFTED)
    assert (account.word, account.unapproved) == ("not as approved", 1)
    assert check.outcome == "failed"
    assert check.sentence == (
        "AdministratorAccess is attached to role app. "
        "Allows every action on every resource."
    )
    assert "aws iam detach-role-policy --role-name app" in check.change
    (listed,) = ForeignPolicy.objects.of(account)
    assert (listed.role, listed.held) == ("app", "Attached to role")
    assert listed.is_passed
    assert not listed.removable


@pytest.mark.parametrize(
    ("policy", "critical"),
    [
        (allow("*"), True),
        (allow("*", condition={"Bool": {"aws:SecureTransport": "true"}}), True),
        (allow(NotAction=["iam:*"]), True),
        (allow("iam:*"), True),
        (allow("iam:Put*", Resource="arn:aws:iam::*:role/*"), True),
        (allow("iam:PassRole"), True),
        (allow("iam:PassRole", Resource="arn:aws:iam::*:role/web"), False),
        (
            allow(
                "iam:PassRole",
                condition={
                    "StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}
                },
            ),
            False,
        ),
        (allow("s3:*", "ec2:*", "iam:Get*"), False),
        (allow(NotAction=["iam:*"], Resource="arn:aws:s3:::ours/*"), False),
        (deny("*"), False),
    ],
)
def test_only_what_makes_an_administrator_is_found(
    account: ManagedAccount, iam: Any, policy: dict[str, Any], critical: bool
) -> None:
    iam.put_role_policy(
        RoleName=made(iam, "web"), PolicyName="theirs", PolicyDocument=document(policy)
    )

    run = verified(account)

    assert found(run).outcome == ("failed" if critical else "passed")
    assert found(run).sentence.startswith("theirs is in role" if critical else "Read:")
    assert run.status == (Status.FAILED if critical else Status.VERIFIED)


def test_one_that_anybody_can_assume_is_not_verified(
    account: ManagedAccount, iam: Any
) -> None:
    anybody = {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}
    pattern = {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}}
    trust = document({**anybody, "Condition": pattern})
    made(iam, "web", trust=trust)

    run = verified(account)

    assert (run.status, account.word) == (Status.FAILED, "not as approved")
    assert found(run).sentence == (
        "role web: Anybody in AWS, under a condition that anybody can meet "
        "(aws:PrincipalArn), can assume it."
    )


def test_what_is_elsewhere_is_not_read(account: ManagedAccount, iam: Any) -> None:
    iam.attach_role_policy(RoleName=made(iam, "web", "/"), PolicyArn=ADMINISTRATOR)

    run = verified(account)

    assert run.status == Status.VERIFIED
    assert found(run).sentence == "There is none of /spinnaker-ec2/* and /teams/app."


def test_it_is_accepted_by_name_and_no_plan_forgets_that(
    account: ManagedAccount, iam: Any
) -> None:
    iam.attach_role_policy(RoleName=made(iam, "web"), PolicyArn=ADMINISTRATOR)
    verified(account)
    accepted = {"until": today() + timedelta(days=9), "accepted_at": timezone.now()}
    ForeignPolicy.objects.update(**accepted)

    run = carried(plan(account, None, alone=True))

    account.refresh_from_db()
    assert (run.status, account.state) == (Status.VERIFIED, State.VERIFIED)
    assert found(run).outcome == "passed"
    assert "Accepted: AdministratorAccess on role web." in found(run).sentence

    iam.detach_role_policy(RoleName="web", PolicyArn=ADMINISTRATOR)
    verified(account)
    assert not ForeignPolicy.objects.exists()


def test_in_an_account_that_was_there_before_it_is_listed_and_fails_nothing(
    account: ManagedAccount, iam: Any
) -> None:
    iam.attach_role_policy(RoleName=made(iam, "web"), PolicyArn=ADMINISTRATOR)
    ManagedAccount.objects.update(adopts=True)
    account.refresh_from_db()

    run = verified(account)

    assert run.status == Status.VERIFIED
    assert found(run).outcome == "not testable"
    assert ForeignPolicy.objects.get().policy == "AdministratorAccess"


@pytest.mark.parametrize(
    ("action", "key", "path"),
    [
        ("iam:ListRoles", "lambda", "/spinnaker-lambda/"),  # EC2's own roles need it
        ("iam:ListAttachedRolePolicies", "ec2", PATH),
        ("iam:GetPolicy", "ec2", PATH),
    ],
)
def test_what_bowline_may_not_read_is_not_tried(
    here: Credentials, action: str, key: str, path: str
) -> None:
    account, iam = member(providers={key: {}}), root(here, DEV, "iam")
    onboarded(account)
    iam.attach_role_policy(RoleName=made(iam, "web", path), PolicyArn=ADMINISTRATOR)
    verified(account)
    where = {"Resource": "arn:aws:iam::*:role/*web"} if "Attached" in action else {}
    denied = document(deny(action, **where))
    named = {"RoleName": account.access_role, "PolicyName": "Blind"}
    iam.put_role_policy(PolicyDocument=denied, **named)

    check = found(verified(account))

    assert check.outcome == "not testable"
    assert check.sentence.startswith("Not tried: ")
    assert action in f"{check.sentence} {check.fix}"
    assert ForeignPolicy.objects.of(account).passed().exists()  # as it was last read


def test_of_many_the_first_are_read_and_the_others_counted(
    account: ManagedAccount, iam: Any, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    monkeypatch.setattr(passed, "MOST_ROLES", 2)
    for number in range(5):
        made(iam, f"web{number}")
    before = calls.made.copy()

    run = verified(account)

    check = found(run)
    assert (run.status, check.outcome) == (Status.VERIFIED, "not testable")
    assert check.sentence == (
        "The policies of 3 roles weren't read, after those of 2 roles."
    )
    made_calls = calls.made - before
    ours = ("spinnakerManaged", "BaseIAMRole")
    assert made_calls["iam:ListAttachedRolePolicies"] <= 2 + len(ours)


def test_what_only_reads_passes_no_role(here: Credentials) -> None:
    account = member(providers={"ec2": {"access": "read"}})

    run = onboarded(account)

    assert not run.checks.filter(name__startswith="Roles that Spinnaker").exists()
