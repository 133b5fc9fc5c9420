"""Between an approval and what starts after it, a page must not stop asking."""

from __future__ import annotations

import pytest

from accounts.models import Rollout
from accounts.models.states import Status
from accounts.runs.rollouts.census import Census, runs_of
from accounts.web.live.views import live_rollout
from tests.accounts.runs.rollouts.rows import plan, started


@pytest.fixture
def rollout(managing) -> Rollout:
    """Two plans that wait for approval."""
    row = started(2)
    plan(row)
    return row


def test_what_is_approved_starts_soon(rollout: Rollout) -> None:
    assert live_rollout(rollout, Census(rollout)).every == 0

    runs_of(rollout).update(status=Status.APPROVED)

    assert live_rollout(rollout, Census(rollout)).every > 0


def test_what_is_paused_starts_nothing(rollout: Rollout) -> None:
    runs_of(rollout).update(status=Status.APPROVED)
    rollout.state = Rollout.State.PAUSED

    assert live_rollout(rollout, Census(rollout)).every == 0
