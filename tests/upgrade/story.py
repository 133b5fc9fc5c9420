"""What people, workers and kill -9 do before a database is recorded.

`recording.py` runs it in a process of its own, with the site's own settings.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts.decisions.environment_rules import give_rule
from accounts.discover.clusters import begin_search
from accounts.discover.organization.reading import begin_reading, read_on
from accounts.factors import keeping
from accounts.factors.keeping import seal
from accounts.mapping.accounts_file import register, uploading
from accounts.mapping.managing import managing_of, managing_row
from accounts.mapping.spinnaker import describe_spinnaker
from accounts.models import (
    Bundle,
    EnvironmentRule,
    ManagedAccount,
    Organization,
    Preferences,
    Run,
    Target,
    Unit,
    Watch,
)
from accounts.models.states import Status
from accounts.notify import channels
from accounts.people.policies import choose
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.runs.actions import approve, plan
from accounts.runs.stages import carry_on
from accounts.spinnaker.bundles import build, exclude_from_bundles, install, new_bundle
from accounts.tokens import api_tokens as api_tokens
from accounts.work.queue import nothing_sent
from onboarding.accounts_file import read_accounts_file
from onboarding.delivery.connection import Connection
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS
from tests.accounts.mapping.adopted import adoption_row
from tests.accounts.spinnaker.deliveries.slow_gate import SlowGate
from tests.accounts.web.factors.people import SECRET
from tests.journey.deadly_proxy import deadly_proxy
from tests.onboarding.delivery import strict_gate
from tests.onboarding.delivery.strict_gate import Served, served
from tests.rows import person

CONFIGURATION = ("clouddriver/", "hal/accounts.yml", "hal/profiles/", "kubernetes/")
"""What Spinnaker reads of a bundle. The other files are programs and texts, which a
version may write otherwise; one that writes these otherwise changes next_bundle.json.
"""
PROD = "production"
IDS = {member.name.removeprefix("account"): member.account_id for member in MEMBERS}
OTHERS = {"owned": "888888888880", "idea": "999999999990"}
EACH: dict[str, dict[str, Any]] = {
    "dev": {
        "environment": "dev",
        "permissions": {"READ": ["everyone"], "WRITE": ["developers"]},
        "providers": {
            "ec2": {},
            "eks": {
                "clusters": [
                    {"name": "apps", "region": "us-east-1", "namespaces": ["apps"]}
                ]
            },
        },
    },
    "staging": {
        "regions": ["us-east-1", "us-west-2"],
        "external_id": False,
        "providers": {"ec2": {}, "ecs": {}},
    },
    "prod": {"environment": PROD},
    "data": {"providers": {"ec2": {}, "lambda": {"access": "read"}}},
    "owned": {"made_by": "owner"},
}
CARRY_ON = """
from accounts.models import Run
from accounts.runs.stages import carry_on
carry_on(Run.objects.get(status="applying"))
"""
"""What a worker does with a run that was approved."""


def tell(folder: str) -> None:
    """Let all of it happen, and write the files of the next bundle to the folder."""
    strict_gate.CACHED_SECONDS = 0.2
    ada = person("administrator", username="ada", is_staff=True)
    grace, olga, vera = (
        person("operator", username=name) for name in ("grace", "olga", "vera")
    )
    approver = person("approver", username="ben").groups.get()
    for one in (grace, olga):
        one.groups.add(approver)
    Client().force_login(person("viewer", username="vic"))
    with nothing_sent():
        decide_settings(ada, grace, vera)
        onboard(grace, "dev", "staging", "untrusting")
        build(new_bundle(grace))
        deliver(ada, grace, "--approve")
        onboard(grace, "prod")
        approve_prod(olga)
        second = new_bundle(olga)
        build(second)
        install(second, grace)
        exclude_from_bundles(ManagedAccount.objects.get(name="staging"), grace)
        onboard(grace, "limited")
        onboard(grace, "owned")
        read_organization(grace)
        call("verify", "prod")
        file = described("idea", "data", "tools")
        uploading.check("accounts.json", file, csv=False, by=grace)
        register(read_accounts_file(file), grace)
        deliver(ada, grace)
        adoption_row(grace)
        begin_search([ManagedAccount.objects.get(name="dev")], grace)
        planned("tools", grace)
        interrupt(planned("data", grace), grace)
    files = json.dumps(next_configuration(), indent=1)
    Path(folder, "next_bundle.json").write_text(f"{files}\n")


def decide_settings(ada: User, grace: User, vera: User) -> None:
    limit(vera, OPERATOR, ["", "dev"], by=ada)
    for one in ("dev", "lab"):
        choose(one, second_approver=False)
    target = Target(
        name="Releases",
        channel=Target.Channel.WEBHOOK,
        place="https://hooks.example.com/bowline",
        kinds=["failed"],
    )
    channels.add(ada, target)
    channels.pause(target, ada)
    year = timezone.now() + timedelta(days=360)
    api_tokens.make(
        grace, uuid4(), name="pipeline", scopes=["operate"], expires_at=year
    )
    assert keeping.add(ada, keeping.APP, secret=seal(SECRET), last=0)
    keeping.add(ada, keeping.PASSKEY, name="laptop", credential={}, last=0)
    give_rule(ada, rule=EnvironmentRule(by="name", value="prod*", environment=PROD))
    Preferences.objects.create(person=grace, time_zone="Europe/Berlin")


def described(*names: str) -> bytes:
    """Write an accounts file of these."""
    accounts = [
        {
            "name": name,
            "account_id": (IDS | OTHERS)[name],
            "regions": ["us-east-1"],
            "environment": "lab",
            "providers": {"ec2": {}},
            **({"access_role": ACCESS_ROLE} if name != "owned" else {}),
            **EACH.get(name, {}),
        }
        for name in names
    ]
    managing = {"name": MANAGING.name, "account_id": MANAGING.account_id}
    return json.dumps({"managing": managing, "accounts": accounts}).encode()


def onboard(by: User, *names: str) -> None:
    """Onboard these accounts as a pipeline does, by the headless job."""
    file = Path(os.environ["WORK"], "accounts.yaml")
    file.write_bytes(described(*names))
    call("onboard", file, by=by.username)
    waiting = Run.objects.filter(kind=Run.Kind.MANAGING, status=Status.PLANNED).first()
    if waiting:  # It takes a second person, as an account is in production.
        assert approve(waiting, User.objects.get(username="olga"))
        carry_on(waiting)
    call("onboard", file, approve=True, by=by.username)


def call(*arguments: Any, **options: Any) -> None:
    """Call a command, whose exit code may say that something is left to do."""
    with suppress(SystemExit):
        call_command(*arguments, **options)


def deliver(ada: User, by: User, *approve: str) -> None:
    """Deliver, or leave a plan that waits for a Gate that is gone by then."""
    with served(Served(SlowGate(period=1.0))) as gate:
        connection = Connection(
            url=gate.url, release="2026.2", sign_in="none", poll_seconds=5
        )
        assert describe_spinnaker(connection, ada)
        call("deliver", *approve, by=by.username)


def approve_prod(by: User) -> None:
    """Approve what whoever planned it may not approve."""
    run = Run.objects.get(account__name="prod")
    assert approve(run, by, comment="Reviewed with the owners.")
    carry_on(run)


def read_organization(by: User) -> None:
    assert begin_reading(managing_of(managing_row()), by, tags=True)
    row = Organization.objects.get()
    while row.is_reading:
        read_on(row)
        row.refresh_from_db()
    unit = Unit.objects.get(path__endswith="Sandbox")
    Watch.objects.create(unit=unit, environment="lab").authors.add(by)


def planned(name: str, by: User) -> Run:
    run = plan(ManagedAccount.objects.get(name=name), by)
    carry_on(run)
    run.refresh_from_db()
    assert run.status == Status.PLANNED, run.error
    return run


def interrupt(run: Run, by: User) -> None:
    """Approve the plan, and kill the worker after half of its changes."""
    assert approve(run, by)
    changes: list[str] = []
    workers: list[subprocess.Popen[bytes]] = []
    half = run.steps.count() // 2

    def kill(change: str) -> bool:
        changes.append(change)
        if len(changes) == half:
            os.killpg(workers[-1].pid, signal.SIGKILL)
        return len(changes) == half

    with deadly_proxy(os.environ["AWS_ENDPOINT_URL"], kill) as endpoint:
        workers.append(
            subprocess.Popen(
                [sys.executable, "manage.py", "shell", "-c", CARRY_ON],
                env=os.environ | {"AWS_ENDPOINT_URL": endpoint},
                start_new_session=True,
            )
        )
        assert workers[-1].wait() == -signal.SIGKILL


def next_configuration() -> dict[str, str]:
    """Return the SHA-256 of what Spinnaker would read of the next bundle, by path."""
    with transaction.atomic():
        bundle = new_bundle(None)
        build(bundle)
        bundle.refresh_from_db()
        transaction.set_rollback(True)
    assert bundle.status == Bundle.Status.READY, bundle.error
    assert sha256(bundle.archive).hexdigest() == bundle.sha256
    return {
        file["path"]: file["sha256"]
        for file in bundle.files
        if file["path"].startswith(CONFIGURATION) and not file["path"].endswith(".md")
    }
