"""Verifications of accounts rely on one of them for the managing side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import verify
from accounts.runs.scope import COMPARED_FOR
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import STAGING, carried, member, onboarded, root
from tests.strict_aws.calls import Calls
from tests.strict_aws.calls import calls as calls

pytestmark = pytest.mark.django_db(transaction=True)

COMPARED = f"Compare {MANAGING.name} with AWS"
RELIED = "Another run compared it with AWS less than 10 minutes before this one."


def verified(account: ManagedAccount) -> Run:
    return carried(verify(account, None))


def said(run: Run) -> str:
    return run.checks.get(name=COMPARED, outcome="passed").sentence


def managing() -> ManagingAccount:
    return ManagingAccount.objects.get()


def test_what_was_just_compared_is_not_read_again(calls: Calls, account) -> None:
    calls.made.clear()

    run = verified(account)

    assert (run.status, said(run)) == (Status.VERIFIED, RELIED)
    assert calls.made["iam:ListPolicies"] == 1  # the account's own


def test_relying_proves_nothing_of_it_so_it_is_compared_again_in_time(account) -> None:
    ManagingAccount.objects.update(
        verified_at=timezone.now() - COMPARED_FOR + timedelta(minutes=1)
    )
    before = managing().verified_at

    assert said(verified(account)) == RELIED
    assert managing().verified_at == before

    ManagingAccount.objects.update(verified_at=timezone.now() - COMPARED_FOR)
    assert said(verified(account)) == ""
    assert managing().verified_at > before


def drifted() -> None:
    ManagingAccount.objects.all().drift_along()


def only_evaluated() -> None:
    ManagingAccount.objects.update(verification=State.EVALUATED)


def never_proved() -> None:
    ManagingAccount.objects.update(verified_at=None)


@pytest.mark.parametrize("happens", [drifted, only_evaluated, never_proved])
def test_what_is_not_proved_is_compared(
    here: Credentials, happens: Callable[[], None]
) -> None:
    account = member()
    onboarded(account)
    happens()

    assert said(verified(account)) == ""


def test_an_onboarding_relies_on_nobody(here: Credentials) -> None:
    onboarded(member())

    assert said(onboarded(member(STAGING))) == ""


def without_policies(here: Credentials) -> Iterator[str]:
    """Detach the policies of Spinnaker's identity, one after the other."""
    iam, role = root(here, MANAGING, "iam"), managing().identity_name
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])
        yield policy["PolicyName"]
        iam.attach_role_policy(RoleName=role, PolicyArn=policy["PolicyArn"])


def test_drift_that_an_account_suffers_from_is_found_whoever_compared_before(
    here: Credentials, account
) -> None:
    at = timezone.now()

    names = []
    for name in without_policies(here):
        ManagingAccount.objects.update(
            state=State.VERIFIED, verification=State.VERIFIED, verified_at=at
        )
        run = verified(account)
        difference = run.checks.get(name=COMPARED)
        assert run.status == Status.FAILED
        assert (difference.outcome, managing().state) == ("failed", State.DRIFTED)
        assert name in difference.sentence
        names.append(name)

    assert sorted(names) == ["BowlineAssumeManaged", "BowlineRegionLookup"]
