"""An approval of a group is about the plans that its page showed, and no others."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from accounts.models import Activity, Rollout, Run
from accounts.models.states import Status
from accounts.runs.rollouts.census import runs_of
from tests.accounts.runs.rollouts.rows import SAME, plan, started, statuses

APPROVED, PLANNED = Status.APPROVED, Status.PLANNED


@pytest.fixture
def rollout(managing) -> Rollout:
    """Five accounts, the first two of which are still being planned."""
    row = started(5)
    plan(row)
    keys = runs_of(row).order_by("number").values_list("pk", flat=True)[:2]
    Run.objects.filter(pk__in=list(keys)).update(status=Status.PLANNING, fingerprint="")
    return row


def group(rollout: Rollout, name: str = "rollout-group") -> str:
    return reverse(f"accounts:{name}", args=[rollout.number, SAME])


def join(rollout: Rollout) -> None:
    """Let those that are being planned get the same plan."""
    planning = runs_of(rollout).filter(status=Status.PLANNING)
    planning.update(status=PLANNED, fingerprint=SAME)


def opened(client, rollout: Rollout) -> dict[str, str]:
    """Open the page, and return what its form would send."""
    page = client.get(group(rollout)).content.decode()
    (read,) = re.findall(r'name="read" value="([^"]*)"', page)
    return {"read": read, "comment": "Read."}


def press(client, rollout: Rollout, form: dict[str, str]) -> str:
    answer = client.post(group(rollout, "rollout-approve"), form, follow=True)
    return " ".join(answer.content.decode().split())


def test_what_joined_after_the_page_was_opened_is_not_approved(
    approver, rollout
) -> None:
    form = opened(approver, rollout)
    join(rollout)

    answer = press(approver, rollout, form)

    assert statuses(rollout) == {APPROVED: 3, PLANNED: 2}
    assert "3 plans are approved." in answer
    assert (
        "2 accounts joined this group after you opened it. Review the plans again."
        in answer
    )
    assert "2 plans with the same changes" in answer
    assert len(Activity.objects.first().detail["runs"]) == 3


def test_what_left_meanwhile_keeps_no_other_back(approver, rollout) -> None:
    form = opened(approver, rollout)
    runs_of(rollout).filter(status=PLANNED).first().account.touch()

    answer = press(approver, rollout, form)

    assert statuses(rollout)[APPROVED] == 2
    assert "joined" not in answer


@pytest.mark.parametrize("read", ["", "²", "9" * 5000, "0", "-1"])
def test_an_approval_that_names_no_plan_approves_none(
    approver, rollout, read: str
) -> None:
    answer = press(approver, rollout, {"read": read})

    assert APPROVED not in statuses(rollout)
    assert (
        "Nothing was approved: none of the plans that you chose is still waiting. "
        "Review the list again." in answer
    )


def test_an_error_shows_what_was_read_and_no_more(approver, rollout) -> None:
    form = opened(approver, rollout) | {"comment": "x" * 2001}
    join(rollout)

    answer = press(approver, rollout, form)

    assert "Approve 3 plans" in answer
    assert APPROVED not in statuses(rollout)
