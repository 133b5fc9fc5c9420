"""The managed accounts: the providers chosen for each, and who makes their roles."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import MD5, Cast, Lower, Now
from django.urls import reverse
from django.utils import timezone
from pydantic import AfterValidator, BaseModel, Field

from accounts.models.account import (
    MISSES,
    STILL_BROKEN,
    VERIFICATIONS,
    Account,
    DescribedQuerySet,
    InCommon,
    MadeByOthers,
    Readable,
    fits,
    is_account_id,
    is_account_name,
    is_external_id,
    is_mapping,
    is_mappings,
    is_one_of,
    is_path_and_role,
    is_session_name,
)
from accounts.models.people import (
    CreatedBy,
    approved_in,
    carried_out_in,
    name_of,
    person_key,
)
from accounts.models.states import BROKEN, PASSING, VERIFIED, Facts, State, move
from onboarding.carried.fields import are_carried
from onboarding.description.other_names import are_other_names
from onboarding.names import ACCOUNT_NAME, IDENTITY_ARN
from onboarding.partitions import Arn
from onboarding.providers import PROVIDERS
from onboarding.resources.entry_changes import EntryDocument
from onboarding.spinnaker.entries import are_documents
from onboarding.topology import SESSION_NAME, MadeBy


class WithExternalId(models.Model):
    account_id: str
    uses_external_id: bool
    external_id_prefix: str
    granted_at: datetime | None
    external_id = models.UUIDField(default=uuid.uuid4, editable=False)
    own_external_id = models.CharField(
        max_length=1224, blank=True, validators=[is_external_id]
    )
    """Sent in the place of a generated one, unless it is the former one; empty: none.
    """
    former_external_id = models.CharField(max_length=1224, blank=True, editable=False)
    """Accepted in addition to the new one during a rotation; see external_ids.py."""

    class Meta:
        abstract = True

    @property
    def spinnakers_external_id(self) -> str:
        """Return what Spinnaker sends; empty where it sends none."""
        return self.external_id_with(self.external_id_prefix, self.own_external_id)

    def external_id_with(self, prefix: str, own: str) -> str:
        """Return its own one, unless it is being replaced; else derive it from the
        prefix and the account's id, where there is a prefix.
        """
        if not self.uses_external_id:
            return ""
        if own and own != self.former_external_id:
            return own
        return f"{prefix}-{self.account_id}" if prefix else str(self.external_id)

    @property
    def derives_external_id(self) -> bool:
        """Return whether a template for many accounts creates it, and nobody else."""
        return bool(self.external_id_prefix and not self.own_external_id)

    @property
    def keeps_external_id(self) -> bool:
        """Return whether only a rotation may give up what it has of its own."""
        return bool(self.own_external_id and self.granted_at)


class WaitsForOwner(models.Model):
    handed_off_at = models.DateTimeField(null=True, blank=True, editable=False)
    """Since when it waits for the owner; empty: it never did."""
    awaited_from = models.DateTimeField(null=True, blank=True, editable=False)
    """From when Bowline looks often, and then less: the hand-off, or a person's word.
    """
    looked_at = models.DateTimeField(null=True, blank=True, editable=False)
    look_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When Bowline looks next; empty: it stopped looking."""
    refused = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often in a row AWS has refused the owner's roles."""

    class Meta:
        abstract = True

    @property
    def is_refused(self) -> bool:
        """Return whether AWS refused the roles often enough to count them as gone."""
        return self.refused >= MISSES


def is_moment(text: str) -> str:
    if datetime.fromisoformat(text).tzinfo is None:
        raise ValueError(text)
    return text


def is_role(arn: str) -> str:
    if Arn.of(IDENTITY_ARN(arn)).kind != "role":
        raise ValueError(arn)
    return arn


Moment = Annotated[str, AfterValidator(is_moment)]
Name = Annotated[str, AfterValidator(ACCOUNT_NAME)]


class KeptRecord(BaseModel, extra="forbid"):
    arn: Annotated[str, AfterValidator(is_role)]
    account: Name | Literal[""]
    """What Bowline called the account; empty: it was never described here."""
    names: list[Name]
    """What Spinnaker may still call it."""
    since: Moment
    """When Spinnaker was first to assume the role."""
    who: str
    """Who took the account out of Bowline, or adopted the list."""
    when: Moment

    @property
    def account_id(self) -> str:
        return Arn.of(self.arn).account

    @property
    def title(self) -> str:
        """Name the account for a person."""
        return self.account or f"{self.account_id}, not in this Bowline"

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.when)


fit = fits(list[KeptRecord])


def are_kept(value: Any) -> bool:
    """Return whether these are such records, each of another role."""
    return fit(value) and len({one["arn"] for one in value}) == len(value)


MOST_ROLES = 10_000
"""More than AWS's policies of one identity can list."""


class OtherSite(BaseModel, extra="forbid"):
    site: str = Field(max_length=36)
    """The UUID of the other database; empty: only its roles were found."""
    revision: int = Field(ge=0)
    """How many times it had changed the account."""
    roles: list[Annotated[str, AfterValidator(is_role)]] = Field(max_length=MOST_ROLES)
    """ARNs on the list that this database never put there."""

    @property
    def tags(self) -> str:
        """Identify its last change; empty: it left none."""
        return f"{self.site}/{self.revision}" if self.site else ""


site_fits = fits(OtherSite)


def is_other_site(value: object) -> bool:
    """Return whether it describes another site, or none."""
    return value == {} or site_fits(value)


FIXED = (
    "You can't change it while Bowline's roles exist in the account. Remove the "
    "account from AWS first."
)
READY = ~Q(verified={}) & Q(excluded_at=None, withdrawn=False, missed__lt=MISSES)


class ManagedAccountQuerySet(DescribedQuerySet["ManagedAccount"]):
    UNVERIFIED: ClassVar[dict[str, Any]] = {
        "verification": "",
        "accepted_at": None,
        "accepted_by": None,
        "accepted_by_name": "",
    }
    FOUND: ClassVar[dict[str, Any]] = {"missed": 0}
    INCLUDE: ClassVar[dict[str, Any]] = {
        "excluded_at": None,
        "excluded_by": None,
        "excluded_by_name": "",
    }

    def existing(self) -> ManagedAccountQuerySet:
        """Keep those whose resources exist in AWS, or are being created."""
        return self.filter(granted_at__isnull=False)

    def assumable(self) -> ManagedAccountQuerySet:
        """Keep those that Spinnaker may assume, or soon may."""
        return self.existing().filter(withdrawn=False)

    def grant(self, after: timedelta = timedelta(0)) -> int:
        """Let Spinnaker assume them, `after` those of before: the order is kept."""
        again = self.filter(Q(granted_at=None) | Q(withdrawn=True))
        return again.update(granted_at=Now() + after, withdrawn=False)

    def withdraw(self) -> int:
        """Take them from what Spinnaker may assume, though their roles still exist."""
        unverified = When(state__in=VERIFIED, then=Value(State.OUTDATED))
        state = Case(unverified, default=F("state"))
        return self.move(state, withdrawn=True, **self.UNVERIFIED)

    def in_aws_provider(self) -> ManagedAccountQuerySet:
        """Keep those that Spinnaker knows, or will know, as an `aws` account."""
        keys = [key for key, one in PROVIDERS.items() if one.needs_aws_entry]
        chosen = EnabledProvider.objects.filter(account=OuterRef("pk"), key__in=keys)
        return self.filter(Exists(chosen))

    def to_verify_again(self) -> ManagedAccountQuerySet:
        """Keep those that were proved once and are described as they were applied,
        good or bad: what was fixed since should be seen, too.
        """
        verified = self.existing().filter(verified_at__isnull=False)
        return verified.exclude(state__in=(State.DRAFT, State.OUTDATED))

    def ready(self) -> ManagedAccountQuerySet:
        """Keep those that a bundle holds: proved once, and left out by nobody. It holds
        them as they were last proved, whatever happened since.
        """
        return self.filter(READY)

    def miss(self) -> int:
        """AWS refused the role that the owner had made."""
        return self.update(missed=F("missed") + 1)

    def broken_in_bundles(self) -> ManagedAccountQuerySet:
        """Keep those that a bundle holds although their last verification failed."""
        return self.ready().filter(state__in=BROKEN)

    def edited(self) -> ManagedAccountQuerySet:
        """Keep those that were edited since a plan of them was carried out."""
        return self.filter(approved_version__gt=0, approved_version__lt=F("version"))

    def keep_verified(self, verified: dict[str, Any]) -> int:
        """Make later bundles of this; see mapping/entries.py."""
        return self.update(verified=verified)

    def exclude_from_bundles(self, by: Any) -> int:
        """A person decides that bundles hold them no more."""
        return self.ready().update(
            excluded_at=timezone.now(), excluded_by=by, excluded_by_name=name_of(by)
        )

    def include_in_bundles(self) -> int:
        """A person decides that bundles may hold them again."""
        return self.filter(excluded_at__isnull=False).update(**self.INCLUDE)

    def to_accept(self) -> ManagedAccountQuerySet:
        """Keep those that a bundle may hold once a person accepts them."""
        return self.filter(verification=State.EVALUATED, accepted_at=None)

    def put_back(self) -> int:
        """Be again what it was before a plan: nothing was carried out or learned."""
        before = Case(
            STILL_BROKEN,
            When(granted_at=None, then=Value(State.DRAFT)),
            When(verification="", then=Value(State.OUTDATED)),
            When(approved_version__lt=F("version"), then=Value(State.OUTDATED)),
            default=F("verification"),
        )
        return move(self, before, since=PASSING)

    def have_entries(self, documents: list[EntryDocument], version: int) -> int:
        """What Spinnaker is to know at that version was approved and carried out."""
        now = {"approved_entries": documents, "approved_version": version}
        if documents:
            environment = documents[0].get("environment") or ""
            ids = self.order_by().values_list("account_id", flat=True)
            carried_out_in(ids, environment)
        return self.update(**now)

    def accept(self, by: Any) -> int:
        """A person takes responsibility for an account that was only evaluated."""
        now = timezone.now()
        return self.to_accept().update(
            accepted_at=now, accepted_by=by, accepted_by_name=name_of(by)
        )

    def remove(self) -> int:
        """Nothing of Bowline's is left in AWS: a draft again, with its description."""
        return self.move(
            State.DRAFT,
            granted_at=None,
            withdrawn=False,
            verified_at=None,
            former_external_id="",
            missed=0,
            policy_set=0,
            applied=[],
            approved_entries=[],
            approved_version=0,
            verified={},
            **self.INCLUDE,
            **self.UNVERIFIED,
        )


def is_verified(value: Any) -> bool:
    """Return whether this was written by mapping/entries.py, or is empty."""
    return value == {} or (
        isinstance(value, dict)
        and isinstance(value.get("managed"), dict)
        and are_documents(value.get("entries"))
    )


class ManagedAccount(
    CreatedBy, InCommon, MadeByOthers, WithExternalId, Account, Readable
):
    """An account that Spinnaker deploys to; a draft until its first run."""

    READS = {
        **InCommon.READS_IN_COMMON,
        "verification": is_one_of(VERIFICATIONS),
        "applied": is_mappings,
        "carried": are_carried,
        "also_as": are_other_names,
        "approved_entries": are_documents,
        "verified": is_verified,
        "adopted_from": is_mapping,
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(
        max_length=60,
        unique=True,
        validators=[is_account_name],
        error_messages={"unique": "Another account already has this name."},
    )
    account_id = models.CharField(
        max_length=12,
        unique=True,
        validators=[is_account_id],
        error_messages={"unique": "This AWS account is already in Bowline."},
    )
    managed_role = models.CharField(
        max_length=576, blank=True, validators=[is_path_and_role]
    )
    session_name = models.CharField(
        max_length=64, default=SESSION_NAME, blank=True, validators=[is_session_name]
    )
    adopts = models.BooleanField(default=False)
    carried = models.JSONField(default=dict, blank=True)
    """What Spinnaker is configured with that isn't Bowline's; see the engine's
    carried/fields.py."""
    also_as = models.JSONField(default=list, blank=True)
    """Other names in Spinnaker; see the engine's description/other_names.py."""
    adopted_from = models.JSONField(default=dict, editable=False)
    """What an existing Spinnaker had of it when it was last adopted, in the keys of an
    accounts file. Empty: it wasn't, or by a version that didn't keep it."""
    applied = models.JSONField(default=list, editable=False)
    """Choices of which something may exist in AWS; see mapping/snapshots.py."""
    approved_entries = models.JSONField(default=list, editable=False)
    """What Spinnaker is to know, as it was last approved and carried out. Bundles hold
    it once it is proved."""
    approved_version = models.PositiveIntegerField(default=0, editable=False)
    """The version at which it was approved, or found to be approved already."""
    verified = models.JSONField(default=dict, editable=False)
    """What bundles hold of it, as it was last proved; see mapping/entries.py. Empty:
    nothing was proved yet."""
    entries_digest = models.GeneratedField(
        expression=MD5(Cast(KeyTransform("entries", "verified"), models.TextField())),
        output_field=models.CharField(max_length=32, null=True),
        db_persist=True,
    )
    """Of what Spinnaker is to know, as it was proved. The database keeps it with it:
    neither is older than the other."""
    excluded_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When a person took it out of bundles."""
    excluded_by = person_key(editable=False)
    excluded_by_name = models.CharField(max_length=150, blank=True, editable=False)
    granted_at = models.DateTimeField(null=True, blank=True, editable=False)
    withdrawn = models.BooleanField(default=False, editable=False)
    """It is being removed: Spinnaker may not assume what still exists of it."""
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = person_key(editable=False)
    accepted_by_name = models.CharField(max_length=150, blank=True, editable=False)
    authors = models.ManyToManyField(
        settings.AUTH_USER_MODEL, blank=True, editable=False, related_name="+"
    )
    """Who edited it, or what it follows from, since a plan of it was approved."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ManagedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "managed account"
        ordering = ["created_at", "id"]
        indexes = [
            models.Index(fields=["state"], name="managed_state"),
            models.Index(fields=["environment"], name="managed_environment"),
            models.Index(fields=["created_at"], name="managed_created"),
            # What is stale is counted on every overview.
            models.Index(
                fields=["verification", "verified_at"], name="managed_verification"
            ),
            # Each run lists those that are called otherwise than the organization's.
            models.Index(
                fields=["granted_at"],
                condition=~models.Q(managed_role=""),
                name="managed_own_role",
            ),
            # What bundles hold is compared without reading the rows, which are wide.
            models.Index(
                fields=["name"],
                include=["id", "entries_digest"],
                condition=READY,
                name="managed_ready",
            ),
            # So are the few that a page of the next bundle lists.
            models.Index(
                fields=["name"],
                condition=models.Q(excluded_at__isnull=False),
                name="managed_excluded",
            ),
            models.Index(
                fields=["name"],
                condition=models.Q(
                    approved_version__gt=0, approved_version__lt=models.F("version")
                ),
                name="managed_edited",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="managed_name_in_any_case",
                violation_error_message="Another account already has this name.",
            )
        ]
        permissions = [
            ("onboard_account", "Can onboard accounts, plan and download"),
            ("approve_run", "Can approve and apply plans"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.account_id})"

    def get_absolute_url(self) -> str:
        return reverse("accounts:account", args=[self.pk])

    def clean(self) -> None:
        """Refuse another AWS account, managed role or external ID of its own while
        Bowline's roles exist.
        """
        before = ManagedAccount.objects.filter(pk=self.pk).first()
        columns = ("account_id", "managed_role", "own_external_id")
        fixed = columns if before and before.granted_at else ()
        if changed := [n for n in fixed if getattr(before, n) != getattr(self, n)]:
            raise ValidationError(dict.fromkeys(changed, FIXED))

    @property
    def facts(self) -> Facts:
        return replace(
            super().facts,
            is_edited=0 < self.approved_version < self.version,
            is_accepted=self.accepted_at is not None,
            is_missing=self.is_missing,
            is_withdrawn=self.withdrawn,
            is_in_bundles=self.is_in_bundles,
            is_excluded=self.excluded_at is not None,
            is_to_accept_writes=self.unknown_writes > 0
            and self.foreign_policies.unaccepted_writes().exists(),
        )

    @property
    def is_in_bundles(self) -> bool:
        """Return whether the next bundle holds it; READY says the same in SQL."""
        is_denied = self.excluded_at or self.withdrawn or self.is_missing
        return bool(self.verified and not is_denied)

    @property
    def environments(self) -> frozenset[str]:
        """Return what it is described in, and what its AWS account was approved in:
        until a move is approved and carried out, it is in both.
        """
        approved = approved_in([self.account_id]).get(self.account_id, frozenset())
        return approved | {self.environment}

    @property
    def is_assumable(self) -> bool:
        """Return whether Spinnaker may assume it, or soon may."""
        return self.granted_at is not None and not self.withdrawn

    @property
    def in_aws_provider(self) -> bool:
        """Return whether Spinnaker knows, or will know, it as an `aws` account."""
        return any(PROVIDERS[one.key].needs_aws_entry for one in self.providers.all())


class EnabledProvider(Readable):
    """A provider chosen for an account, with its details as JSON."""

    READS = {"key": is_one_of(PROVIDERS)}

    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="providers"
    )
    key = models.CharField(max_length=20)
    details = models.JSONField(default=dict, blank=True)
    has_details = models.BooleanField(default=False)
    """Whether a person has been through its details step."""

    class Meta:
        verbose_name = "enabled provider"
        ordering = ["account", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "key"],
                name="provider_once_per_account",
                violation_error_message="This provider is already enabled.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.key} on {self.account.name}"


class HandOffText(models.Model):
    """A template as it was handed out; the same text is kept once."""

    digest = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()

    def __str__(self) -> str:
        return self.digest[:12]


class HandOffQuerySet(models.QuerySet["HandOff"]):
    def in_force(self) -> HandOffQuerySet:
        """Keep those since which the account was not removed."""
        return self.filter(removed_at=None)

    def deployed(self) -> HandOffQuerySet:
        """Keep those that the owner has deployed, as far as anybody knows."""
        return self.in_force().exclude(found_at=None, said_at=None)

    def newest(self) -> HandOffQuerySet:
        """Keep the latest version of each account."""
        later = HandOff.objects.filter(
            account=OuterRef("account"), number__gt=OuterRef("number")
        )
        return self.in_force().filter(~Exists(later))

    def of_organization(self) -> HandOffQuerySet:
        """Keep those of accounts whose roles a StackSet creates."""
        return self.filter(account__made_by=MadeBy.ORGANIZATION.value)

    def of_managing(self) -> HandOffQuerySet:
        """Keep the managing account's, the last one first."""
        return self.filter(account=None)


class HandOff(models.Model):
    """One hand-off: which text, for which account, by whom, for which stack."""

    account = models.ForeignKey(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="hand_offs",
    )
    """Empty: it is the managing account's."""
    text = models.ForeignKey(
        HandOffText, on_delete=models.PROTECT, related_name="hand_offs"
    )
    number = models.PositiveIntegerField()
    """Counted for each account: people call it version 1, 2 and so on."""
    stack_name = models.CharField(max_length=128)
    region = models.CharField(max_length=30)
    by = person_key()
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    found_at = models.DateTimeField(null=True, blank=True)
    """When Bowline found it in AWS: read, or by a chain that opened just then."""
    said_at = models.DateTimeField(null=True, blank=True)
    """When somebody said that the owner deployed it, which Bowline cannot read."""
    said_by = person_key()
    said_by_name = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    """When its account was removed; what comes next may be another stack."""
    urls = models.JSONField(default=list, editable=False)
    """Where the template of each stack is in S3; empty: nowhere."""
    unpublished = models.TextField(blank=True, editable=False)
    """Why it is nowhere although a bucket is set; empty: nothing refused it."""

    objects = HandOffQuerySet.as_manager()

    class Meta:
        ordering = ["account", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number"], name="hand_off_number_once"
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(account=None),
                name="managing_hand_off_number_once",
            ),
        ]

    def __str__(self) -> str:
        name = self.account.name if self.account else "the managing account"
        return f"Version {self.number} for {name}"
