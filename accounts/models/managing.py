"""The managing account: the one in which Spinnaker's own identity lives."""

from __future__ import annotations

import re
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.urls import reverse

from accounts.models.account import (
    MAKERS,
    STILL_BROKEN,
    VERIFICATIONS,
    Account,
    DescribedQuerySet,
    Readable,
    is_account_id,
    is_account_name,
    is_mappings,
    is_one_of,
    is_role_name,
    is_texts,
)
from accounts.models.lease import Leased
from accounts.models.managed import KeptRecord, ManagedAccount, are_kept, is_other_site
from accounts.models.states import PASSING, State, move
from onboarding import names
from onboarding.partitions import PARTITIONS
from onboarding.spinnaker.bundle.readme import WAYS
from onboarding.topology import (
    BASE_ROLE,
    IDENTITY_ROLE,
    MANAGED_ROLE,
    ExistingIdentity,
    InstanceRole,
    MadeBy,
    Managing,
)

is_organization = RegexValidator(
    rf"^{names.ORGANIZATION.pattern}\Z", names.ORGANIZATION.rule
)
is_boundary = RegexValidator(
    rf"^{names.BOUNDARY_ARN.pattern}\Z", names.BOUNDARY_ARN.rule, flags=re.ASCII
)


VERIFIED_JUST_NOW = timedelta(minutes=1)


class ManagingAccountQuerySet(DescribedQuerySet["ManagingAccount"]):
    def put_back(self) -> int:
        """Be again what it was before a plan: no plan was carried out."""
        before = Case(
            STILL_BROKEN,
            When(applied=[], then=Value(State.DRAFT)),
            When(verification="", then=Value(State.OUTDATED)),
            default=F("verification"),
        )
        return move(self, before, since=PASSING)

    def change_along(self, version: int) -> int:
        """An account's run applies that version: whatever exists of it now, it
        is no longer a draft, and nothing of it is proved.
        """
        rows = self.filter(Q(version=version) | Q(state=State.DRAFT))
        return rows.move(unless_passing(State.APPLIED), **self.UNVERIFIED)

    def fail_along(self) -> int:
        """An account's run could not apply it."""
        return self.move(unless_passing(State.FAILED), **self.UNVERIFIED)

    def drift_along(self, *, unapproved: int = 0) -> int:
        """An account's run found that AWS is no longer what was approved."""
        drifted = {"unapproved": unapproved, **self.UNVERIFIED}
        return self.move(unless_passing(State.DRIFTED), **drifted)

    def verify_along(self, state: State, at: datetime) -> int:
        """An account's run has walked through it. The many that do so in one night
        need not all write it.
        """
        rows = self.exclude(state=State.APPLYING)
        rows = rows.exclude(verification=state, verified_at__gt=at - VERIFIED_JUST_NOW)
        return rows.move(unless_passing(state), verification=state, verified_at=at)


def unless_passing(state: State) -> Case:
    """Leave to a run of its own what only that run takes away again."""
    own = (*PASSING, State.HANDED_OFF)
    return Case(When(state__in=own, then=F("state")), default=Value(state))


def are_snapshots(value: Any) -> bool:
    """Accept the columns of what was applied before, by name."""
    columns = {field.name for field in ManagingAccount._meta.concrete_fields}
    return is_mappings(value) and all(
        columns >= one.keys() and are_kept(one.get("kept_roles", [])) for one in value
    )


class ManagingAccount(Account, Leased, Readable):
    """The one account in which Spinnaker's own identity lives."""

    READS = {
        "image_keys": is_texts,
        "verification": is_one_of(VERIFICATIONS),
        "applied": are_snapshots,
        "kept_roles": are_kept,
        "other_site": is_other_site,
    }

    class IdentityKind(models.TextChoices):
        INSTANCE_ROLE = "instance_role", "An EC2 instance role that Bowline creates"
        POD_ROLE = "pod_role", "An EKS pod role that Bowline creates (IRSA)"
        EXISTING = "existing", "An existing role or user"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    only = models.BooleanField(default=True, editable=False)
    name = models.CharField(max_length=60, validators=[is_account_name])
    account_id = models.CharField(max_length=12, validators=[is_account_id])
    partition = models.CharField(
        max_length=12,
        default="aws",
        choices=[(p.name, p.title) for p in PARTITIONS.values()],
    )
    external_id_prefix = models.CharField(max_length=40, editable=False)
    """What the external IDs of accounts begin with whose roles the organization
    creates. It never changes: StackSets hold it."""
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    made_by = models.CharField(
        max_length=12, choices=MAKERS, default=MadeBy.BOWLINE.value
    )
    identity_kind = models.CharField(
        max_length=16, choices=IdentityKind, default=IdentityKind.INSTANCE_ROLE
    )
    identity_name = models.CharField(
        max_length=64,
        blank=True,
        default=IDENTITY_ROLE,
        validators=[is_role_name],
    )
    identity_arn = models.CharField(max_length=2048, blank=True)
    pod_cluster = models.CharField(max_length=100, blank=True)
    pod_region = models.CharField(max_length=32, blank=True)
    pod_namespace = models.CharField(max_length=63, blank=True)
    pod_service_account = models.CharField(max_length=253, blank=True)
    pod_issuer = models.CharField(max_length=255, blank=True, editable=False)
    managed_role = models.CharField(
        max_length=64, default=MANAGED_ROLE, validators=[is_role_name]
    )
    base_role = models.CharField(
        max_length=64, default=BASE_ROLE, validators=[is_role_name]
    )
    organization = models.CharField(
        max_length=34, blank=True, validators=[is_organization]
    )
    trust_organization = models.CharField(
        max_length=34, blank=True, validators=[is_organization]
    )
    boundary = models.CharField(max_length=600, blank=True, validators=[is_boundary])
    bakes = models.BooleanField(default=False)
    ami_owner = models.CharField(max_length=60, blank=True)
    image_keys = models.JSONField(default=list, blank=True)
    trusts_bowline = models.BooleanField(default=True)
    bowline_principal = models.CharField(max_length=2048, blank=True, editable=False)
    kept_roles = models.JSONField(default=list, editable=False)
    """Roles that Spinnaker may assume and nobody manages here; see
    managed.py."""
    site = models.UUIDField(default=uuid.uuid4, editable=False)
    """Identifies this database in AWS, next to `revision`; see
    runs/managing/other_sites.py."""
    revision = models.PositiveIntegerField(default=0, editable=False)
    """How many times this database changed the account in AWS."""
    other_site = models.JSONField(default=dict, editable=False)
    """What in AWS another database did, as it was last read; empty: nothing."""
    adopted_revision = models.CharField(
        max_length=50, blank=True, default="", editable=False
    )
    """The change of another database after which somebody adopted its list."""
    run_by = models.CharField(
        max_length=10,
        blank=True,
        default="",
        editable=False,
        choices=[(way.key, way.choice) for way in WAYS],
    )
    """How Spinnaker is run, as somebody said; empty: nobody did."""
    applied = models.JSONField(default=list, editable=False)
    """Descriptions of which something may exist in AWS, the last applied one last; see
    mapping/snapshots.py."""

    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, editable=False, related_name="+"
    )
    """Who edited it since a plan of it was approved."""

    objects = ManagingAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "managing account"
        constraints = [
            models.CheckConstraint(
                condition=Q(only=True), name="managing_account_only_is_true"
            ),
            models.UniqueConstraint(
                fields=["only"],
                name="one_managing_account",
                violation_error_message=(
                    "A managing account already exists. Edit the existing one."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def get_absolute_url(self) -> str:
        return reverse("accounts:managing")

    def save(self, *args: Any, **options: Any) -> None:
        """Give a new row what nobody else's external IDs begin with."""
        self.external_id_prefix = (
            self.external_id_prefix or f"bowline-{secrets.token_hex(8)}"
        )
        super().save(*args, **options)

    @property
    def is_handed_off(self) -> bool:
        """Return whether its owner creates what is in it, and Bowline only reads."""
        return self.made_by != MadeBy.BOWLINE

    @property
    def kept(self) -> list[KeptRecord]:
        """Return the roles that accounts left on the list when they left Bowline."""
        return [KeptRecord.model_validate(one) for one in self.kept_roles]

    @property
    def kept_in_force(self) -> list[KeptRecord]:
        """Return them with those that are taken off, until that is applied."""
        last = self.applied[-1].get("kept_roles", []) if self.applied else []
        off = [one for one in last if one not in self.kept_roles]
        return [*self.kept, *map(KeptRecord.model_validate, off)]

    @property
    def kept_names(self) -> dict[str, KeptRecord]:
        """Return what Spinnaker may call accounts that left Bowline and stay there."""
        return {name: one for one in self.kept_in_force for name in one.names}

    def clean(self) -> None:
        """Refuse roles that share a name: one of them could not be created."""
        exists = self.identity_kind == self.IdentityKind.EXISTING
        described = Managing(
            name=self.name,
            account_id=self.account_id,
            identity=(
                ExistingIdentity(self.identity_arn)
                if exists
                else InstanceRole(self.identity_name)
            ),
            managed_role=self.managed_role,
            base_role=self.base_role,
        )
        own = ManagedAccount.objects.exclude(managed_role="").order_by("managed_role")
        roles = own.values_list("managed_role", flat=True).distinct()
        for role in (self.managed_role, *roles):
            if clash := described.clash_with(role):
                raise ValidationError(clash)
        self.stay_the_same_account()
        self.keep_maker()
        self.forget_issuer()

    def keep_maker(self) -> None:
        """Refuse another maker of what exists: a stack cannot create it again."""
        before = ManagingAccount.objects.filter(pk=self.pk).exclude(applied=[])
        if before.exclude(made_by=self.made_by).exists():
            raise ValidationError(
                "You can't change who creates the roles of the managing account "
                "(made_by) while they exist."
            )

    def stay_the_same_account(self) -> None:
        """Refuse another account while any trusts what was made in this one."""
        which = ("account_id", "partition")
        before = ManagingAccount.objects.filter(pk=self.pk).values_list(*which)
        if not before or before[0] == (self.account_id, self.partition):
            return
        if ManagedAccount.objects.existing().exists():
            raise ValidationError(
                "You can't change the managing account to another AWS account while "
                "accounts are managed from it. Remove those accounts from AWS first."
            )
        if self.kept_roles:
            raise ValidationError(
                "You can't change the managing account to another AWS account while "
                "its list keeps roles. Take those roles off the list first."
            )

    def forget_issuer(self) -> None:
        """Drop what was looked up of the pods' cluster, where another is named now."""
        cluster = ("account_id", "pod_region", "pod_cluster")
        before = ManagingAccount.objects.filter(pk=self.pk).values_list(*cluster)
        if before and before[0] != tuple(getattr(self, name) for name in cluster):
            self.pod_issuer = ""


def kept_names() -> dict[str, KeptRecord]:
    row = ManagingAccount.objects.only("kept_roles", "applied").first()
    return row.kept_names if row else {}
