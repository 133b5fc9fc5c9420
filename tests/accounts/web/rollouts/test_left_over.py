"""Pages say which accounts Spinnaker may assume without need, and offer a plan."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.runs.rollouts import decisions
from tests.accounts.runs.rollouts.rows import plan, started
from tests.rows import decider, managing_row


@pytest.fixture
def rollout() -> Rollout:
    """Three accounts whose managing account was applied, and none of which was."""
    managing_row(state=State.VERIFIED)
    row = started(3)
    plan(row)
    ManagedAccount.objects.all().grant()
    return row


def page(client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_a_rollout_says_once_it_is_stopped_what_it_leaves(operator, rollout) -> None:
    url = rollout.get_absolute_url()
    before = page(operator, url)
    decisions.stop(rollout, decider())

    after = page(operator, url)
    planned = operator.post(reverse("accounts:managing-plan"))

    assert "still listed" not in before
    assert "3 accounts still listed" in after
    assert reverse("accounts:managing-plan") in after
    assert planned.url == Run.objects.get(status=Status.PLANNING).get_absolute_url()


def test_a_plan_names_the_accounts_that_it_lists_and_that_could_not_be_planned(
    approver,
) -> None:
    managing_row(state=State.VERIFIED)
    rollout = started(3)
    first = Run.objects.get(rollout=rollout, kind=Run.Kind.MANAGING)
    plan(rollout)
    Run.objects.filter(pk=first.pk).update(status=Status.PLANNED)
    before = page(approver, first.get_absolute_url())
    gone = Run.objects.filter(account_name="team-001")
    gone.update(status=Status.FAILED, error={"message": "No.", "hint": ""})

    after = page(approver, first.get_absolute_url())

    assert "couldn't be planned" not in before
    assert "<b>1 of these accounts couldn't be planned.</b>" in after
    assert "lets Spinnaker assume a role in team-001." in after


def test_an_account_in_which_something_exists_is_not_left_over(
    operator, rollout
) -> None:
    ManagedAccount.objects.filter(name="team-001").update(applied=[{}])
    decisions.stop(rollout, decider())

    assert "2 accounts still listed" in page(operator, rollout.get_absolute_url())


def test_the_managing_account_says_what_is_left_over(operator, rollout) -> None:
    url = reverse("accounts:managing")
    decisions.stop(rollout, decider())

    said = page(operator, url)
    ManagingAccount.objects.update(organization="o-a1b2c3d4e5")
    without_a_list = page(operator, url)

    assert "can assume a role in 3 accounts" in said
    assert "can assume a role in 3 accounts" not in without_a_list
