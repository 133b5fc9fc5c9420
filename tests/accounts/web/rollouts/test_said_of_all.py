"""What a group's page says before an approval is true of each of its accounts."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import ManagedAccount, Rollout
from accounts.web.rollouts import same
from tests.accounts.runs.rollouts.rows import SAME, plan, started

POWER = {"ec2": {"access": "power-user"}}


@pytest.fixture(autouse=True)
def few_listed(monkeypatch: pytest.MonkeyPatch, managing) -> None:
    """Let the page name two accounts of a group, and count the others."""
    monkeypatch.setattr(same, "MOST_LISTED", 2)


def waiting(**fields: object) -> Rollout:
    rollout = started(4, **fields)
    plan(rollout)
    return rollout


def page(client, rollout: Rollout) -> str:
    url = reverse("accounts:rollout-group", args=[rollout.number, SAME])
    return " ".join(client.get(url).content.decode().split())


def test_what_is_discouraged_is_said_of_all_that_have_the_same_plan(viewer) -> None:
    shown = page(viewer, waiting(providers=POWER))

    assert "Not recommended for EC2." in shown
    assert "Chosen for all 4." in shown


def test_newer_policies_of_an_account_that_is_not_listed_are_told(
    viewer, three_policy_sets
) -> None:
    rollout = waiting(policy_set=3)
    ManagedAccount.objects.filter(name="team-004").update(policy_set=1)

    shown = page(viewer, rollout)

    assert "The first 2 of 4." in shown
    assert "These plans update 1 account from policy version 1 to version 3:" in shown
