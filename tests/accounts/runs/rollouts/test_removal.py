"""Many accounts removed as one job: the managing account withdraws all of them first,
then each account's roles are deleted, in waves.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import actions, rollouts, verifying
from accounts.runs.actions import approve, plan_managing, remove
from accounts.runs.managing import applying
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance
from script.emulated_organization import MANAGING, MEMBERS, Account, Credentials
from tests.accounts.runs.carried import carried, done, member, onboarded, root
from tests.accounts.runs.rollouts.rows import approved, statuses, work
from tests.accounts.runs.rollouts.test_left_over import granted, listed
from tests.rows import person
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

ONBOARD, REMOVE = Rollout.Kind.ONBOARD, Rollout.Kind.REMOVE
THREE = MEMBERS[:3]

OF_MANAGING, OF_EACH = 12, 39
"""Calls of AWS of the managing account's run, for any number of accounts, and of each
account's run, which makes none there.
"""


def ids(accounts: tuple[Account, ...] | list[Account]) -> set[str]:
    return {account.account_id for account in accounts}


def rolled_out(members: list[Account]) -> list[ManagedAccount]:
    rollout = rollouts.start([member(one) for one in members], ONBOARD, None)
    work(rollout)
    approved(rollout)
    work(rollout)
    assert statuses(rollout) == {Status.VERIFIED: len(members)}
    return list(ManagedAccount.objects.order_by("account_id"))


def removal_of(accounts: list[ManagedAccount]) -> Rollout:
    """Start a removal, and plan all of it."""
    rollout = rollouts.start(accounts, REMOVE, None)
    work(rollout)
    return rollout


def approve_managing(rollout: Rollout) -> Run:
    """Approve the managing account's plan, and carry only that to its end."""
    managing = managing_run(rollout)
    assert managing
    assert approve(managing, User.objects.get(username="approver"))
    return carried(managing)


def approve_accounts(rollout: Rollout) -> None:
    olga = User.objects.get(username="approver")
    for run in runs_of(rollout).filter(status=Status.PLANNED):
        decisions.approve_group(rollout, run.fingerprint, olga)


def roles_in(here: Credentials, account: Account) -> set[str]:
    roles = root(here, account, "iam").list_roles()["Roles"]
    return {role["RoleName"] for role in roles} & {"spinnakerManaged", "BaseIAMRole"}


def ended(rollout: Rollout) -> Rollout:
    rollout.refresh_from_db()
    errors = [run.error for run in rollout.runs.all() if run.error]
    assert errors == []
    assert rollout.state == Rollout.State.FINISHED
    return rollout


def test_the_managing_account_withdraws_all_of_them_first(here: Credentials) -> None:
    removal = removal_of(rolled_out(THREE))
    managing = managing_run(removal)
    assert managing
    changed = {run.account.account_id: run for run in runs_of(removal)}
    before = (
        managing.status,
        statuses(removal),
        len({r.fingerprint for r in runs_of(removal)}),
    )

    approve_accounts(removal)
    work(removal)
    waiting = statuses(removal), listed(here)
    approve_managing(removal)
    between = listed(here), [roles_in(here, one) for one in THREE]
    work(removal)

    assert before == (Status.PLANNED, {Status.PLANNED: 3}, 1)
    assert waiting == ({Status.APPROVED: 3}, ids(THREE))
    assert between == (set(), [{"spinnakerManaged", "BaseIAMRole"}] * 3)
    for account_id, run in changed.items():
        assert {step.account_id for step in run.steps.all()} == {account_id}
    assert statuses(ended(removal)) == {Status.REMOVED: 3}
    assert [roles_in(here, one) for one in THREE] == [set()] * 3
    states = set(ManagedAccount.objects.values_list("state", "granted_at", "withdrawn"))
    assert states == {(State.DRAFT, None, False)}


def test_one_account_is_a_rollout_too(here: Credentials) -> None:
    removal = removal_of(rolled_out(THREE[:1]))

    approved(removal)
    work(removal)

    assert statuses(ended(removal)) == {Status.REMOVED: 1}
    assert listed(here) == set()


def test_the_others_stay_in_the_list(here: Credentials) -> None:
    first, *rest = rolled_out(THREE)

    removal = removal_of(rest)
    approved(removal)
    work(removal)

    assert statuses(ended(removal)) == {Status.REMOVED: 2}
    assert listed(here) == {first.account_id}


def test_a_worker_that_dies_in_between_is_followed_by_another(
    here: Credentials,
) -> None:
    """Nobody hears that the managing account is done; the sweep looks later."""
    removal = removal_of(rolled_out(THREE[:2]))
    approve_accounts(removal)
    approve_managing(removal)
    before = statuses(removal)

    advance(removal.number)
    begun = statuses(removal)
    work(removal)

    assert before == {Status.APPROVED: 2}
    assert begun == {Status.APPLYING: 1, Status.APPROVED: 1}
    assert statuses(ended(removal)) == {Status.REMOVED: 2}


def test_none_begins_before_a_managing_run_that_comes_later(here: Credentials) -> None:
    accounts = rolled_out(THREE[:2])
    other = carried(plan_managing(None, grants=[member(MEMBERS[2])]))
    assert approve(other, None)

    removal = removal_of(accounts)
    approve_accounts(removal)
    work(removal)
    waiting = managing_run(removal), statuses(removal)
    carried(other)
    work(removal)

    managing = managing_run(removal)
    assert waiting == (None, {Status.APPROVED: 2})
    assert managing
    assert managing.status == Status.PLANNED
    assert statuses(removal) == {Status.APPROVED: 2}
    assert listed(here) == ids(THREE)


def test_a_removal_that_was_discarded_before_stays_in_the_list(
    here: Credentials,
) -> None:
    removal = removal_of(rolled_out(THREE[:2]))
    first, second = runs_of(removal).order_by("account__account_id")
    assert actions.discard(first, None)

    approved(removal)
    work(removal)

    assert listed(here) == {first.account.account_id}
    account = ManagedAccount.objects.get(pk=first.account_id)
    assert (account.state, account.withdrawn) == (State.VERIFIED, False)
    second.refresh_from_db()
    assert second.status == Status.REMOVED


def test_one_that_is_discarded_afterwards_says_so_and_is_planned_again(
    here: Credentials,
) -> None:
    """Nothing changes in the account itself, so its run waits for the managing account
    to let Spinnaker assume it again.
    """
    removal = removal_of(rolled_out(THREE[:2]))
    managing = approve_managing(removal)
    assert managing.status == Status.VERIFIED, managing.error
    decisions.stop(removal, User.objects.get(username="approver"))
    account, other = ManagedAccount.objects.order_by("account_id")
    said = account.state, account.standing.sentences

    rollout = rollouts.start([account, other], ONBOARD, None)
    work(rollout)
    planned = statuses(rollout)
    approved(rollout)
    work(rollout)

    assert said[0] == State.OUTDATED
    assert "Spinnaker can no longer assume them" in said[1][0]
    assert planned == {Status.APPROVED: 2}
    assert statuses(ended(rollout)) == {Status.VERIFIED: 2}
    assert listed(here) == ids(THREE[:2])
    account.refresh_from_db()
    assert account.is_assumable


def test_a_removal_of_one_account_at_the_same_time_takes_its_own(
    here: Credentials,
) -> None:
    first, *rest = rolled_out(THREE)
    removal = removal_of(rest)
    alone = carried(remove(first, None))
    assert alone.status == Status.PLANNED, alone.error

    approve_managing(removal)
    between = listed(here)
    alone = done(alone)
    approve_accounts(removal)
    work(removal)

    assert between == {first.account_id}
    assert alone.status == Status.REMOVED, alone.error
    assert statuses(ended(removal)) == {Status.REMOVED: 2}
    assert listed(here) == set()


def test_what_is_left_over_is_withdrawn_along(here: Credentials) -> None:
    onboarded(member(MEMBERS[3]))
    onboarded(member(MEMBERS[4]))
    decisions.stop(granted(), person("operator"))
    existing = ManagedAccount.objects.filter(account_id__in=ids(MEMBERS[3:5]))

    removal = removal_of([existing.get(account_id=MEMBERS[3].account_id)])
    approved(removal)
    work(removal)

    assert statuses(ended(removal)) == {Status.REMOVED: 1}
    assert listed(here) == {MEMBERS[4].account_id}


def test_one_that_failed_to_be_planned_is_withdrawn_by_its_retry(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    accounts = rolled_out(THREE[:2])
    removal = rollouts.start(accounts, REMOVE, None)
    first = runs_of(removal).order_by("account__account_id").first()
    assert first
    Run.objects.filter(pk=first.pk).update(status=Status.FAILED)
    work(removal)
    approved(removal)
    work(removal)
    before = statuses(removal), listed(here)

    olga = User.objects.get(username="approver")
    decisions.retry(removal, olga)
    work(removal)
    approved(removal)
    work(removal)

    assert before == (
        {Status.FAILED: 1, Status.REMOVED: 1},
        {first.account.account_id},
    )
    assert statuses(ended(removal)) == {Status.REMOVED: 2}
    assert listed(here) == set()


def test_nothing_is_deleted_that_spinnaker_may_still_assume(here: Credentials) -> None:
    """Whatever let it begin: an account that was granted again keeps its roles."""
    removal = removal_of(rolled_out(THREE[:1]))
    run = runs_of(removal).get()
    Run.objects.filter(pk=run.pk).update(status=Status.APPLYING)

    run = carried(run)

    assert run.status == Status.OUTDATED
    assert "can still assume" in run.error["message"]
    assert roles_in(here, THREE[0]) == {"spinnakerManaged", "BaseIAMRole"}


def test_none_is_deleted_where_the_list_is_not_as_it_was_approved(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The managing account's run failed because somebody puts them back."""
    removal = removal_of(rolled_out(THREE[:1]))
    approve_accounts(removal)
    monkeypatch.setattr(
        verifying, "differences", lambda *_, **__: verifying.Differences(["an account"])
    )
    managing = approve_managing(removal)

    work(removal)

    assert managing.status == Status.FAILED
    assert statuses(removal) == {Status.APPROVED: 1}


def test_an_organization_is_not_taken_apart(here: Credentials) -> None:
    """The list names no account, so that none of them can be taken from it."""
    accounts = rolled_out(THREE[:1])
    organizations = root(here, MANAGING, "organizations")
    own = organizations.describe_organization()["Organization"]["Id"]
    ManagingAccount.objects.update(organization=own)

    removal = removal_of(accounts)
    approve_managing(removal)
    between = ManagedAccount.objects.get()
    approve_accounts(removal)
    work(removal)

    assert (between.withdrawn, between.verification) == (False, State.VERIFIED)
    assert statuses(ended(removal)) == {Status.REMOVED: 1}


@pytest.mark.parametrize("count", [1, 3])
def test_the_managing_account_costs_the_same_for_many(
    here: Credentials, calls: Calls, count: int
) -> None:
    removal = rollouts.start(rolled_out(MEMBERS[:count]), REMOVE, None)
    managing = managing_run(removal)
    assert managing
    asked = {run.pk: 0 for run in removal.runs.all()}

    def counted() -> None:
        for run in removal.runs.all():
            before = calls.made.total()
            carried(run)
            asked[run.pk] += calls.made.total() - before

    counted()
    approved(removal)
    counted()
    advance(removal.number)
    while runs_of(removal).filter(status=Status.APPLYING).exists():
        counted()
        advance(removal.number)

    assert statuses(ended(removal)) == {Status.REMOVED: count}
    assert asked.pop(managing.pk) == OF_MANAGING
    assert set(asked.values()) == {OF_EACH}


def test_one_that_is_discarded_while_the_list_is_written_is_withdrawn_as_in_aws(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    removal = removal_of(rolled_out(THREE[:2]))
    first = runs_of(removal).order_by("account__account_id").first()
    assert first
    refuse = applying.refuse_unapproved

    def discarded_meanwhile(*given: Any) -> None:
        refuse(*given)
        assert actions.discard(first, None)

    monkeypatch.setattr(applying, "refuse_unapproved", discarded_meanwhile)
    managing = approve_managing(removal)

    assert managing.status == Status.VERIFIED, managing.error
    assert listed(here) == set()
    assert ManagedAccount.objects.get(pk=first.account_id).withdrawn
