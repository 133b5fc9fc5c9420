"""An account's own managed role, from its description to what Spinnaker may assume."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.forms.account import AccessForm
from accounts.mapping.accounts_file import register
from accounts.mapping.completeness import problem
from accounts.mapping.managed import assumed_roles, managed_of
from accounts.mapping.managing import managing_of
from accounts.mapping.snapshots import (
    earlier_resources,
    keep_snapshot,
    managed_snapshot,
)
from accounts.models import ManagedAccount, ManagingAccount
from accounts.runs.planning import own_line
from accounts.runs.scope import Comparison
from accounts.runs.verifying import without_others
from accounts.web.managing.views import switch_of
from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.desired.capacity import ASSUME_POLICY
from onboarding.desired.managing import managing_side
from onboarding.resources.kinds import ManagedPolicy, Resource, Role
from onboarding.resources.plan import Change, diff
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

OWN = "spinnaker/deploy"
ORGANIZATION = "o-a1b2c3d4e5"


def file(role: str, managing: str = "") -> Any:
    text = f"""\
{managing}accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  managed_role: {role}
  providers: {{ec2: {{}}}}
"""
    return read_accounts_file(text.encode())


def role_arn(account_id: str, role: str) -> str:
    return f"arn:aws:iam::{account_id}:role/{role}"


@pytest.mark.parametrize(
    "managing", ["", "managing: {name: a, account_id: '111111111111'}\n"]
)
def test_a_file_with_the_name_of_another_role_is_refused(managing: str) -> None:
    if not managing:
        managing_row()

    with pytest.raises(FileProblems, match="names both the managed role and the base"):
        register(file("x/BaseIAMRole", managing), None)

    assert not ManagedAccount.objects.exists()


def test_every_other_door_refuses_such_a_name_too() -> None:
    managing = managing_row()
    account = account_row(managed_role="x/baseiamrole")

    form = AccessForm(
        {"regions": "us-east-1", "managed_role": "a/BaseIAMRole"}, instance=account
    )

    assert "the base role" in form.errors["managed_role"][0]
    assert "the base role" in problem(account, "access")
    with pytest.raises(ValidationError, match="baseiamrole"):
        managing.full_clean()


def test_it_stays_while_bowlines_roles_exist(managing) -> None:
    account = account_row(managed_role=OWN, granted_at=timezone.now())

    form = AccessForm({"regions": "us-east-1", "managed_role": "x"}, instance=account)
    with pytest.raises(FileProblems, match="can't change the managed role while"):
        register(file("x"), None)
    account.managed_role = "x"
    with pytest.raises(ValidationError) as caught:
        account.clean()

    assert form.is_valid(), form.errors
    assert form.cleaned_data["managed_role"] == OWN
    assert "managed_role" in caught.value.message_dict


def test_what_spinnaker_may_assume_has_each_role_by_its_name() -> None:
    now = timezone.now()
    account_row("a", account_id="1" * 12, granted_at=now)
    later = now + timedelta(seconds=1)
    account_row("b", account_id="2" * 12, granted_at=later, managed_role=OWN)
    account_row("c", account_id="3" * 12, granted_at=now, managed_role="y")
    coming = [
        account_row("d", account_id="4" * 12),
        account_row("e", account_id="5" * 12, managed_role="x"),
    ]
    listed = managing_of(managing_row())

    one = assumed_roles(listed, coming, leaving={"3" * 12})

    assert one == (
        role_arn("1" * 12, "spinnakerManaged"),
        role_arn("2" * 12, OWN),
        role_arn("4" * 12, "spinnakerManaged"),
        role_arn("5" * 12, "x"),
    )


def test_an_organizations_list_has_only_what_its_pattern_does_not_match() -> None:
    now = timezone.now()
    account_row("a", account_id="1" * 12, granted_at=now)
    account_row("b", account_id="2" * 12, granted_at=now, managed_role=OWN)
    coming = [account_row("c", account_id="3" * 12)]
    whole = managing_of(managing_row(organization=ORGANIZATION))

    assert assumed_roles(whole, coming) == (role_arn("2" * 12, OWN),)


def test_a_role_that_an_earlier_choice_made_is_found_again() -> None:
    managing = managing_of(managing_row())
    account = account_row(managed_role=OWN)
    keep_snapshot(account, managed_snapshot(managing, managed_of(account)))
    account.managed_role = ""

    found = earlier_resources(account, managing, managed_of(account))

    roles = [(one.path, one.name) for one in found if isinstance(one, Role)]
    assert ("/spinnaker/", "deploy") in roles


def gained(*accounts: ManagedAccount) -> tuple[Change, ...]:
    """Return what changes in the managing account when these may be assumed, too."""
    managing = managing_of(ManagingAccount.objects.get())
    before = tuple(managing_side(managing, assumed_roles(managing)))
    after = managing_side(managing, assumed_roles(managing, accounts))
    return diff(after, before)


def scope_of(account: ManagedAccount) -> Any:
    return SimpleNamespace(
        account=account, managing=managing_of(ManagingAccount.objects.get())
    )


def test_an_account_whose_plan_lists_only_its_own_role_waits_for_nobody() -> None:
    managing_row()
    account_row("a", account_id="1" * 12, granted_at=timezone.now())
    account = account_row(managed_role=OWN)
    other = account_row("b", account_id="2" * 12, managed_role="x")

    own = own_line(scope_of(account), Comparison(gained(account), 0, ()))
    both = own_line(scope_of(account), Comparison(gained(account, other), 0, ()))

    assert len(own.changes) == 1
    assert both.changes == ()


def test_what_others_gain_meanwhile_is_no_difference_of_an_account(managing) -> None:
    account_row("a", account_id="1" * 12, granted_at=timezone.now())
    account = account_row(managed_role=OWN)
    other = account_row("b", account_id="2" * 12, managed_role="x")

    assert without_others(gained(other), scope_of(account)) == ()
    assert without_others(gained(account), scope_of(account)) != ()


def test_the_switch_to_an_organization_says_that_such_roles_stay_listed() -> None:
    row = managing_row()
    account_row(granted_at=timezone.now())

    before = switch_of(row)
    ManagedAccount.objects.update(managed_role=OWN)

    assert not before.has_own
    assert switch_of(row).has_own


def test_the_switch_names_the_policies_that_exist_and_counts_those_that_go() -> None:
    row = managing_row()
    for number in range(40):
        account_row(
            f"a{number}",
            account_id=f"{number:012}",
            managed_role=f"{'x' * 400}/y" if number % 2 else "",
            granted_at=timezone.now(),
        )
    wanted = managing_side(managing_of(row), assumed_roles(managing_of(row)))
    existing = [one.name for one in wanted if is_list(one)]
    ManagingAccount.objects.update(organization=ORGANIZATION)
    whole = managing_of(ManagingAccount.objects.get())
    then = [one.name for one in managing_side(whole, assumed_roles(whole))]

    switch = switch_of(row)

    assert len(existing) > 1
    assert list(switch.today) == existing
    assert [one for one in existing if one not in then] == list(switch.goes)


def is_list(resource: Resource) -> bool:
    return isinstance(resource, ManagedPolicy) and resource.name.startswith(
        ASSUME_POLICY
    )
