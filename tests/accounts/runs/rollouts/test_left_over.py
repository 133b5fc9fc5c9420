"""Accounts that Spinnaker may assume though nobody approved anything in them: the next
plan of the managing account removes them, and the pages offer it.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.db.models.functions import Now

from accounts.mapping.managing import left_over
from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs import planning, rollouts
from accounts.runs.actions import approve, plan_managing
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import carried, done, member, planned, root
from tests.accounts.runs.rollouts.rows import statuses, work
from tests.rows import decider

pytestmark = pytest.mark.django_db(transaction=True)


def granted() -> Rollout:
    """Start a rollout of members whose managing account was applied, and no account."""
    accounts = [member(account) for account in MEMBERS[:3]]
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    managing = managing_run(rollout)
    assert managing
    assert approve(managing, decider("approver"))
    work(rollout)
    return rollout


def listed(here: Credentials) -> set[str]:
    """Say which accounts Spinnaker's identity may assume a role in, as AWS has it."""
    iam = root(here, MANAGING, "iam")
    found = set()
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        arn, version = policy["Arn"], policy["DefaultVersionId"]
        held = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        found |= {a.account_id for a in MEMBERS if a.account_id in str(held)}
    return found


def plan_and_approve() -> Run:
    planned = carried(plan_managing(None))
    assert planned.status == Status.PLANNED, planned.error
    assert approve(planned, User.objects.get(username="approver"))
    return carried(planned)


def test_what_a_stopped_rollout_leaves_is_removed_by_the_next_managing_plan(
    here: Credentials,
) -> None:
    rollout = granted()
    done = runs_of(rollout).order_by("number").first()
    decisions.approve_group(rollout, done.fingerprint, decider(), read={done.number})
    work(rollout)
    before = statuses(rollout)
    decisions.stop(rollout, User.objects.get(username="approver"))
    left = listed(here)

    run = plan_and_approve()

    assert before == {Status.VERIFIED: 1, Status.PLANNED: 2}
    assert left == {account.account_id for account in MEMBERS[:3]}
    assert run.status == Status.VERIFIED, run.error
    assert listed(here) == {done.account.account_id}
    removed = ManagedAccount.objects.exclude(pk=done.account.pk)
    assert set(removed.values_list("state", "granted_at")) == {(State.DRAFT, None)}
    assert carried(plan_managing(None)).status == Status.VERIFIED


def test_what_a_rollout_may_retry_stays_listed_until_it_ends(here: Credentials) -> None:
    rollout = granted()
    Run.objects.filter(rollout=rollout, account__isnull=False).update(
        status=Status.FAILED, finished_at=Now()
    )

    between = left_over().count()
    work(rollout)

    assert between == 0
    assert left_over().count() == 3


def test_an_account_that_was_taken_from_the_list_is_granted_again_by_a_retry(
    here: Credentials,
) -> None:
    rollout = granted()
    runs = Run.objects.filter(rollout=rollout, account__isnull=False)
    runs.update(status=Status.FAILED, finished_at=Now())
    work(rollout)
    plan_and_approve()

    decisions.retry(rollout, User.objects.get(username="approver"))
    work(rollout)

    managing = managing_run(rollout)
    assert managing
    assert managing.status == Status.PLANNED
    assert statuses(rollout) == {Status.PLANNED: 3}


def test_accounts_are_granted_where_the_list_names_their_organization(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The managing account has nothing to change then."""
    monkeypatch.setattr(planning, "refuse_outsider", lambda *_: None)
    organizations = root(here, MANAGING, "organizations")
    own = organizations.describe_organization()["Organization"]["Id"]
    ManagingAccount.objects.update(organization=own)
    first = member(MEMBERS[0])
    done(planned(first))

    second = member(MEMBERS[1])
    rollout = rollouts.start([second], Rollout.Kind.ONBOARD, None)
    work(rollout)

    managing = managing_run(rollout)
    second.refresh_from_db()
    assert managing
    assert (managing.status, managing.steps.count()) == (Status.VERIFIED, 0)
    assert second.granted_at is not None
