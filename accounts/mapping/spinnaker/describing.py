"""Describe the connection, or end it; whoever decides it is in the activity log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db.models import F

from accounts.decisions.decision import decision, setting, shared_by_all
from accounts.mapping.managing import managing_row
from accounts.mapping.spinnaker.connection import COLUMNS
from accounts.models import Activity, ManagingAccount, Spinnaker
from accounts.people.activity import record
from accounts.people.authors import keys_of
from accounts.people.roles import OPERATOR
from onboarding.delivery.connection import Connection
from onboarding.delivery.releases import Release
from onboarding.details import DetailsError
from onboarding.spinnaker.bundle.ways import WAYS

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
ABOUT = "Spinnaker"
"""What the activity log calls it."""


def hold_connection(*_: Connection) -> None:
    list(Spinnaker.objects.select_for_update(no_key=True))


@setting("change the connection with Spinnaker", locks=hold_connection)
def describe_spinnaker(described: Connection, by: User | None) -> bool:
    """Keep it; return whether anything changed. A test of before is then gone."""
    columns = {**asdict(described), "release": str(Release.of(described.release))}
    row = Spinnaker.objects.first()
    changed = [n for n in COLUMNS if row is None or getattr(row, n) != columns[n]]
    if not changed:
        return False
    new = {"version": F("version") + 1, "tested_at": None, "result": None}
    if not Spinnaker.objects.update(**columns, **new):
        Spinnaker.objects.create(**columns)
    Spinnaker.objects.get().authors.add(*keys_of(by))
    detail = {"url": described.url, "sign_in": described.sign_in}
    record(by, What.SETTINGS, ABOUT, {**detail, "changed": changed})
    return True


how_it_runs = shared_by_all("how Spinnaker is run")


@decision("say how Spinnaker is run", OPERATOR, What.SETTINGS, touches=how_it_runs)
def say_run_by(by: User | None, *, run_by: str) -> None:
    """Record how Spinnaker is run, where that is news. It decides what pages show
    first, and nothing else.
    """
    if run_by and run_by not in {way.key for way in WAYS}:
        raise DetailsError("run_by", "Choose how Spinnaker is run.")
    row = managing_row()
    if (
        ManagingAccount.objects.filter(pk=row.pk)
        .exclude(run_by=run_by)
        .update(run_by=run_by)
    ):
        record(by, What.SETTINGS, ABOUT, {"run by": run_by or "not set"})


@setting("disconnect Spinnaker")
def disconnect(by: User | None) -> bool:
    """Forget the connection; what was delivered stays in Spinnaker."""
    hold_connection()
    row = Spinnaker.objects.first()
    if row is None:
        return False
    row.delete()
    record(by, What.SETTINGS, ABOUT, {"disconnected": row.url})
    return True
