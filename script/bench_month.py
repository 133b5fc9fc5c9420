"""A rehearsed month: each day accounts are edited, added, rotated and removed, what was
found in the night is put right, a server is killed in the middle of a rollout, and a
bundle is installed. Then others change AWS. At night a day passes in the database, the
schedule verifies all accounts, and AWS fails for some of them. The last days only put
right what is wrong.
"""

from __future__ import annotations

import random
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from celery import current_app
from django.apps import apps
from django.db import OperationalError, connection, models
from django.db.models import Exists, OuterRef
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import Activity, Bundle, Heartbeat, ManagedAccount, Run
from accounts.models.states import OPEN, WORKING
from script.agreement import ROLE, checks, has_role
from script.bench_pages import get, session_cookie
from script.emulated_organization import ADMINISTRATOR, Account, seed_network, trusting
from script.emulated_site import Aws, members
from script.people import LONGEST, People
from script.report import Asked, Measured
from script.site import Site
from script.usage import Growth
from tests.strict_aws.answer import Refusal

DAYS, CALM = 22, 2
"""The working days of a month, and how many of them, the last ones, only put right what
is wrong.
"""
LAST, IDLE = 60.0, 30.0
"""Seconds for the end of the month after its last day, and until leases ran out."""
PAGES = ("/", "/accounts/", "/runs/", "/runs/rollouts/", "/bundles/next/", "/managing/")
TO_PLAN = ("draft", "outdated", "failed", "drifted", "not as approved")
"""States in which somebody plans an account again."""
GROUPS = ("platform", "developers", "payments", "data")
KILLED, STOPPED = True, False
TROUBLES = (
    ("worker", KILLED),
    ("web", KILLED),
    ("broker", STOPPED),
    ("worker", STOPPED),
    ("PostgreSQL", STOPPED),
    ("schedule", KILLED),
    ("beat", KILLED),
)
"""What happens in the middle of a day's rollout, in the first half of the month: the
second shows what memory does.
"""
NIGHT = 240.0
"""Seconds after which a night is over, whatever is left."""
EVERY = 5.0
"""Seconds between two messages of the schedule, whose minutes are shorter here."""
KEPT = {Activity, Heartbeat}
"""Rows of these keep their time: a log says when it was written."""
NIGHTS = {
    "a night in which AWS throttled": (
        Refusal("Throttling", "Rate exceeded", 400),
        0.5,
    ),
    "a night in which AWS answered 500": (
        Refusal("ServiceFailure", "The request processing has failed.", 500),
        0.5,
    ),
    "a night in which a service control policy denied": (
        Refusal("AccessDenied", "Denied by a service control policy.", 403),
        1.0,
    ),
}


def month(site: Site, aws: Aws, asked: Asked) -> Measured:
    """Play the month, and return what happened and what agreed in its end."""
    began = time.monotonic()
    site.start_web()
    site.start_worker(queues="bowline")
    site.start_worker("schedule", queues="schedule", processes=1)
    site.start_beat()
    played = Month(site, aws, asked.accounts)
    growth = Growth(site)
    played.begin()
    starts, day, ends = time.monotonic(), 0, began + asked.minutes * 60 - LAST
    each = max(0.0, ends - starts) / DAYS
    while day < 2 or (day < DAYS - CALM and time.monotonic() < ends):
        day += 1
        played.guarded(played.day, day)
        played.guarded(night, played, day)
        played.guarded(growth.take)
        time.sleep(max(0.0, starts + day * each - time.monotonic()))
    for _ in range(CALM):
        played.guarded(played.calm_day)
        played.guarded(night, played, 1)
    played.guarded(played.calm_day)
    settle()
    send("delete_old")
    time.sleep(IDLE)
    played.guarded(growth.take)
    found = [*checks(site, played), *growth.checks()]
    for name, times in (+site.ended).items():
        played.note(f"{name} ended by itself, and was started again", times)
    wrong = [f"{one.what}: {one.wrong}" for one in found if one.wrong]
    figures: dict[str, float | str] = {**dict(sorted(played.count.items()))}
    figures |= {one.what: one.found for one in found}
    figures |= {"minutes": (time.monotonic() - began) / 60}
    return Measured(figures, [*wrong, *played.troubles])


class Month(People):
    """Who does what, and what became of it."""

    def __init__(self, site: Site, aws: Aws, count: int) -> None:
        super().__init__(site.url)
        self.site, self.aws, self.dice = site, aws, random.Random(count)
        self.accounts = {one.name: one for one in members(count)}
        self.few = max(1, count // 100)
        """How many accounts are rotated, removed and returned in a day."""
        self.away: set[str] = set()
        """Accounts that were removed and deleted."""
        self.rotating: list[str] = []
        self.leaving: list[str] = []

    def guarded(self, play: Callable[..., None], *given: Any) -> None:
        """Play it; what it raises is a trouble, and the month continues."""
        try:
            play(*given)
        except Exception as error:
            traceback.print_exc()
            self.troubles.append(f"{play.__name__}: {type(error).__name__}: {error}")

    def begin(self) -> None:
        self.add_managing()
        for account in self.accounts.values():
            self.aws.add(account)
            self.add(account)
        self.onboard()
        self.install()

    def some(self, count: int) -> list[Account]:
        busy = {*self.away, *self.rotating, *self.leaving}
        here = [one for name, one in self.accounts.items() if name not in busy]
        return self.dice.sample(here, min(count, len(here)))

    def day(self, number: int) -> None:
        self.read()
        for one in self.some(3 * self.few):
            self.edit(one)
        for name in sorted(self.away)[: self.few]:
            self.away.remove(name)
            self.add(self.accounts[name])
        for one in self.some(self.few):
            path = f"/accounts/{one.name}/external-id/rotate"
            if self.tried(self.planner, path) is not None:
                self.rotating.append(one.name)
                self.note("rotations begun")
        self.onboard(partial(self.trouble, number))
        for one in self.some(self.few):
            if self.tried(self.planner, f"/accounts/{one.name}/exclude") is not None:
                self.leaving.append(one.name)
        self.install()
        self.finish_rotations()
        self.remove()
        self.onboard()
        self.change_aws(number)

    def calm_day(self) -> None:
        self.onboard()
        self.install()
        self.finish_rotations()
        self.onboard()

    def trouble(self, day: int) -> None:
        if day <= DAYS // 2:
            name, killed = TROUBLES[(day - 1) % len(TROUBLES)]
            self.site.servers[name].again(killed=killed)
            ended = "killed" if killed else "stopped"
            self.note(f"{name} {ended} and started again")

    def read(self) -> None:
        """Somebody opens pages, and finds an account."""
        (one,) = self.some(1)
        cookie = session_cookie()
        for page in PAGES:
            get(self.site.port, cookie, page)
        if one.name not in get(
            self.site.port, cookie, f"/search/?text={one.account_id}"
        ):
            self.troubles.append(f"The search doesn't find {one.name}.")
        self.note("pages opened", len(PAGES) + 1)

    def edit(self, account: Account) -> None:
        """Edit one thing of its settings."""
        path = f"/accounts/{account.name}"
        settings = self.planner.get(path)["settings"]
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
                has = west in settings["regions"]
                settings["regions"] = ["us-east-1"] if has else ["us-east-1", west]
                edge = self.aws.edge(account.account_id)
                seed_network(edge.client("ec2", west))
        self.planner.call("PUT", path, settings)
        self.note(f"edits: {what}")

    def finish_rotations(self) -> None:
        """Finish those that can be: the others wait until a bundle has the new one."""
        for name in [*self.rotating]:
            path = f"/accounts/{name}/external-id/finish"
            if self.tried(self.planner, path) is not None:
                self.rotating.remove(name)
                self.note("rotations finished")

    def onboard(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Plan again what is not as it should be."""
        names = [
            one["name"]
            for one in self.planner.all_of("/accounts")
            if one["state"] in TO_PLAN and one["name"] not in self.leaving
        ]
        self.note("accounts planned", len(names))
        if names:
            self.roll_out("onboard", names, meanwhile)
        else:
            meanwhile()

    def remove(self) -> None:
        names, self.leaving = self.leaving, []
        if not names:
            return
        gone = self.roll_out("remove", names, confirm_count=len(names))
        for name in gone:
            self.planner.call("DELETE", f"/accounts/{name}")
            self.away.add(name)
            self.note("accounts removed")
        for name in {*names} - {*gone}:
            self.note("removals that failed")
            self.planner.post(f"/accounts/{name}/include")

    def install(self) -> None:
        """Build a bundle, download it, and say that Spinnaker has it."""
        built = self.tried(self.planner, "/bundles")
        if built is None:
            return
        path, deadline = f"/bundles/{built['number']}", time.monotonic() + LONGEST
        while (found := self.planner.get(path))["status"] == Bundle.Status.BUILDING:
            assert time.monotonic() < deadline, f"{path} is still being built"
            time.sleep(0.5)
        archive = self.planner.get(f"{path}/download")
        assert sha256(archive).hexdigest() == found["sha256"], f"{path}: another zip"
        self.planner.post(f"{path}/installed", answer="gone")
        self.note("bundles installed")

    def change_aws(self, today: int) -> None:
        """Others change roles in AWS, and tell no one."""
        for number, one in enumerate(self.some(2 * self.few)):
            what = [*DRIFT][(today + number) % len(DRIFT)]
            iam = self.aws.edge(one.account_id).client("iam")
            if has_role(iam):
                DRIFT[what](iam)
                self.note(f"changes behind Bowline's back: {what}")


# What others change in AWS, and tell no one


def detach(iam: Any) -> None:
    attached = iam.list_attached_role_policies(RoleName=ROLE)["AttachedPolicies"]
    for policy in attached:
        iam.detach_role_policy(RoleName=ROLE, PolicyArn=policy["PolicyArn"])


def trust_another(iam: Any) -> None:
    document = trusting({"AWS": "arn:aws:iam::123456789012:root"})
    iam.update_assume_role_policy(RoleName=ROLE, PolicyDocument=document)


def delete_role(iam: Any) -> None:
    detach(iam)
    for name in iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
    iam.delete_role(RoleName=ROLE)


def make_administrator(iam: Any) -> None:
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=ADMINISTRATOR)


DRIFT: dict[str, Callable[[Any], None]] = {
    "policies detached": detach,
    "a role that trusts another account": trust_another,
    "a role deleted": delete_role,
    "an administrator's policy attached": make_administrator,
}
"""What a plan puts right."""


# Nights


def night(month: Month, number: int) -> None:
    let_a_day_pass()
    with failing(month, number):
        verify_all(month)
    for task in ("read_organizations", "delete_old"):
        send(task)
    month.note("nights")


def send(task: str) -> None:
    """Send it as the schedule does, which loses it while the broker is away."""
    with suppress(BrokerAway):
        current_app.send_task(f"accounts.tasks.{task}", ignore_result=True)


def let_a_day_pass() -> None:
    """Move all that was written a day into the past, once nothing is in progress."""
    connection.close()  # the database may have been started again
    settle()
    day = timedelta(days=1)
    for model in apps.get_models():
        moments = [
            field.name
            for field in model._meta.local_concrete_fields
            if isinstance(field, models.DateTimeField)
        ]
        if moments and model._meta.managed and model not in KEPT:
            rows = model._base_manager.order_by()
            rows.update(**{name: models.F(name) - day for name in moments})


def settle(seconds: float = 120) -> bool:
    """Wait until no worker has anything to do; False where that takes too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not Run.objects.filter(status__in=WORKING).exists():
                return True
        except OperationalError:
            connection.close()
        time.sleep(0.5)
    return False


@contextmanager
def failing(month: Month, number: int) -> Iterator[None]:
    """Every second night, AWS fails for a tenth of the accounts."""
    if number % 2:
        yield
        return
    what = [*NIGHTS][number // 2 % len(NIGHTS)]
    refusal, failures = NIGHTS[what][0], month.aws.failing
    chosen = month.some(max(1, len(month.accounts) // 10))
    failures.share = NIGHTS[what][1]
    failures.refusals = {one.account_id: refusal for one in chosen}
    try:
        yield
    finally:
        failures.refusals = {}
        month.note(what)


def verify_all(month: Month) -> None:
    """Let the schedule verify until each account has been."""
    began = Run.objects.order_by("-number").values_list("number", flat=True).first()
    tonight = Run.objects.filter(number__gt=began or 0, kind=Run.Kind.VERIFY)
    of_account = tonight.filter(account=OuterRef("pk"))
    busy = Run.objects.filter(account=OuterRef("pk"), status__in=OPEN)
    due = ManagedAccount.objects.to_verify_again()
    left = due.exclude(Exists(of_account)).exclude(Exists(busy))
    deadline = time.monotonic() + NIGHT
    while left.exists() or tonight.filter(status__in=WORKING).exists():
        send("verify_all")
        if time.monotonic() > deadline:
            names = ", ".join(left.values_list("name", flat=True)[:3])
            month.troubles.append(f"A night was too short, for {names or 'its runs'}.")
            break
        time.sleep(EVERY)
    month.note("verifications at night", tonight.count())
    failed = tonight.filter(status="failed").count()
    month.note("verifications at night that found a fault", failed)
