"""The managing account's row and value, and the accounts on its list that
nobody needs.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.states import OPEN
from accounts.refused import Refused
from onboarding.topology import (
    ExistingIdentity,
    Identity,
    InstanceRole,
    KeptRole,
    Managing,
    PodRole,
)

ALIKE = (
    "name",
    "account_id",
    "partition",
    "access_role",
    "managed_role",
    "base_role",
    "organization",
    "trust_organization",
    "boundary",
    "bakes",
    "ami_owner",
    "made_by",
)
"""Details that have the same name and the same value in the row."""

IDENTITY = (
    "identity_kind",
    "identity_name",
    "identity_arn",
    "pod_cluster",
    "pod_region",
    "pod_namespace",
    "pod_service_account",
    "pod_issuer",
)
BOWLINE = ("trusts_bowline", "bowline_principal")

COLUMNS = (*ALIKE, "image_keys", "kept_roles", *IDENTITY, *BOWLINE)
"""Every column that describes the account; the others hold its state."""


class NoManagingAccount(Refused):
    """Nothing can be planned before there is a managing account."""

    code = "MANAGING_MISSING"


def managing_row() -> ManagingAccount:
    row = ManagingAccount.objects.first()
    if row is None:
        raise NoManagingAccount("Set up the managing account first.")
    return row


def clash_of(managed_role: str) -> str:
    """Say which other role has the name of an account's own managed role; empty where
    none has, and where the account has none.
    """
    row = ManagingAccount.objects.first() if managed_role else None
    return managing_of(row).clash_with(managed_role) if row else ""


def described_managing() -> dict[str, Any]:
    """Return what people said of the managing account; empty: nothing yet."""
    found = ManagingAccount.objects.values(*COLUMNS).first()
    if found is None:
        return {}
    return {**found, "kept_roles": [one["arn"] for one in found["kept_roles"]]}


def managing_of(row: ManagingAccount) -> Managing:
    return Managing(
        identity=identity_of(row),
        image_keys=tuple(row.image_keys),
        bowline=row.bowline_principal if row.trusts_bowline else "",
        kept=kept_of(row),
        **{name: getattr(row, name) for name in ALIKE},
    )


def kept_of(row: ManagingAccount) -> tuple[KeptRole, ...]:
    return tuple(
        KeptRole(one["arn"], datetime.fromisoformat(one["since"]))
        for one in row.kept_roles
    )


def managing_columns(managing: Managing) -> dict[str, Any]:
    """Return the columns that say the same, without those that AWS answers."""
    return {
        "image_keys": list(managing.image_keys),
        **identity_columns(managing.identity),
        **{name: getattr(managing, name) for name in ALIKE},
    }


def identity_of(row: ManagingAccount) -> Identity:
    match row.identity_kind:
        case ManagingAccount.IdentityKind.INSTANCE_ROLE:
            return InstanceRole(row.identity_name)
        case ManagingAccount.IdentityKind.POD_ROLE:
            return PodRole(
                name=row.identity_name,
                cluster=row.pod_cluster,
                region=row.pod_region,
                namespace=row.pod_namespace,
                service_account=row.pod_service_account,
                issuer=row.pod_issuer,
            )
        case _:
            return ExistingIdentity(row.identity_arn)


def identity_columns(identity: Identity) -> dict[str, str]:
    kinds = ManagingAccount.IdentityKind
    match identity:
        case InstanceRole(name=name):
            return {"identity_kind": kinds.INSTANCE_ROLE, "identity_name": name}
        case ExistingIdentity(arn=arn):
            return {"identity_kind": kinds.EXISTING, "identity_arn": arn}
        case pod:
            return {
                "identity_kind": kinds.POD_ROLE,
                "identity_name": pod.name,
                "pod_cluster": pod.cluster,
                "pod_region": pod.region,
                "pod_namespace": pod.namespace,
                "pod_service_account": pod.service_account,
            }


def left_over(at: datetime | None = None) -> ManagedAccountQuerySet:
    """Find those that were left over at that moment, or now: no run of theirs is open,
    and no rollout of theirs that has not ended may retry one.
    """
    moment = at or timezone.now()
    coming = Q(finished_at=None) | Q(finished_at__gte=moment)
    coming |= Q(rollout__isnull=False) & (
        Q(rollout__finished_at=None) | Q(rollout__finished_at__gte=moment)
    )
    runs = Run.objects.filter(coming, account=OuterRef("pk"))
    untouched = ManagedAccount.objects.assumable().filter(
        applied=[], approved_version=0, verified={}, verified_at=None
    )
    return untouched.exclude(Exists(runs))


def forgotten_by(run: Run) -> ManagedAccountQuerySet:
    """Find what a run of the managing account takes from the list because it was left
    over when the run began.
    """
    if run.kind != Run.Kind.MANAGING:
        return ManagedAccount.objects.none()
    return left_over(run.created_at).exclude(pk__in=run.grants.values("pk"))


def withdrawn_by(run: Run) -> ManagedAccountQuerySet:
    """Find what a run of the managing account takes from the list for a rollout that
    removes: those whose removal is open now. One that was discarded or has failed
    keeps what it has. A list that names the organization names none of them.
    """
    rollout = run.rollout if run.kind == Run.Kind.MANAGING else None
    if rollout is None or rollout.kind != Rollout.Kind.REMOVE:
        return ManagedAccount.objects.none()
    removals = Run.objects.filter(rollout=rollout, status__in=OPEN)
    listed = ManagingAccount.objects.filter(organization="")
    return ManagedAccount.objects.filter(
        Exists(listed), Exists(removals.filter(account=OuterRef("pk")))
    )
