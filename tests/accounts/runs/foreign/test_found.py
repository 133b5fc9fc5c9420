"""A verification finds what others gave to the roles, and a plan removes it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import (
    CheckResult,
    ForeignPolicy,
    Happened,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.runs.actions import plan, plan_managing, remove, verify
from accounts.runs.scope import COMPARED_FOR
from onboarding.desired import POLICY_SET
from script.emulated_organization import MANAGING, Credentials, trusting
from tests.accounts.notify.channels.receiving import target_row
from tests.accounts.runs.carried import (
    DEV,
    STAGING,
    carried,
    done,
    member,
    onboarded,
    root,
)

pytestmark = pytest.mark.django_db(transaction=True)

ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE = "spinnakerManaged"


@pytest.fixture
def iam(here: Credentials, account: ManagedAccount) -> Any:
    return root(here, DEV, "iam")


def found(run: Run) -> Any:
    return run.checks.get(name__startswith="No unapproved policies in account")


def test_an_administrators_policy_on_the_managed_role_is_not_verified(
    account: ManagedAccount, iam: Any
) -> None:
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)

    run = carried(verify(account, None))

    account.refresh_from_db()
    check = found(run)
    assert (run.status, account.state) == (Status.FAILED, State.DRIFTED)
    assert check.outcome == "failed"
    assert check.sentence == (
        "AdministratorAccess is attached to role spinnakerManaged. "
        "Allows every action on every resource."
    )
    assert "Plan again: the plan takes it off the role" in check.fix
    assert check.worse
    assert account.verified  # bundles keep what was proved last
    assert (account.word, account.unapproved) == ("not as approved", 1)
    assert account.standing.colour == "bad"
    assert "allow what no one approved" in account.standing.sentences[0]


def test_a_role_that_may_do_less_is_drifted_and_not_more(
    account: ManagedAccount, iam: Any
) -> None:
    (first, *_) = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=first["PolicyArn"])

    carried(verify(account, None))

    account.refresh_from_db()
    assert (account.word, account.unapproved) == ("drifted", 0)


def test_what_other_runs_add_to_the_list_of_accounts_is_not_counted(
    account: ManagedAccount, iam: Any
) -> None:
    other = member(STAGING)
    onboarded(other)
    ManagedAccount.objects.filter(pk=other.pk).update(granted_at=None)
    ManagingAccount.objects.update(verified_at=timezone.now() - 2 * COMPARED_FOR)
    (first, *_) = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    iam.detach_role_policy(RoleName=ROLE, PolicyArn=first["PolicyArn"])

    carried(verify(account, None))

    account.refresh_from_db()
    assert (account.word, account.unapproved) == ("drifted", 0)


@pytest.mark.smoke
@pytest.mark.parametrize("where", [DEV, MANAGING], ids=["managed", "managing"])
def test_it_hides_no_policy_version(
    account: ManagedAccount, here: Credentials, where: Any
) -> None:
    """All of Bowline's own policies were found, whatever is with them."""
    row = ManagingAccount.objects.get()
    role = ROLE if where is DEV else row.identity_name
    root(here, where, "iam").attach_role_policy(RoleName=role, PolicyArn=ADMINISTRATOR)
    for rows in (ManagedAccount.objects, ManagingAccount.objects):
        rows.update(policy_set=0, verified_at=timezone.now() - 2 * COMPARED_FOR)

    carried(verify(account, None))

    account.refresh_from_db()
    row.refresh_from_db()
    assert State.DRIFTED in (account.state, row.state)
    assert (account.policy_set, row.policy_set) == (POLICY_SET, POLICY_SET)


def test_it_is_listed_until_it_is_gone(account: ManagedAccount, iam: Any) -> None:
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    carried(verify(account, None))
    (listed,) = ForeignPolicy.objects.of(account)
    assert (listed.role, listed.policy) == (ROLE, "AdministratorAccess")
    assert listed.effects == ["Allows every action on every resource."]
    carried(verify(account, None))
    assert ForeignPolicy.objects.get() == listed

    iam.detach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    run = carried(verify(account, None))

    assert run.status == Status.VERIFIED
    assert not ForeignPolicy.objects.exists()


def test_a_plan_removes_it(account: ManagedAccount, iam: Any) -> None:
    everything = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [everything]}
    iam.put_role_policy(
        RoleName="BaseIAMRole", PolicyName="theirs", PolicyDocument=json.dumps(document)
    )

    planned = carried(plan(account, None, alone=True))
    (step,) = planned.steps.all()
    assert (step.verb, step.kind, step.name) == (
        "delete",
        "inline policy",
        "BaseIAMRole/theirs",
    )
    assert "Allows actions by a pattern: iam:*." in step.reason
    assert ForeignPolicy.objects.of(account).count() == 1
    run = done(planned)

    assert run.status == Status.VERIFIED
    assert iam.list_role_policies(RoleName="BaseIAMRole")["PolicyNames"] == []
    assert not ForeignPolicy.objects.exists()


def test_what_came_after_the_plan_is_left_and_found(
    account: ManagedAccount, iam: Any
) -> None:
    ManagedAccount.objects.update(regions=["us-east-1", "eu-west-1"])
    account.refresh_from_db()
    account.touch()
    planned = carried(plan(account, None, alone=True))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)

    run = done(planned)

    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    assert "AdministratorAccess" in {one["PolicyName"] for one in attached}
    assert run.status == Status.FAILED
    assert found(run).outcome == "failed"


def test_a_removal_takes_it_along(account: ManagedAccount, iam: Any) -> None:
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    ForeignPolicy.objects.all().delete()

    run = done(carried(remove(account, None)))

    assert run.status == Status.REMOVED, run.error
    assert not ForeignPolicy.objects.exists()


def test_a_removal_takes_along_what_was_accepted(
    account: ManagedAccount, iam: Any
) -> None:
    """AWS deletes no role with a policy on it."""
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    carried(verify(account, None))
    accepted = {"until": today() + timedelta(days=9), "accepted_at": timezone.now()}
    ForeignPolicy.objects.update(**accepted)

    run = done(carried(remove(account, None)))

    assert run.status == Status.REMOVED, run.error
    detached = run.steps.filter(name=f"{ROLE}/AdministratorAccess", verb="delete")
    assert detached.exists()


def test_spinnakers_own_identity_is_looked_at_as_well(
    account: ManagedAccount, here: Credentials
) -> None:
    identity = ManagingAccount.objects.get().identity_name
    root(here, MANAGING, "iam").attach_role_policy(
        RoleName=identity, PolicyArn=ADMINISTRATOR
    )

    planned = carried(plan_managing(None))
    listed = ForeignPolicy.objects.get()
    run = done(planned)

    assert (listed.account, listed.role) == (None, identity)
    assert [step.name for step in run.steps.all()] == [
        f"{identity}/AdministratorAccess"
    ]
    assert run.status == Status.VERIFIED
    assert not ForeignPolicy.objects.exists()


def test_a_trust_that_lets_anybody_in_is_said_and_no_housekeeping(
    account: ManagedAccount, iam: Any
) -> None:
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": [anybody]}
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(document))

    run = carried(verify(account, None))

    check = run.checks.get(name="Compare accountdev with AWS")
    assert check.outcome == "failed"
    assert "update role spinnakerManaged (as found: Anybody in AWS can assume it.)" in (
        check.sentence
    )


ANYBODY: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": "*",
    "Action": "sts:AssumeRole",
}
OIDC = "arn:aws:iam::222222222222:oidc-provider/token.actions.githubusercontent.com"
OPEN: dict[str, dict[str, Any]] = {
    "everybody": ANYBODY,
    "a role by a name": {
        **ANYBODY,
        "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/Deployer"}},
    },
    "any external ID": {
        **ANYBODY,
        "Condition": {"StringLike": {"sts:ExternalId": "?*"}},
    },
    "GitHub, whose repository it may be": {
        "Effect": "Allow",
        "Principal": {"Federated": OIDC},
        "Action": "sts:AssumeRoleWithWebIdentity",
    },
}


def adopted(here: Credentials, iam: Any, *, trusts: dict[str, Any] | None) -> Run:
    """Verify an account whose managed role was there before Bowline."""
    account = ManagedAccount.objects.get()
    iam.untag_role(RoleName=ROLE, TagKeys=["managed-by"])
    iam.attach_role_policy(
        RoleName=ROLE, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess"
    )
    if trusts:
        trust = iam.get_role(RoleName=ROLE)["Role"]["AssumeRolePolicyDocument"]
        trust["Statement"].append(trusts)
        iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=json.dumps(trust))
    ManagedAccount.objects.update(adopts=True)
    account.refresh_from_db()
    return carried(verify(account, None))


def test_a_role_that_was_there_before_is_listed_and_not_blamed(
    account: ManagedAccount, here: Credentials, iam: Any
) -> None:
    run = adopted(here, iam, trusts=None)

    check = found(run)
    assert check.outcome == "not testable"
    assert "ReadOnlyAccess is attached to role spinnakerManaged" in check.sentence
    assert "Detach it on the page of accountdev, under Existing roles" in check.fix
    assert not ForeignPolicy.objects.get().removable


@pytest.mark.parametrize("whom", OPEN)
def test_unless_anybody_can_assume_it(
    account: ManagedAccount, here: Credentials, iam: Any, whom: str
) -> None:
    run = adopted(here, iam, trusts=OPEN[whom])

    assert found(run).outcome == "failed"
    said = ("Anybody in AWS", "which anybody may have")
    assert any(one in found(run).sentence for one in said)
    assert run.status == Status.FAILED


def told_of(run: Run) -> list[str]:
    happened = Happened.objects.filter(run=run, what__in=["found", "drifted"])
    return list(happened.values_list("what", flat=True))


def test_the_first_time_it_is_found_is_told_though_nothing_was_checked_before(
    account: ManagedAccount, iam: Any
) -> None:
    """As after an upgrade: the check is new, so it is not worse than before."""
    target_row()
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)
    CheckResult.objects.filter(name__startswith="No unapproved policies").delete()

    first = carried(verify(account, None))
    second = carried(verify(account, None))

    assert (told_of(first), told_of(second)) == (["found"], [])


def test_what_is_told_as_worse_is_not_told_again_as_found(
    account: ManagedAccount, iam: Any
) -> None:
    target_row()
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)

    assert told_of(carried(verify(account, None))) == ["drifted"]


def test_what_a_plan_finds_first_is_told(account: ManagedAccount, iam: Any) -> None:
    target_row()
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)

    assert told_of(carried(plan(account, None, alone=True))) == ["found"]


def test_what_an_existing_identity_had_before_is_listed_and_fails_nothing(
    here: Credentials,
) -> None:
    iam = root(here, MANAGING, "iam")
    iam.create_role(
        RoleName="spinnaker-nodes",
        AssumeRolePolicyDocument=trusting({"Service": "ec2.amazonaws.com"}),
    )
    iam.attach_role_policy(RoleName="spinnaker-nodes", PolicyArn=ADMINISTRATOR)
    ManagingAccount.objects.update(
        identity_kind=ManagingAccount.IdentityKind.EXISTING,
        identity_name="",
        identity_arn=MANAGING.arn("role/spinnaker-nodes"),
    )

    run = done(carried(plan_managing(None)))

    assert run.status in (Status.VERIFIED, Status.EVALUATED), run.error
    (listed,) = ForeignPolicy.objects.of(None)
    assert listed.policy == "AdministratorAccess"
    attached = iam.list_attached_role_policies(RoleName="spinnaker-nodes")
    assert ADMINISTRATOR in {one["PolicyArn"] for one in attached["AttachedPolicies"]}
