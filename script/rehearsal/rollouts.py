"""Rollouts of a rehearsed month: one person starts them, another one approves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from accounts.wording import counted
from script.rehearsal.people import Caller, Refused

LONGEST = 300.0
"""Seconds after which somebody stops waiting."""
ENDED = ("finished", "stopped")


class Rollouts:
    """Who plans and who approves, and all that happened."""

    def __init__(self, planner: Caller, approver: Caller) -> None:
        self.planner, self.approver = planner, approver
        self.count = Counter[str]()
        self.troubles: list[str] = []
        """What went otherwise than it should."""

    def note(self, what: str, count: int = 1) -> None:
        self.count[what] += count

    def roll_out(
        self,
        kind: str,
        names: list[str],
        meanwhile: Callable[[], None] = lambda: None,
        **body: Any,
    ) -> list[str]:
        """Start a rollout, approve its plans, and wait; name those that are good."""
        try:
            started = self.planner.post("/rollouts", kind=kind, accounts=names, **body)
        except Refused as refused:
            self.troubles.append(f"No rollout ({kind}) of {len(names)}: {refused}")
            return []
        number = started["number"]
        self.note(f"rollouts: {kind}")
        deadline, happened = time.monotonic() + LONGEST, False
        while (found := self.planner.get(f"/rollouts/{number}"))["state"] not in ENDED:
            if self.approve(found) and not happened:
                happened = True
                meanwhile()
            if found["state"] == "paused":
                self.planner.post(f"/rollouts/{number}/resume")
                self.note("rollouts paused by failures, and resumed")
            if time.monotonic() > deadline:
                self.troubles.append(f"Rollout {number} ({kind}) did not end.")
                self.planner.post(f"/rollouts/{number}/stop")
                break
            time.sleep(1)
        if not happened:
            meanwhile()
        return [
            one["account"]
            for one in self.planner.all_of(f"/rollouts/{number}/accounts")
            if one["status"] in ("verified", "removed")
        ]

    def approve(self, rollout: dict[str, Any]) -> bool:
        """Approve all that waits in a rollout; say whether anything did."""
        approved = False
        alone = [rollout["managing_run"], *rollout["alone"]]
        for number in filter(None, alone):
            run = self.approver.get(f"/runs/{number}")
            if run["status"] == "planned":
                approved |= self.decided(self.approve_run, run)
        for group in rollout["groups"]:
            if group["waiting"]:
                path = f"/rollouts/{rollout['number']}/groups/{group['fingerprint']}"
                approved |= self.decided(self.approve_group, path)
        return approved

    def decided(self, approve: Callable[[Any], None], what: Any) -> bool:
        """Approve; False where something changed meanwhile, which is read again."""
        try:
            approve(what)
        except Refused as refused:
            self.note(f"approvals refused: {refused.problem.get('code')}")
            return False
        self.note("approvals")
        return True

    def approve_run(self, run: dict[str, Any]) -> None:
        plan = self.approver.get(f"/runs/{run['number']}/plan")
        body = {"digest": plan["digest"], "confirmation": run["account"]}
        self.approver.post(f"/runs/{run['number']}/approve", **body)

    def approve_group(self, path: str) -> None:
        group = self.approver.get(path)
        confirmation = f"delete in {counted(len(group['runs']))}"
        body = {"runs": group["runs"], "confirmation": confirmation}
        self.approver.post(f"{path}/approve", **body)
