"""How much room there is for accounts in the policies of Spinnaker's identity.

Accounts are counted by the database, and those that are listed by the length of their
roles: few enough to be read at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import starmap

from django.db.models import Count, Exists, F, OuterRef, Q

from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.states import OPEN, Status
from accounts.refused import Refused
from onboarding.desired.capacity import (
    ASSUME_POLICY,
    Capacity,
    capacity,
    listed_up_to,
    most_listed,
)
from onboarding.topology import Managing

STANDS = Q(granted_at__isnull=False)


class NoRoom(Refused, ValueError):
    """More accounts would be listed than the policies of one identity hold."""

    code = "NO_ROOM"


def capacity_of(row: ManagingAccount) -> Capacity:
    """Count the accounts that exist, those that are described, and those that fit; what
    accounts left on the list when they left Bowline counts as any other.
    """
    managing, rows = managing_of(row), ManagedAccount.objects.in_aws_provider()
    counts = rows.aggregate(
        assumed=Count("pk", filter=STANDS), coming=Count("pk", filter=~STANDS)
    )
    if row.organization:
        return capacity(managing, **counts)
    roles = roles_of(managing, rows)
    counts["assumed"] = len(roles) - counts["coming"]
    return capacity(managing, roles, **counts)


def roles_of(managing: Managing, rows: ManagedAccountQuerySet) -> list[str]:
    """List their managed roles in the order in which policies list them, after those of
    accounts that left Bowline.
    """
    order = (F("granted_at").asc(nulls_last=True), "id")
    pairs = rows.order_by(*order).values_list("account_id", "managed_role")
    kept = [one.arn for one in managing.kept]
    return [*dict.fromkeys([*kept, *starmap(managing.managed_role_arn, pairs)])]


def refuse_overflow(row: ManagingAccount, accounts: Iterable[ManagedAccount]) -> None:
    """Raise NoRoom if these accounts do not fit next to those that exist and those
    that are being planned or applied.
    """
    if row.organization:
        return
    is_open = Run.objects.filter(
        account=OuterRef("pk"), kind=Run.Kind.ONBOARD, status__in=OPEN
    )
    asked = Q(pk__in=[account.pk for account in accounts])
    rows = ManagedAccount.objects.in_aws_provider()
    managing = managing_of(row)
    taken = roles_of(managing, rows.filter(STANDS | asked | Exists(is_open)))
    if len(taken) > (most := most_listed(managing, taken)):
        raise NoRoom(
            f"The policies of Spinnaker's identity would list {len(taken):,} accounts, "
            f"but only {most:,} fit. On the managing account's page, choose every "
            "account of an AWS organization instead, which is one line for any number "
            "of accounts."
        )


def room_in_plan(run: Run) -> int | None:
    """Count the accounts that the policies of a waiting plan still take; None: any.

    A plan knows of no policy after the one that is the last today. Those that join
    once that is full find themselves outdated.
    """
    row = ManagingAccount.objects.first()
    steps = run.steps.filter(kind="policy", name__startswith=ASSUME_POLICY)
    names = [step.name for step in steps.only("name")]
    if row is None or row.organization or not names:
        return None
    managing = managing_of(row)
    applying = Run.objects.filter(account=OuterRef("pk"), status=Status.APPLYING)
    rows = ManagedAccount.objects.in_aws_provider()
    taken = roles_of(managing, rows.filter(STANDS | Exists(applying)))
    fit = max(listed_up_to(managing, name, taken) for name in names)
    return max(0, fit - len(taken))
