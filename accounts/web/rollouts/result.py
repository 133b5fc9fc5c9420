"""What a rollout says of itself: its badge, and what it waits for or how it ended. One
function of its situation, so that no page says what isn't so.
"""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import Rollout
from accounts.models.states import BADGES
from accounts.wording import for_count

State, Kind = Rollout.State, Rollout.Kind
FIX = "Fix the causes below, then retry the failed accounts."


class Standing(NamedTuple):
    """The situation of a rollout; all numbers are of accounts."""

    kind: str
    state: str
    reason: str = ""
    """Why it is paused or stopped."""
    good: int = 0
    failed: int = 0
    handed_off: int = 0
    waiting: int = 0
    """For approval, where nothing else is to do first."""
    held: int = 0
    """Approved, and waiting for the first account of their group."""
    coming: int = 0
    """In progress, or approved."""
    begun: int = 0
    """In a wave, whether it has ended or not."""
    managing_waits: bool = False
    """The managing account's plan waits for approval."""
    managing_failed: bool = False

    @property
    def failed_to_plan(self) -> bool:
        """Return whether no account has a plan, and none is being planned."""
        left = self.good + self.handed_off + self.waiting + self.coming + self.begun
        planned = self.state in (State.PLANNED, State.APPLYING, State.FINISHED)
        return bool(self.failed and planned and not left)


class Result(NamedTuple):
    colour: str
    icon: str
    badge: str
    title: str = ""
    """Empty: the page needs no more than the badge."""
    text: str = ""


def result_of(now: Standing) -> Result:
    """Say how a rollout ended, or what it waits for; a state alone says neither."""
    if now.failed_to_plan:
        every = for_count(now.failed, "its account", "all {count} accounts")
        text = f"Planning failed for {every}, so nothing in AWS was changed. {FIX}"
        title = "Nothing could be planned"
        return Result("bad", "cross", f"{now.failed:,} failed", title, text)
    badge = BADGES[now.state]
    usual = Result(badge.colour, badge.icon, now.state)
    if now.state == State.PAUSED:
        going = " Accounts in progress will finish." if now.coming else ""
        text = f"{now.reason} No more accounts are started.{going}"
        return usual._replace(title="Paused", text=text)
    if now.state == State.STOPPED:
        return usual._replace(
            title="Stopped",
            text=f"{now.reason} Accounts that hadn't started were discarded, so "
            "nothing in them was changed.",
        )
    if now.state == State.FINISHED:
        return finished(now)
    if now.managing_failed:
        title = "The managing account wasn't applied"
        return usual._replace(
            colour="bad", icon="cross", title=title, text="No account starts before it."
        )
    if now.state == State.PLANNED or now.waiting:
        return planned(now)
    return usual


def finished(now: Standing) -> Result:
    said = in_numbers(now)
    if now.failed:
        colour, icon = ("warn", "warning") if now.good else ("bad", "cross")
        return Result(colour, icon, said, said, FIX)
    badge = BADGES[State.FINISHED]
    text = f"{said}." if said else "No account was changed."
    if now.handed_off:
        waits = for_count(
            now.handed_off,
            "1 account waits for its owner.",
            "{count} accounts wait for their owners.",
        )
        text = f"{waits} Bowline verifies each account when its roles exist."
    return Result(badge.colour, badge.icon, said or now.state, "Finished", text)


def planned(now: Standing) -> Result:
    badge = BADGES[State.PLANNED]
    colour, icon = ("warn", "warning") if now.failed else (badge.colour, badge.icon)
    first = "the managing account first, then each group"
    before = "Nothing in AWS changes until the plans are approved."
    if now.begun:
        before = for_count(
            now.waiting,
            "1 plan waits. Nothing in its account changes until it is approved.",
            "{count} plans wait. Nothing in their accounts changes until they are "
            "approved.",
        )
    first = "the managing account first, then each group"
    texts = [before, f"Review {first if now.managing_waits else 'each group'}."]
    if now.held:
        texts.append(
            for_count(
                now.held,
                "1 approved account waits",
                "{count} approved accounts wait",
            )
            + " for the first account of the same group that isn't production. Approve "
            "or discard its plan."
        )
    if now.kind == Kind.REMOVE and now.managing_waits:
        texts.append(
            "The managing account's plan removes the accounts from the policy of "
            "Spinnaker's identity. Nothing in the accounts is deleted before this is "
            "verified."
        )
    said = in_numbers(now) if now.waiting else now.state
    return Result(colour, icon, said, "Needs approval", " ".join(texts))


def in_numbers(now: Standing) -> str:
    numbers = [
        (now.waiting, "need approval" if now.waiting > 1 else "needs approval"),
        (now.good, "done"),
        (now.failed, "failed"),
    ]
    return ", ".join(f"{count:,} {word}" for count, word in numbers if count)
