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
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from celery import current_app
from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, models
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import (
    Activity,
    BrowserSession,
    Bundle,
    Digest,
    Findings,
    Heartbeat,
    KeptAnswer,
    ManagedAccount,
    Notification,
    Question,
    Run,
)
from accounts.models.lease import Leased
from accounts.models.states import OPEN, WORKING, State
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.spinnaker.bundle.contents import accounts_in
from script.emulated_organization import (
    ADMINISTRATOR,
    MANAGING,
    Account,
    seed_network,
    trusting,
)
from script.emulated_site import Asked, Aws, Measured, members, usage
from script.people import LONGEST, People
from script.site import Site
from tests.strict_aws.answer import Refusal

DAYS, CALM = 22, 2
"""The working days of a month, and how many of them, the last ones, only put right what
is wrong.
"""
WARM = DAYS // 2 + 1
"""The first day on which no server is killed: memory is measured after it."""
LAST, IDLE = 60.0, 30.0
"""Seconds for the end of the month after its last day, and until leases ran out."""
TO_PLAN = ("draft", "outdated", "failed", "drifted", "not as approved")
"""States in which somebody plans an account again."""
GROUPS = ("platform", "developers", "payments", "data")
TROUBLES = (
    ("worker", "killed"),
    ("web", "killed"),
    ("broker", "stopped"),
    ("worker", "stopped"),
    ("PostgreSQL", "stopped"),
    ("schedule", "killed"),
    ("beat", "killed"),
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
    "a night in which AWS throttled": Refusal("Throttling", "Rate exceeded", 400),
    "a night in which AWS answered 500": Refusal(
        "ServiceFailure", "The request processing has failed.", 500
    ),
    "a night in which a service control policy denied": Refusal(
        "AccessDenied", "Denied by a service control policy.", 403
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
    played.begin()
    before: dict[str, float] = {}
    starts, day, ends = time.monotonic(), 0, began + asked.minutes * 60 - LAST
    each = max(0.0, ends - starts) / DAYS
    while day < 2 or (day < DAYS - CALM and time.monotonic() < ends):
        day += 1
        played.guarded(played.day, day)
        played.guarded(night, played, day)
        if day == WARM:
            before = memory_of(site)
        time.sleep(max(0.0, starts + day * each - time.monotonic()))
    for _ in range(CALM):
        played.guarded(played.calm_day)
        played.guarded(night, played, 1)
    played.guarded(played.calm_day)
    settle()
    send("delete_old")
    time.sleep(IDLE)
    after = memory_of(site)
    grown = (memory_check(name, held, after[name]) for name, held in before.items())
    found = [*checks(site, played), *grown]
    for name, times in (+site.ended).items():
        played.count[f"{name} ended by itself, and was started again"] += times
    wrong = [f"{one.what}: {one.wrong}" for one in found if one.wrong]
    figures: dict[str, float | str] = {**dict(sorted(played.count.items()))}
    figures |= {one.what: one.found for one in found}
    figures |= {"minutes": (time.monotonic() - began) / 60}
    return Measured(figures, [*wrong, *played.troubles])


def memory_of(site: Site) -> dict[str, float]:
    """Measure the servers; PostgreSQL's connections are groups of their own."""
    return {
        name: usage(server.group).memory
        for name, server in site.servers.items()
        if name != "PostgreSQL"
    }


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
        for one in self.some(3 * self.few):
            self.edit(one)
        for name in sorted(self.away)[: self.few]:
            self.away.remove(name)
            self.add(self.accounts[name])
        for one in self.some(self.few):
            path = f"/accounts/{one.name}/external-id/rotate"
            if self.tried(self.planner, path) is not None:
                self.rotating.append(one.name)
                self.count["rotations begun"] += 1
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
            name, how = TROUBLES[(day - 1) % len(TROUBLES)]
            self.site.servers[name].again(killed=how == "killed")
            self.count[f"{name} {how} and started again"] += 1

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
        self.count[f"edits: {what}"] += 1

    def finish_rotations(self) -> None:
        """Finish those that can be: the others wait until a bundle has the new one."""
        for name in [*self.rotating]:
            path = f"/accounts/{name}/external-id/finish"
            if self.tried(self.planner, path) is not None:
                self.rotating.remove(name)
                self.count["rotations finished"] += 1

    def onboard(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        """Plan again what is not as it should be."""
        names = [
            one["name"]
            for one in self.planner.all_of("/accounts")
            if one["state"] in TO_PLAN and one["name"] not in self.leaving
        ]
        self.count["accounts planned"] += len(names)
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
            self.count["accounts removed"] += 1
        for name in {*names} - {*gone}:
            self.count["removals that failed"] += 1
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
        self.count["bundles installed"] += 1

    def change_aws(self, today: int) -> None:
        """Others change roles in AWS, and tell no one."""
        for number, one in enumerate(self.some(2 * self.few)):
            what = [*DRIFT][(today + number) % len(DRIFT)]
            iam = self.aws.edge(one.account_id).client("iam")
            if has_role(iam):
                DRIFT[what](iam)
                self.count[f"changes behind Bowline's back: {what}"] += 1


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
    month.count["nights"] += 1


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


def settle(seconds: float = 120) -> None:
    """Wait until no worker has anything to do, or too long."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if not Run.objects.filter(status__in=WORKING).exists():
                return
        except OperationalError:
            connection.close()
        time.sleep(0.5)


@contextmanager
def failing(month: Month, number: int) -> Iterator[None]:
    """Every second night, AWS fails for a tenth of the accounts."""
    if number % 2:
        yield
        return
    what = [*NIGHTS][number // 2 % len(NIGHTS)]
    chosen = month.some(max(1, len(month.accounts) // 10))
    month.aws.failing.refusals = {one.account_id: NIGHTS[what] for one in chosen}
    try:
        yield
    finally:
        month.aws.failing.refusals = {}
        month.count[what] += 1


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
    month.count["verifications at night"] += tonight.count()
    failed = tonight.filter(status="failed").count()
    month.count["verifications at night that found a fault"] += failed


# What agrees at its end: AWS, the database, the newest bundle and the activity log

ROLE = "spinnakerManaged"
GROWS, MOVES = 0.15, 5.0
"""What share of its memory a server may gain in half a month, and how many megabytes
come and go: more would be a leak.
"""


class Check(NamedTuple):
    what: str
    found: str
    wrong: str = ""
    """Empty: it is as it should be."""


def memory_check(name: str, before: float, after: float) -> Check:
    """Compare the memory of a server in the middle of the month and at its end."""
    grows = after > before * (1 + GROWS) + MOVES
    found = f"{before:.0f} MB, and {after:.0f} MB half a month later"
    return Check(f"Memory of {name} doesn't grow", found, "it grows" if grows else "")


def some(names: Collection[object]) -> str:
    """Name some of them; empty where there are none."""
    few = ", ".join(sorted(map(str, names))[:5])
    return f"{len(names)}: {few}" if names else ""


def checks(site: Site, month: Month) -> Iterator[Check]:
    rows = list(ManagedAccount.objects.all())
    others = [row.name for row in rows if row.state != State.VERIFIED]
    yield Check("Every account is verified", f"{len(rows)} accounts", some(others))
    in_progress = Run.objects.filter(status__in=OPEN).values_list("number", flat=True)
    yield Check(
        "No run is in progress", f"{Run.objects.count()} runs", some(in_progress)
    )
    yield from roles(month)
    yield from newest_bundle()
    said = site.manage("check_activity", may_fail=True).strip().splitlines()[-1:]
    broken = "" if said and "unchanged" in said[0] else "it is broken"
    yield Check("The chain of the activity log holds", " ".join(said), broken)
    held = [
        f"{model.__name__} {row.pk}"
        for model in apps.get_models()
        if issubclass(model, Leased)
        for row in model._base_manager.filter(leased_until__gt=Now())
    ]
    yield Check("No lease is held", "every table with leases", some(held))
    yield leftovers()
    left = [
        path.name
        for path in Path(site.environment["TMPDIR"]).rglob("*")
        if path.is_file()
    ]
    yield Check("No temporary file is left", "in the servers' own folder", some(left))


def roles(month: Month) -> Iterator[Check]:
    listed = listed_roles(month.aws)
    assumable = {
        f"arn:aws:iam::{row.account_id}:role/{ROLE}"
        for row in ManagedAccount.objects.assumable()
    }
    yield Check(
        "The managing account lists exactly the roles of the database",
        f"{len(listed)} roles in the policies of Spinnaker's identity",
        some(listed ^ assumable),
    )
    existing = {*ManagedAccount.objects.existing().values_list("name", flat=True)}
    wrong = []
    for name, account in month.accounts.items():
        iam = month.aws.edge(account.account_id).client("iam")
        own = iam.list_policies(Scope="Local", PathPrefix="/bowline/")["Policies"]
        if {has_role(iam), bool(own)} != {name in existing}:
            wrong.append(name)
    yield Check(
        "Roles and policies exist in AWS where the database says so, and nowhere else",
        f"{len(existing)} accounts with roles, {len(month.away)} without",
        some(wrong),
    )


def has_role(iam: Any) -> bool:
    try:
        iam.get_role(RoleName=ROLE)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


def listed_roles(aws: Aws) -> set[str]:
    """Read the roles that Spinnaker's identity may assume."""
    iam, found = aws.edge(MANAGING.account_id).client("iam"), set[str]()
    paginator = iam.get_paginator("list_policies")
    for page in paginator.paginate(Scope="Local", PathPrefix="/bowline/managing/"):
        for policy in page["Policies"]:
            if policy["PolicyName"].startswith("BowlineAssumeManaged"):
                version = iam.get_policy_version(
                    PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
                )["PolicyVersion"]
                for statement in version["Document"]["Statement"]:
                    named = statement["Resource"]
                    found |= {named} if isinstance(named, str) else {*named}
    return found


def newest_bundle() -> Iterator[Check]:
    bundle = Bundle.objects.built().order_by("-number").first()
    assert bundle
    held = accounts_in(bundle.archive).aws
    ready = [row for row in ManagedAccount.objects.ready() if row.in_aws_provider]
    wrong = {one["accountId"] for one in held} ^ {row.account_id for row in ready}
    if sha256(bundle.archive).hexdigest() != bundle.sha256:
        wrong.add("its zip isn't what was built")
    yield Check(
        "The newest bundle has exactly the accounts that are ready",
        f"bundle {bundle.number} has {len(held)} accounts",
        some(wrong),
    )
    sessions = Sessions("bench")
    role = MANAGING.arn("role/SpinnakerAuthRole")
    assume = partial(
        sessions.assume,
        session_name="bench",
        source=sessions.assume(role, session_name="bench"),
    )
    wrong = {
        one["name"]
        for one in held
        if not assumes(assume, one, one.get("externalId", ""))
        or (one.get("externalId") and assumes(assume, one, "another"))
    }
    yield Check(
        "Spinnaker's identity can assume each role as the bundle says, and not with "
        "another external ID",
        f"{len(held)} roles assumed in the emulator, which enforces trust",
        some(wrong),
    )


def assumes(assume: Callable[..., object], account: Any, external_id: str) -> bool:
    arn = f"arn:aws:iam::{account['accountId']}:{account['assumeRole']}"
    try:
        assume(arn, external_id=external_id)
    except AwsError:
        return False
    return True


def leftovers() -> Check:
    """Ask for rows that the hourly deletion should have taken."""
    age = timedelta(days=settings.KEEP_CHECKS_DAYS)
    day, hour = timedelta(days=1), timedelta(hours=1)
    rows = {
        "verifications": Run.objects.outlived(timezone.now() - age),
        "results that a later verification superseded": Run.objects.to_fold(),
        "findings of no run": Findings.objects.filter(runs=None),
        "sessions": BrowserSession.objects.filter(expire_date__lt=Now() - day),
        "kept answers": KeptAnswer.objects.expired(),
        "notifications": Notification.objects.expired(),
        "digests": Digest.objects.filter(created_at__lt=Now() - 90 * day),
        "questions": Question.objects.filter(expires_at__lt=Now() - hour),
    }
    left = [
        f"{name}: {found.count()}" for name, found in rows.items() if found.exists()
    ]
    return Check("Nothing is kept that should be deleted", ", ".join(rows), some(left))
