"""Describe the connection, or end it; whoever decides it is in the activity log."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from accounts.mapping.managing import managing_row
from accounts.mapping.spinnaker.connection import COLUMNS
from accounts.models import Activity, ManagingAccount, Spinnaker
from accounts.people.activity import record
from accounts.people.authors import keys_of
from accounts.people.role_limits.refusing import refuse_limited
from accounts.people.roles import OPERATOR
from onboarding.delivery.connection import Connection
from onboarding.delivery.releases import Release

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ABOUT = "Spinnaker"
"""What the activity log calls it."""


def describe_spinnaker(described: Connection, by: User | None) -> bool:
    """Keep it; return whether anything changed. A test of before is then gone."""
    columns = {**asdict(described), "release": str(Release.of(described.release))}
    with transaction.atomic():
        row = Spinnaker.objects.select_for_update(no_key=True).first()
        changed = [n for n in COLUMNS if row is None or getattr(row, n) != columns[n]]
        if not changed:
            return False
        if row is None:
            Spinnaker.objects.create(**columns)
        else:
            Spinnaker.objects.filter(pk=row.pk).update(
                **columns, version=F("version") + 1, tested_at=None, result=None
            )
        Spinnaker.objects.get().authors.add(*keys_of(by))
        detail = {"url": described.url, "sign_in": described.sign_in}
        record(by, Activity.What.SETTINGS, ABOUT, {**detail, "changed": changed})
    return True


def say_run_by(way: str, by: User | None) -> bool:
    """Record how Spinnaker is run; return whether that is news. It decides what pages
    show first, and nothing else.
    """
    refuse_limited(by, OPERATOR, "how Spinnaker is run")
    with transaction.atomic():
        row = managing_row()
        if row.run_by == way:
            return False
        ManagingAccount.objects.filter(pk=row.pk).update(run_by=way)
        record(by, Activity.What.SETTINGS, ABOUT, {"run by": way or "not set"})
    return True


def disconnect(by: User | None) -> bool:
    """Forget the connection; what was delivered stays in Spinnaker."""
    with transaction.atomic():
        row = Spinnaker.objects.select_for_update(no_key=True).first()
        if row is None:
            return False
        row.delete()
        record(by, Activity.What.SETTINGS, ABOUT, {"disconnected": row.url})
    return True
