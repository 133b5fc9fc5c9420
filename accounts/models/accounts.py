"""The managing account, the managed accounts and the providers chosen for them."""

from __future__ import annotations

import re
import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from accounts.models.lease import Leased
from accounts.models.states import State
from onboarding import names
from onboarding.desired import POLICY_SET
from onboarding.desired.policy_sets import PolicySet, policy_sets_after
from onboarding.partitions import PARTITIONS
from onboarding.providers import PROVIDERS
from onboarding.topology import ExistingIdentity, InstanceRole, Managing

is_account_name = RegexValidator(
    rf"^{names.ACCOUNT_NAME.pattern}\Z", names.ACCOUNT_NAME_RULE
)
is_account_id = RegexValidator(r"^[0-9]{12}\Z", names.ACCOUNT_ID_RULE)
is_role_name = RegexValidator(rf"^{names.ROLE_NAME.pattern}\Z", names.ROLE_NAME_RULE)
is_organization = RegexValidator(
    rf"^{names.ORGANIZATION.pattern}\Z", names.ORGANIZATION_RULE
)

is_boundary = RegexValidator(
    rf"^{names.BOUNDARY_ARN.pattern}\Z", names.BOUNDARY_ARN_RULE, flags=re.ASCII
)


class ManagingAccount(Leased):
    """The one account in which Spinnaker's own identity lives."""

    class IdentityKind(models.TextChoices):
        INSTANCE_ROLE = "instance_role", "An EC2 instance role that Bowline makes"
        POD_ROLE = "pod_role", "An EKS pod role that Bowline makes (IRSA)"
        EXISTING = "existing", "A role or user that stands already"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    only = models.BooleanField(default=True, editable=False)
    name = models.CharField(max_length=60, validators=[is_account_name])
    account_id = models.CharField(max_length=12, validators=[is_account_id])
    partition = models.CharField(
        max_length=12,
        default="aws",
        choices=[(p.name, p.title) for p in PARTITIONS.values()],
    )
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    identity_kind = models.CharField(
        max_length=16, choices=IdentityKind, default=IdentityKind.INSTANCE_ROLE
    )
    identity_name = models.CharField(
        max_length=64,
        blank=True,
        default="SpinnakerAuthRole",
        validators=[is_role_name],
    )
    identity_arn = models.CharField(max_length=2048, blank=True)
    pod_cluster = models.CharField(max_length=100, blank=True)
    pod_region = models.CharField(max_length=32, blank=True)
    pod_namespace = models.CharField(max_length=63, blank=True)
    pod_service_account = models.CharField(max_length=253, blank=True)
    pod_issuer = models.CharField(max_length=255, blank=True, editable=False)
    managed_role = models.CharField(
        max_length=64, default="spinnakerManaged", validators=[is_role_name]
    )
    base_role = models.CharField(
        max_length=64, default="BaseIAMRole", validators=[is_role_name]
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
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    applied = models.JSONField(default=list, editable=False)
    """Identities that may stand in AWS; see remembered.py."""
    updated_at = models.DateTimeField(auto_now=True)

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
                    "There is exactly one managing account, and it is described "
                    "already: edit that one."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def get_absolute_url(self) -> str:
        return reverse("accounts:managing")

    def clean(self) -> None:
        """Refuse roles that share a name: one of them could not be made."""
        exists = self.identity_kind == self.IdentityKind.EXISTING
        clash = Managing(
            name=self.name,
            account_id=self.account_id,
            identity=(
                ExistingIdentity(self.identity_arn)
                if exists
                else InstanceRole(self.identity_name)
            ),
            managed_role=self.managed_role,
            base_role=self.base_role,
        ).clash
        if clash:
            raise ValidationError(clash)
        self.forget_issuer()

    def forget_issuer(self) -> None:
        """Drop what was looked up of the pods' cluster, where another is named now."""
        cluster = ("account_id", "pod_region", "pod_cluster")
        before = ManagingAccount.objects.filter(pk=self.pk).values_list(*cluster)
        if before and before[0] != tuple(getattr(self, name) for name in cluster):
            self.pod_issuer = ""

    def touch(self) -> None:
        """Count an edit: every plan made before it is outdated now."""
        ManagingAccount.objects.filter(pk=self.pk).update(
            version=models.F("version") + 1,
            state=unless_draft(State.OUTDATED),
            updated_at=timezone.now(),
        )
        self.refresh_from_db()


def unless_draft(state: State) -> models.Case:
    """Write the state, but let a draft be a draft."""
    draft = models.When(state=State.DRAFT, then=models.Value(State.DRAFT))
    return models.Case(draft, default=models.Value(state))


class ManagedAccountQuerySet(models.QuerySet["ManagedAccount"]):
    def standing(self) -> ManagedAccountQuerySet:
        """Keep those whose resources stand in AWS, or are on the way there."""
        return self.filter(granted_at__isnull=False)

    def in_aws_provider(self) -> ManagedAccountQuerySet:
        """Keep those that Spinnaker knows, or will know, as an `aws` account."""
        keys = [key for key, one in PROVIDERS.items() if one.needs_aws_entry]
        chosen = EnabledProvider.objects.filter(account=OuterRef("pk"), key__in=keys)
        return self.filter(Exists(chosen))

    def to_verify_again(self) -> ManagedAccountQuerySet:
        """Keep those that were proved once and are described as they were applied,
        good or bad: what was mended since shall be seen, too.
        """
        proved = self.standing().filter(verified_at__isnull=False)
        return proved.exclude(state__in=(State.DRAFT, State.OUTDATED))

    def ready(self) -> ManagedAccountQuerySet:
        """Keep those that a bundle may hold: verified, or accepted by a person."""
        return self.filter(
            Q(proof=State.VERIFIED)
            | Q(proof=State.EVALUATED, accepted_at__isnull=False)
        )

    def on_older_policies(self) -> ManagedAccountQuerySet:
        """Keep those that a plan would bring newer policies."""
        return self.filter(policy_set__gt=0, policy_set__lt=POLICY_SET)

    def outdate(self) -> int:
        """Mark all but drafts as changed since they were proved."""
        return self.update(
            proof="",
            accepted_at=None,
            accepted_by=None,
            state=unless_draft(State.OUTDATED),
            updated_at=timezone.now(),
        )


class ManagedAccount(models.Model):
    """An account that Spinnaker deploys to; a draft until its first run."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        max_length=60,
        unique=True,
        validators=[is_account_name],
        error_messages={"unique": "Another account has this name already."},
    )
    account_id = models.CharField(
        max_length=12,
        unique=True,
        validators=[is_account_id],
        error_messages={"unique": "This AWS account is described already."},
    )
    environment = models.CharField(
        max_length=60, blank=True, validators=[is_account_name]
    )
    regions = models.JSONField(default=list)
    read_roles = models.JSONField(default=list, blank=True)
    write_roles = models.JSONField(default=list, blank=True)
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    uses_external_id = models.BooleanField(default=True)
    external_id = models.UUIDField(default=uuid.uuid4, editable=False)
    former_external_id = models.UUIDField(null=True, blank=True, editable=False)
    """Accepted beside the new one during a rotation; see external_ids.py."""
    adopts = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    proof = models.CharField(max_length=12, blank=True, editable=False)
    """`verified` or `evaluated` while the last verification holds, else empty: a
    plan that waits takes nothing away, an edit or an apply does."""
    version = models.PositiveIntegerField(default=1, editable=False)
    policy_set = models.PositiveIntegerField(default=0, editable=False)
    """The POLICY_SET that was last found standing whole; 0: none yet."""
    applied = models.JSONField(default=list, editable=False)
    """Choices of which something may stand in AWS; see remembered.py."""
    granted_at = models.DateTimeField(null=True, blank=True, editable=False)
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ManagedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "managed account"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["state"], name="managed_state"),
            models.Index(fields=["environment"], name="managed_environment"),
            models.Index(fields=["created_at"], name="managed_created"),
        ]
        permissions = [
            ("onboard_account", "Can onboard accounts, plan and download"),
            ("approve_run", "Can approve and apply plans"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def get_absolute_url(self) -> str:
        return reverse("accounts:account", args=[self.pk])

    @property
    def has_older_policies(self) -> bool:
        """Tell whether a plan would bring newer policies, whatever else it brings."""
        return 0 < self.policy_set < POLICY_SET

    @property
    def in_aws_provider(self) -> bool:
        """Tell whether Spinnaker knows, or will know, it as an `aws` account."""
        return any(PROVIDERS[one.key].needs_aws_entry for one in self.providers.all())

    @property
    def newer_policies(self) -> tuple[PolicySet, ...]:
        """List what came after the policy set it stands on; nothing for a draft."""
        return policy_sets_after(self.policy_set) if self.policy_set else ()

    def touch(self) -> None:
        """Count an edit: every plan made before it is outdated now."""
        rows = ManagedAccount.objects.filter(pk=self.pk)
        rows.update(
            version=models.F("version") + 1,
            proof="",
            accepted_at=None,
            accepted_by=None,
            state=unless_draft(State.OUTDATED),
            updated_at=timezone.now(),
        )
        self.refresh_from_db()


class EnabledProvider(models.Model):
    """A provider chosen for an account, with its details as JSON."""

    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="providers"
    )
    key = models.CharField(max_length=20)
    details = models.JSONField(default=dict, blank=True)
    described = models.BooleanField(default=False)
    """Whether a person has been through its details step."""

    class Meta:
        verbose_name = "enabled provider"
        ordering = ["account", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "key"],
                name="provider_once_per_account",
                violation_error_message="This provider is enabled already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.account.name}"


class SpinnakerName(models.Model):
    """An account name in Spinnaker: unique over all providers of all accounts."""

    name = models.CharField(max_length=60, primary_key=True)
    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="spinnaker_names"
    )

    class Meta:
        verbose_name = "Spinnaker account name"

    def __str__(self) -> str:
        return self.name
