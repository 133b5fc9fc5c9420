"""A day of a rehearsed month: what was found in the night is put right, accounts are
edited, added, rotated and removed, and a bundle is installed. Then others change AWS.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

from accounts.models import Bundle
from script.emulated_organization import ACCESS_ROLE, Account, seed_network
from script.rehearsal.organization import DRIFT, OWNERS, Organization
from script.rehearsal.people import Caller, Reader, Refused
from script.rehearsal.rollouts import LONGEST, Rollouts

PAGES = (
    "/",
    "/accounts/",
    "/accounts/?state=failing",
    "/runs/",
    "/runs/rollouts/",
    "/bundles/",
    "/bundles/next/",
    "/managing/",
    "/settings/",
    "/search/?text=member-1",
    "/help/",
)
TO_PLAN = ("draft", "outdated", "failed", "drifted", "not as approved")
"""States in which somebody plans an account again."""
GROUPS = ("platform", "developers", "payments", "data")
GONE = {"answer": "gone"}


class Amount(NamedTuple):
    """How much of each happens in a day."""

    edits: int
    rotations: int
    removals: int
    drifts: int

    @classmethod
    def of(cls, accounts: int) -> Amount:
        return cls(
            max(1, accounts // 40),
            max(1, accounts // 100),
            max(1, accounts // 100),
            max(1, accounts // 50),
        )


class Month(Rollouts):
    """Who does what."""

    def __init__(
        self,
        organization: Organization,
        planner: Caller,
        approver: Caller,
        reader: Reader,
        dice: random.Random,
    ) -> None:
        super().__init__(planner, approver)
        self.organization, self.reader, self.dice = organization, reader, dice
        self.amount = Amount.of(len(organization.accounts))
        self.away: dict[str, Account] = {}
        """Accounts that were removed and deleted, by name."""
        self.owners: list[tuple[int, str, Account]] = []
        """What an account's owner puts right, and on which day."""
        self.rotating: list[str] = []
        self.leaving: list[str] = []

    @property
    def here(self) -> list[Account]:
        busy = {*self.rotating, *self.leaving, *(one.name for *_, one in self.owners)}
        return [
            one
            for one in self.organization.accounts
            if one.name not in self.away and one.name not in busy
        ]

    def some(self, count: int) -> list[Account]:
        return self.dice.sample(self.here, min(count, len(self.here)))

    def describe_all(self) -> None:
        """Describe all members at once, as an accounts file does."""
        for account in self.organization.accounts:
            self.planner.call("PUT", f"/accounts/{account.name}", described(account))
        self.note("accounts added", len(self.organization.accounts))

    def approve_waiting(self) -> None:
        """Approve what somebody planned before the upgrade."""
        for run in self.approver.all_of("/runs"):
            if run["status"] == "planned" and self.decided(self.approve_run, run):
                self.note("plans approved that are older than the upgrade")

    def calm_day(self, number: int) -> None:
        """Put right what is wrong, and nothing else."""
        self.read()
        self.owners_put_right(number)
        self.onboard(self.to_plan())
        self.install()
        self.finish_rotations()
        self.onboard(self.to_plan())

    def day(self, number: int, meanwhile: Callable[[], None]) -> None:
        self.read()
        self.owners_put_right(number)
        self.edit()
        self.return_some()
        self.rotate()
        self.onboard(self.to_plan(), meanwhile)
        self.exclude()
        self.install()
        self.finish_rotations()
        self.remove()
        self.onboard(self.to_plan())
        self.change_aws(number)

    def exclude(self) -> None:
        """Exclude from bundles what is to be removed."""
        for one in self.some(self.amount.removals):
            try:
                self.planner.post(f"/accounts/{one.name}/exclude")
            except Refused as refused:
                self.note(f"exclusions refused: {refused.problem.get('code')}")
                continue
            self.leaving.append(one.name)

    def read(self) -> None:
        """Somebody who may only read signs in, and opens pages."""
        self.reader.sign_in()
        for page in PAGES:
            self.reader.open(page)
        for one in self.some(3):
            shown = self.reader.open(f"/search/?text={one.account_id}")
            if one.name not in shown:
                self.troubles.append(f"The search doesn't find {one.name}.")
        self.note("pages opened", len(PAGES) + 3)

    def owners_put_right(self, today: int) -> None:
        due = [one for one in self.owners if one[0] <= today]
        for one in due:
            _, what, account = one
            OWNERS[what][1](self.organization.iam(account.account_id))
            self.owners.remove(one)
            self.note("faults put right by an account's owner")

    def edit(self) -> None:
        for one in self.some(self.amount.edits):
            settings = self.planner.get(f"/accounts/{one.name}")["settings"]
            if settings is None:
                continue
            what = self.edited(one, settings)
            self.planner.call("PUT", f"/accounts/{one.name}", settings)
            self.note(f"edits: {what}")

    def edited(self, account: Account, settings: dict[str, Any]) -> str:
        """Edit one thing in the settings; say which."""
        what = self.dice.choice(("permissions", "providers", "environment", "Regions"))
        match what:
            case "permissions":
                groups = self.dice.sample(GROUPS, 2)
                settings["permissions"] = {"READ": groups, "WRITE": groups[:1]}
            case "providers":
                if not settings["providers"].pop("lambda", None):
                    settings["providers"]["lambda"] = {"access": "read"}
            case "environment":
                settings["environment"] = self.dice.choice(("dev", "test", "stage"))
            case _:
                west = "us-west-2"
                if west in settings["regions"]:
                    settings["regions"] = ["us-east-1"]
                else:
                    edge = self.organization.edge(account.account_id)
                    seed_network(edge.client("ec2", west))
                    settings["regions"] = ["us-east-1", west]
        return what

    def return_some(self) -> None:
        """Describe again what was removed, as whoever changed their mind does."""
        for name in sorted(self.away)[: self.amount.removals]:
            account = self.away.pop(name)
            self.planner.call("PUT", f"/accounts/{name}", described(account))
            self.note("accounts added again")

    def rotate(self) -> None:
        for one in self.some(self.amount.rotations):
            try:
                self.planner.post(f"/accounts/{one.name}/external-id/rotate")
            except Refused as refused:
                self.note(f"rotations refused: {refused.problem.get('detail')}")
                continue
            self.rotating.append(one.name)
            self.note("rotations begun")

    def finish_rotations(self) -> None:
        """Finish those that can be: the others wait until a bundle has the new one."""
        for name in [*self.rotating]:
            try:
                self.planner.post(f"/accounts/{name}/external-id/finish")
            except Refused:
                self.note("rotations that had to wait a day")
                continue
            self.rotating.remove(name)
            self.note("rotations finished")

    def to_plan(self) -> list[str]:
        names = {one.name for one in self.organization.accounts}
        return [
            one["name"]
            for one in self.planner.all_of("/accounts")
            if one["state"] in TO_PLAN
            and one["name"] in names
            and one["name"] not in self.leaving
        ]

    def onboard(
        self, names: list[str], meanwhile: Callable[[], None] = lambda: None
    ) -> None:
        if names:
            self.note("accounts planned", len(names))
            self.roll_out("onboard", names, meanwhile)
        else:
            meanwhile()

    def remove(self) -> None:
        names, self.leaving = self.leaving, []
        if not names:
            return
        gone = self.roll_out("remove", names, confirm_count=len(names))
        for name in gone:
            try:
                self.planner.call("DELETE", f"/accounts/{name}")
            except Refused as refused:
                self.troubles.append(f"{name} can't be deleted: {refused}")
                continue
            self.away[name] = self.named(name)
            self.note("accounts removed")
        for name in sorted({*names} - {*gone}):
            self.note("removals that failed")
            try:
                self.planner.post(f"/accounts/{name}/include")
            except Refused as refused:
                self.troubles.append(f"{name} can't be included again: {refused}")

    def named(self, name: str) -> Account:
        return next(one for one in self.organization.accounts if one.name == name)

    # Bundles

    def install(self) -> None:
        """Build a bundle, download it, and say that Spinnaker has it."""
        try:
            number = self.planner.post("/bundles")["number"]
        except Refused as refused:
            self.note(f"bundles refused: {refused.problem.get('code')}")
            return
        found = self.waited(f"/bundles/{number}", "building")
        if found["status"] != Bundle.Status.READY:
            self.troubles.append(f"Bundle {number} is {found['status']}.")
            return
        archive = self.planner.get(f"/bundles/{number}/download")
        if sha256(archive).hexdigest() != found["sha256"]:
            self.troubles.append(f"Bundle {number} isn't what was built.")
        self.planner.post(f"/bundles/{number}/installed", **GONE)
        self.note("bundles installed")

    def waited(self, path: str, *busy: str) -> Any:
        deadline = time.monotonic() + LONGEST
        while (found := self.planner.get(path))["status"] in busy:
            if time.monotonic() > deadline:
                self.troubles.append(f"{path} is still {found['status']}.")
                break
            time.sleep(0.5)
        return found

    # Others

    def change_aws(self, today: int) -> None:
        """Others change roles in AWS, and tell no one."""
        drifted = self.some(self.amount.drifts)
        for number, one in enumerate(drifted):
            iam = self.organization.iam(one.account_id)
            if not self.organization.has_role(one.account_id):
                continue
            what = [*DRIFT][(today + number) % len(DRIFT)]
            DRIFT[what](iam)
            self.note(f"changes behind Bowline's back: {what}")
        if today % 3 == 1:
            (one,) = self.some(1)
            if one in drifted or not self.organization.has_role(one.account_id):
                return
            what = [*OWNERS][today // 3 % len(OWNERS)]
            OWNERS[what][0](self.organization.iam(one.account_id))
            self.owners.append((today + 2, what, one))
            self.note(f"changes behind Bowline's back: {what}")


def described(account: Account) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "regions": ["us-east-1"],
        "access_role": ACCESS_ROLE,
        "providers": {"ec2": {}},
    }
