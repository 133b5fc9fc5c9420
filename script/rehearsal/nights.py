"""A night of a rehearsed month: a day passes in the database, the schedule verifies all
accounts, reads the organization and deletes what is old; some nights AWS fails.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from celery import current_app
from django.apps import apps
from django.db import OperationalError, connection, models
from django.db.models import Exists, OuterRef
from kombu.exceptions import OperationalError as BrokerAway

from accounts.models import Activity, Heartbeat, ManagedAccount, Run
from accounts.models.states import OPEN, WORKING
from script.rehearsal.days import Month
from script.rehearsal.organization import BUSY, DENIED, DOWN

LONGEST = 240.0
"""Seconds after which a night is over, whatever is left."""
EVERY = 5.0
"""Seconds between two messages of the schedule, whose minutes are shorter here."""
KEPT = {Activity, Heartbeat}
"""Rows of these keep their time: a log says when it was written."""
TROUBLES = {
    "a night in which AWS throttled": (BUSY, 0.5),
    "a night in which AWS answered 500": (DOWN, 0.5),
    "a night in which a service control policy denied": (DENIED, 1.0),
}


def night(month: Month, number: int, *, calm: bool) -> None:
    let_a_day_pass()
    with failing(month, number, calm=calm):
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
        if model in KEPT or not model._meta.managed:
            continue
        moments = [
            field.name
            for field in model._meta.local_concrete_fields
            if isinstance(field, models.DateTimeField)
        ]
        if moments:
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
def failing(month: Month, number: int, *, calm: bool) -> Iterator[None]:
    """Every second night, AWS fails for a tenth of the accounts."""
    organization = month.organization
    if calm or number % 2:
        yield
        return
    what = [*TROUBLES][number // 2 % len(TROUBLES)]
    refusal, share = TROUBLES[what]
    chosen = month.some(max(1, len(organization.accounts) // 10))
    organization.failing.share = share
    organization.failing.refusals = {one.account_id: refusal for one in chosen}
    try:
        yield
    finally:
        organization.failing.refusals = {}
        month.note(what)


def verify_all(month: Month) -> None:
    """Let the schedule verify until each account has been."""
    began = Run.objects.order_by("-number").values_list("number", flat=True).first()
    tonight = Run.objects.filter(number__gt=began or 0, kind=Run.Kind.VERIFY)
    of_account = tonight.filter(account=OuterRef("pk"))
    busy = Run.objects.filter(account=OuterRef("pk"), status__in=OPEN)
    due = ManagedAccount.objects.to_verify_again()
    left = due.exclude(Exists(of_account)).exclude(Exists(busy))
    deadline = time.monotonic() + LONGEST
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
