"""A rollout says only what is so: each state, with what it says in it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from accounts.models import Rollout
from accounts.web.rollouts.views import Standing, result_of

State, Kind = Rollout.State, Rollout.Kind


@pytest.mark.parametrize(
    ("state", "counts", "colour", "badge"),
    [
        (State.FINISHED, {"good": 64}, "good", "64 done"),
        (State.FINISHED, {"good": 64, "failed": 11}, "warn", "64 done, 11 failed"),
        (State.FINISHED, {"failed": 75, "begun": 75}, "bad", "75 failed"),
        (State.FINISHED, {"failed": 70}, "bad", "70 failed"),
        (State.FINISHED, {}, "good", "finished"),
        (
            State.PLANNED,
            {"failed": 11, "waiting": 64},
            "warn",
            "64 need approval, 11 failed",
        ),
        (State.PLANNED, {"waiting": 1}, "busy", "1 needs approval"),
        (
            State.PLANNED,
            {"managing_waits": True},
            "busy",
            "in progress, needs approval",
        ),
        (State.PLANNED, {"failed": 70, "managing_waits": True}, "bad", "70 failed"),
        (State.STOPPED, {"good": 3, "failed": 2}, "neutral", "stopped"),
        (
            State.APPLYING,
            {"good": 3, "failed": 2, "begun": 5, "coming": 1},
            "warn",
            "in progress, applying",
        ),
    ],
)
def test_the_badge_says_what_became_of_the_accounts(
    state: str, counts: dict[str, Any], colour: str, badge: str
) -> None:
    found = result_of(Standing(Kind.ONBOARD, state, **counts))

    assert (found.colour, found.badge) == (colour, badge)


@pytest.mark.parametrize(
    ("state", "counts", "title", "says"),
    [
        (State.PLANNED, {"waiting": 2}, "Needs approval", "Nothing in AWS changes"),
        (
            State.PLANNED,
            {"waiting": 1, "begun": 4, "good": 4},
            "Needs approval",
            "1 plan waits. Nothing in its account changes until it is approved.",
        ),
        (
            State.PLANNED,
            {"waiting": 1, "held": 2},
            "Needs approval",
            "2 approved accounts wait for the first account of the same group",
        ),
        (
            State.PLANNED,
            {"failed": 70},
            "Nothing could be planned",
            "Planning failed for all 70 accounts, so nothing in AWS was changed.",
        ),
        (State.PAUSED, {}, "Paused", "Olga paused it. No more accounts are started."),
        (
            State.PAUSED,
            {"coming": 14, "working": 1},
            "Paused",
            "Olga paused it. 1 account in progress will finish. 13 approved accounts "
            "wait until the rollout is resumed.",
        ),
        (
            State.PAUSED,
            {"coming": 1},
            "Paused",
            "Olga paused it. 1 approved account waits until",
        ),
        (State.PAUSED, {"failed": 1}, "Paused", "retry the failed accounts, or resume"),
        (
            State.APPLYING,
            {"good": 3, "failed": 1, "coming": 2},
            "3 done, 1 failed",
            "The other accounts continue. Fix the causes below",
        ),
        (State.STOPPED, {}, "Stopped", "Accounts that hadn't started were discarded"),
        (State.FINISHED, {"good": 4}, "Finished", "4 done."),
        (
            State.FINISHED,
            {"good": 4, "failed": 1},
            "4 done, 1 failed",
            "Fix the causes",
        ),
        (
            State.FINISHED,
            {"handed_off": 1},
            "Finished",
            "1 account waits for its owner.",
        ),
        (
            State.APPLYING,
            {"managing_failed": True, "coming": 2},
            "The managing account wasn't applied",
            "No account starts before it.",
        ),
        (State.APPLYING, {"coming": 2}, "", ""),
        (State.VERIFYING, {"coming": 2}, "", ""),
    ],
)
def test_the_page_says_what_it_waits_for_or_how_it_ended(
    state: str, counts: dict[str, Any], title: str, says: str
) -> None:
    found = result_of(Standing(Kind.ONBOARD, state, "Olga paused it.", **counts))

    assert found.title == title
    assert says in found.text


NUMBERS = (
    "good",
    "failed",
    "handed_off",
    "waiting",
    "held",
    "begun",
    "coming",
    "working",
)
EACH = [
    Standing(kind, state, "Why.", **dict(zip(NUMBERS, counts, strict=True)))
    for kind, state in product(Kind.values, State.values)
    for counts in product((0, 3), repeat=len(NUMBERS))
    if counts[-1] <= counts[-2]
]


def test_no_state_says_what_another_denies() -> None:
    for now in EACH:
        found, left = result_of(now), now.coming - now.working
        assert not (found.colour == "good" and now.failed), now
        assert not ("Nothing in AWS changes" in found.text and now.begun), now
        assert not ("will finish" in found.text and not now.working), now
        assert not ("until the rollout is resumed" in found.text and not left), now
        assert not ("continue." in found.text and not now.coming), now
        assert not ("causes below" in found.text and not now.failed), now
        assert not ("Needs approval" in found.title and now.state == State.PAUSED), now
        assert (found.title == "") == (found.text == ""), now
