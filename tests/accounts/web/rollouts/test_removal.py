"""A removal of many accounts, as its pages show it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.mapping.managed import topology_of
from accounts.mapping.managing import managing_of
from accounts.models import Bundle, ManagedAccount, ManagingAccount, Rollout, Run, Step
from accounts.models.states import State, Status
from accounts.runs import actions, rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.engine import advance
from tests.accounts.runs.rollouts.rows import SAME, accounts, move, plan, statuses
from tests.rows import bundle_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def removal() -> Rollout:
    """Three accounts whose removals are planned, and the managing account is not."""
    managing_row(state=State.VERIFIED)
    accounts(3, state=State.VERIFIED, verification=State.VERIFIED)
    ManagedAccount.objects.all().grant()
    rollout = rollouts.start(ManagedAccount.objects.all(), Rollout.Kind.REMOVE, None)
    move(rollout, Status.PLANNING, Status.PLANNED, fingerprint=SAME)
    ManagedAccount.objects.all().wait_for_approval()
    for run in runs_of(rollout):
        Step.objects.create(run=run, position=0, kind="role", name="r", verb="delete")
    return rollout


def managing_planned(rollout: Rollout) -> Run:
    run = managing_run(rollout)
    assert run
    Run.objects.filter(pk=run.pk).update(status=Status.PLANNED)
    run.refresh_from_db()
    return run


def bundled() -> ManagedAccount:
    """Let Spinnaker have one of the accounts since."""
    account = ManagedAccount.objects.order_by("name").first()
    assert account
    topology = topology_of(managing_of(ManagingAccount.objects.get()), [account])
    bundle_row(topology, 1).accounts.add(account)
    Bundle.objects.update(installed_at=timezone.now())
    return account


def page(client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_it_is_planned_once_the_managing_account_is(removal) -> None:
    before = removal.state
    managing_planned(removal)

    advance(removal.number)

    removal.refresh_from_db()
    assert before == Rollout.State.PLANNING
    assert removal.state == Rollout.State.PLANNED


def test_its_page_says_what_comes_first(viewer, removal) -> None:
    managing_planned(removal)
    move(removal, Status.PLANNED, Status.PLANNED)

    shown = page(viewer, removal.get_absolute_url())

    assert removal.state == Rollout.State.PLANNED
    assert "is first" in shown
    assert "Nothing in the accounts is deleted before this is verified." in shown
    assert "3 accounts</span>" in shown


def test_removals_are_not_among_plans_that_are_the_same(approver, removal) -> None:
    """They are approved there without a word typed."""
    run = runs_of(removal).first()
    url = reverse("accounts:identical-plans-approve", args=[SAME])

    listed = page(approver, reverse("accounts:runs"))
    shown = page(approver, reverse("accounts:identical-plans", args=[SAME]))
    approver.post(url, {"run": [str(run.pk)]})

    assert reverse("accounts:identical-plans", args=[SAME]) not in listed
    assert "No plan with these changes needs approval" in shown
    assert statuses(removal) == {Status.PLANNED: 3}


def test_what_spinnaker_has_since_is_not_withdrawn(removal) -> None:
    """Its removal is discarded, or it leaves Spinnaker; then the rest goes on."""
    managing = managing_planned(removal)
    account = bundled()
    olga = person("approver")

    with pytest.raises(actions.StillInSpinnaker, match="team-001"):
        actions.approve(managing, olga)
    actions.discard(account.runs.get(), olga)

    assert actions.approve(managing, olga)


def test_it_says_which_accounts_it_leaves_withdrawn(viewer, removal) -> None:
    plan(removal)
    ManagedAccount.objects.all().withdraw()
    before = page(viewer, removal.get_absolute_url())
    decisions.stop(removal, person("operator"))
    account = ManagedAccount.objects.order_by("name").first()

    after = page(viewer, removal.get_absolute_url())
    of_account = page(viewer, account.get_absolute_url())
    run_row(Status.APPLYING, account=account)
    in_progress = page(viewer, removal.get_absolute_url())

    assert "not removed" not in before
    assert "3 accounts not removed" in after
    assert "2 accounts not removed" in in_progress
    assert account.get_absolute_url() in after
    assert "Spinnaker can no longer assume them" in of_account


def test_a_run_that_waits_for_the_managing_account_says_so(viewer, removal) -> None:
    run = runs_of(removal).first()
    Run.objects.filter(pk=run.pk).update(status=Status.APPROVED)

    shown = page(viewer, run.get_absolute_url())

    assert "Waiting for the managing account" in shown
    assert "so no approval is needed" in shown


BEFORE = timezone.now() - timedelta(days=1)


@pytest.mark.parametrize(
    "changed",
    [{"created_at": BEFORE}, {"installed_at": None}, {}],
    ids=["installed since", "built since", "both"],
)
def test_what_spinnaker_has_by_either_way_is_not_approved(
    removal, changed: dict[str, Any]
) -> None:
    account = bundled()
    Bundle.objects.update(**changed)

    approved = decisions.approve_group(removal, SAME, person("approver"))

    assert len(approved.done) == 2
    assert "team-001" in approved.reasons[0]
    assert account.runs.get().status == Status.PLANNED


def test_what_spinnaker_had_before_was_decided_when_it_was_planned(removal) -> None:
    bundled()
    Bundle.objects.update(created_at=BEFORE, installed_at=BEFORE)
    others = ManagedAccount.objects.exclude(name="team-001")
    bundle_row(topology_of(managing_of(ManagingAccount.objects.get()), others), 2)

    approved = decisions.approve_group(removal, SAME, person("approver"))

    assert (len(approved.done), approved.left) == (3, [])


def test_none_begins_where_the_managing_account_was_not_compared(removal) -> None:
    """Its run failed before it was verified, so nobody knows what the list says."""
    decisions.approve_group(removal, SAME, person("approver"))
    managing = managing_planned(removal)
    Run.objects.filter(pk=managing.pk).update(status=Status.FAILED)

    advance(removal.number)

    assert statuses(removal) == {Status.APPROVED: 3}
