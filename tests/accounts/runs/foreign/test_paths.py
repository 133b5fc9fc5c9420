"""A policy that somebody put under one of Bowline's paths is nobody's until a person
approves or accepts it, except what the other side of the same AWS account wants.
"""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ForeignPolicy, ManagedAccount, ManagingAccount
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.runs.actions import plan, plan_managing, remove, verify
from accounts.runs.foreign.accepting import accept, ask
from accounts.runs.scope import COMPARED_FOR
from onboarding.providers.ecs import ECS_ROLES_PATH, EXECUTION_ROLE
from onboarding.resources.kinds import MANAGED_PATH, MANAGING_PATH
from script.emulated_organization import MANAGING, Account, Credentials
from tests.accounts.runs.carried import (
    DEV,
    carried,
    done,
    member,
    onboarded,
    planned,
    root,
)
from tests.accounts.runs.foreign.taken import with_wide_role
from tests.rows import decider

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = ("BaseIAMRole", "spinnakerManaged")
EVERYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
    }
)


def hidden(here: Credentials, account: Account, path: str, *roles: str) -> str:
    """Put a policy that allows everything under the path, and attach it."""
    iam = root(here, account, "iam")
    made = iam.create_policy(PolicyName="Extra", Path=path, PolicyDocument=EVERYTHING)
    arn: str = made["Policy"]["Arn"]
    for role in roles:
        iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    return arn


def listed(account: ManagedAccount | None) -> list[tuple[str, str]]:
    rows = ForeignPolicy.objects.of(account).order_by("role", "policy")
    return list(rows.values_list("role", "policy"))


def test_it_is_no_verified_account_until_a_plan_detaches_it(
    here: Credentials, account: ManagedAccount
) -> None:
    arn = hidden(here, DEV, MANAGING_PATH, *ROLES)

    run = carried(verify(account, None))
    account.refresh_from_db()
    word, rows = account.word, listed(account)
    ended = done(carried(plan(account, None, alone=True)))

    assert (run.status, word) == (Status.FAILED, "not as approved")
    (check,) = run.checks.filter(outcome="failed")
    assert check.sentence == " ".join(
        f"Extra is attached to role {role}. Allows every action on every resource."
        for role in ROLES
    )
    assert rows == [(role, "Extra") for role in ROLES]
    steps = ended.steps.values_list("verb", "kind", "name").order_by("name")
    assert list(steps) == [("delete", "attachment", f"{role}/Extra") for role in ROLES]
    assert ended.status == Status.VERIFIED, ended.error
    assert listed(account) == []
    left = root(here, DEV, "iam").get_policy(PolicyArn=arn)["Policy"]
    assert left["AttachmentCount"] == 0


@pytest.mark.smoke
def test_what_an_earlier_choice_left_on_an_adopted_role_is_listed_at_once(
    here: Credentials,
) -> None:
    with_wide_role(here, DEV)
    account = member(adopts=True, providers={"ec2": {"access": "power-user"}})
    onboarded(account)
    before = listed(account)
    account.providers.update(details={"access": "deploy"})
    account.refresh_from_db()
    account.touch()

    planned(account)

    assert before == [("spinnakerManaged", "PassRole")]
    assert listed(account) == [
        ("spinnakerManaged", "PassRole"),
        ("spinnakerManaged", "PowerUserAccess"),
    ]


def test_it_is_a_verified_one_once_it_is_accepted_by_name(
    here: Credentials, account: ManagedAccount
) -> None:
    hidden(here, DEV, MANAGING_PATH, "spinnakerManaged")
    carried(verify(account, None))
    policy = ForeignPolicy.objects.get()
    ask(policy, decider("olga"), reason="A test.", until=today() + timedelta(days=9))
    policy.refresh_from_db()
    accept(policy, decider("paul"), read=policy.asked_digest)

    run = carried(verify(account, None))

    assert run.status == Status.VERIFIED, run.error
    compared = run.checks.get(name="No unapproved policies in accountdev")
    assert compared.sentence == "Accepted: Extra on role spinnakerManaged."


def test_a_removal_detaches_it(here: Credentials, account: ManagedAccount) -> None:
    """AWS deletes no role with a policy on it."""
    hidden(here, DEV, MANAGING_PATH, *ROLES)

    run = done(carried(remove(account, None)))

    assert run.status == Status.REMOVED, run.error


def test_spinnakers_identity_is_no_verified_one_with_it(
    here: Credentials, account: ManagedAccount
) -> None:
    identity = ManagingAccount.objects.get().identity_name
    hidden(here, MANAGING, MANAGED_PATH, identity)
    ManagingAccount.objects.update(verified_at=timezone.now() - 2 * COMPARED_FOR)

    run = carried(verify(account, None))
    state = ManagingAccount.objects.get().state
    rows = listed(None)
    ended = done(carried(plan_managing(None)))

    assert (run.status, state) == (Status.FAILED, State.DRIFTED)
    assert rows == [(identity, "Extra")]
    assert [one.name for one in ended.steps.all()] == [f"{identity}/Extra"]
    assert ended.status == Status.VERIFIED, ended.error


@pytest.fixture
def shared(here: Credentials) -> ManagedAccount:
    """Let one account be both sides, whose identity is a role of the other one, too."""
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "ecs-tasks.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    root(here, MANAGING, "iam").create_role(
        RoleName=EXECUTION_ROLE,
        Path=ECS_ROLES_PATH,
        AssumeRolePolicyDocument=json.dumps(trust),
    )
    ManagingAccount.objects.update(
        identity_kind=ManagingAccount.IdentityKind.EXISTING,
        identity_name="",
        identity_arn=MANAGING.arn(f"role{ECS_ROLES_PATH}{EXECUTION_ROLE}"),
    )
    account = member(
        MANAGING,
        access_role="",
        adopts=True,
        uses_external_id=False,
        providers={"ecs": {}},
    )
    run = done(planned(account))
    assert run.status == Status.EVALUATED, run.error
    return account


def test_nothing_of_the_other_side_of_one_account_is_anybodys(
    shared: ManagedAccount,
) -> None:
    verified = carried(verify(shared, None))
    alone = carried(plan_managing(None))

    assert {verified.status, alone.status} == {Status.EVALUATED}
    assert (listed(shared), listed(None)) == ([], [])


def test_once_the_other_side_may_do_more_it_is(
    here: Credentials, shared: ManagedAccount
) -> None:
    root(here, MANAGING, "iam").create_policy_version(
        PolicyArn=MANAGING.arn(f"policy{MANAGING_PATH}BowlineRegionLookup"),
        PolicyDocument=EVERYTHING,
        SetAsDefault=True,
    )

    carried(verify(shared, None))

    assert listed(shared) == [(EXECUTION_ROLE, "BowlineRegionLookup")]
    assert not ForeignPolicy.objects.get().removable
