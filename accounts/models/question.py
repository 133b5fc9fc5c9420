"""Questions, which a worker answers for a person who waits; and the files that
they asked about.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from pydantic import BaseModel, Field, ValidationError

from accounts.closed_sets import OneOf
from accounts.models.account import (
    Readable,
    Unreadable,
    fits,
    is_mapping,
    is_mappings,
    is_texts,
)
from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.managed import ManagedAccount
from onboarding.adopting.report import OF_ACCOUNTS
from onboarding.adopting.values import PROVIDERS, SourceKind
from onboarding.carried.table import Treatment

S = TypeVar("S", bound=BaseModel)


class QuestionQuerySet(DurableQuerySet["Question"]):
    """By the database's clock: the site and its workers may differ by minutes."""

    def due(self) -> QuestionQuerySet:
        """Keep those that a worker has yet to answer."""
        return self.unexpired().filter(answered_at=None)

    def unexpired(self) -> QuestionQuerySet:
        return self.filter(expires_at__gt=Now())

    def expired(self) -> QuestionQuerySet:
        return self.filter(expires_at__lte=Now())

    def idle(self) -> QuestionQuerySet:
        """Keep those that can be asked: answered, given up, or never asked."""
        return self.exclude(answered_at=None, expires_at__gt=Now())

    def answered(self, within: timedelta) -> QuestionQuerySet:
        """Keep those that were answered, or refused, so recently."""
        return self.filter(answered_at__gt=Now() - within)

    def open_to(self, person: Any) -> QuestionQuerySet:
        """Keep those whose answers this person may read."""
        return self.filter(Q(is_own=False) | Q(asked_by=person))


class Question(Durable, Readable):
    """One question with its last answer: see discover/questions.py for the kinds."""

    READS = {"input": is_mapping, "answer": lambda _: True}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=20)
    key = models.CharField(max_length=64, null=True, blank=True, unique=True)
    """The digest of what is asked, which is asked once at a time; empty: of a question
    that is asked only once.
    """
    input = models.JSONField(default=dict)
    file = models.BinaryField(null=True)
    """What was sent along: gone once it is answered."""
    is_own = models.BooleanField(default=False)
    """Whether nobody else may read the answer."""
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
    )
    times_asked = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    seconds = models.PositiveSmallIntegerField(null=True)
    """The most that one message takes; empty: as many as any task."""
    expires_at = models.DateTimeField(null=True, db_index=True)
    """Until then a worker may answer, and whoever may reads the answer."""
    answered_at = models.DateTimeField(null=True)
    answer = models.JSONField(null=True, encoder=DjangoJSONEncoder)
    """Or, until then, how far it is."""
    message = models.TextField(blank=True)
    """Why there is no answer; empty where there is one."""
    hint = models.TextField(blank=True)

    objects = QuestionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.input}"

    def get_absolute_url(self) -> str:
        """Where a person waits for it: the page is called as the kind is."""
        return reverse(f"accounts:{self.kind}", args=[self.key or self.pk])

    @property
    def most_seconds(self) -> int | None:
        return self.seconds

    @property
    def person(self) -> Any:
        """Who asked, of what is answered to nobody else, or for whom a role was."""
        assert self.asked_by
        return self.asked_by

    @property
    def content(self) -> bytes:
        return bytes(self.file or b"")

    def read(self, column: str, schema: type[S]) -> S:
        """Return what the column says, which is JSON; raise Unreadable where it isn't
        as the schema has it.
        """
        value = getattr(self, column)
        try:
            return schema.model_validate(value or {}, strict=True)
        except ValidationError as error:
            raise Unreadable(self, column, value) from error

    @property
    def waits(self) -> bool:
        return self.answered_at is None

    @property
    def refused(self) -> bool:
        return bool(self.message)

    @property
    def why(self) -> str:
        """Say why there is no answer, and what to do; empty where there is one."""
        return f"{self.message} {self.hint}".strip()


class SearchedAccount(models.Model):
    """An account that is searched, with why it could not be."""

    search = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="accounts"
    )
    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="+"
    )
    read_at = models.DateTimeField(null=True)
    message = models.TextField(blank=True)
    """Why it could not be read; empty where it could."""
    hint = models.TextField(blank=True)

    class Meta:
        ordering = ["account__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["search", "account"], name="searched_account_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account}"


class FoundCluster(models.Model):
    """A cluster that AWS listed."""

    class Endpoint(models.TextChoices):
        PUBLIC = "public", "public"
        RESTRICTED = "restricted", "public for some networks"
        PRIVATE = "private", "private"

    search = models.ForeignKey(
        Question, on_delete=models.CASCADE, related_name="clusters"
    )
    account = models.ForeignKey(
        ManagedAccount, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=100)
    region = models.CharField(max_length=30)
    endpoint = models.CharField(max_length=10, choices=Endpoint.choices)
    mode = models.CharField(max_length=40, blank=True)
    """AWS's own word for how the cluster authenticates."""
    added = models.BooleanField(default=False)
    """Spinnaker has, or will have, an account for it."""
    ticked = models.BooleanField(default=False)

    class Meta:
        ordering = ["account__name", "region", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["search", "account", "region", "name"],
                name="found_cluster_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} in {self.region} of {self.account}"


SOURCES = [kind.name.lower() for kind in SourceKind]
AdoptedSource = Annotated[str, OneOf("AdoptedSource", SOURCES)]
AdoptedProvider = Annotated[str, OneOf("AdoptedProvider", PROVIDERS)]
AdoptedOutcome = Annotated[str, OneOf("AdoptedOutcome", OF_ACCOUNTS)]
FieldOutcome = Annotated[str, OneOf("FieldOutcome", Treatment)]
Value = Annotated[
    Any,
    Field(
        description='As Spinnaker reads it. A secret is {"secret": true}, or '
        '{"reference": …} where the source only refers to it.'
    ),
]


class ReportSource(BaseModel):
    kind: AdoptedSource
    title: str = Field(description="The files, or the requests to Gate.")
    accounts: dict[str, int] = Field(description="How many, by provider.")


class ReportCounts(BaseModel):
    taken: int
    left: int
    waiting: int = Field(
        0, description="Of those that are left, how many wait for a confirmation alone."
    )
    other_providers: dict[str, int] = Field(
        description="Accounts of providers that Bowline doesn't know."
    )


class ReportRole(BaseModel):
    partition: str
    name: str


class ReportField(BaseModel):
    field: str
    outcome: FieldOutcome
    value: Value
    says: str = Field(
        description="Why the field isn't taken, or what becomes of it; may be empty."
    )
    note: str = Field(description="How the value was read; may be empty.")


class ReportRoleInAws(BaseModel):
    name: str
    exists: bool
    strangers: bool = Field(description="Whether anybody in AWS can assume it.")
    widest: str = Field(
        "",
        description="How many can assume it: anybody, many (every identity of an "
        "account, an organization or a provider), named, service, or none. Empty if "
        "the look is of an earlier version.",
    )
    assumed_by: list[str] = Field(description="Who can assume it, the widest first.")
    trusted: list[str] = Field(
        default_factory=list,
        description="The roles and users that it trusts by name, as ARNs.",
    )
    managed_by: str = Field(
        description="A CloudFormation stack, or what tags say; may be empty."
    )
    actions: int = Field(description="How many it can call, of all that was read.")
    can: list[str] = Field(description="What it can do, and what limits that.")


class ReportInAws(BaseModel):
    """What AWS had of an account's roles."""

    at: str = Field(description="When the look began.")
    account_id: str
    roles: list[ReportRoleInAws] = Field(
        description="The role that Spinnaker assumes, then the one for its instances."
    )
    unread: str = Field(description="Why the roles weren't read; may be empty.")
    hint: str


class ReportInSpinnaker(BaseModel):
    """How Spinnaker has an account otherwise than the source describes it."""

    loaded: bool = Field(description="false if Spinnaker hasn't loaded it at all.")
    differs: list[str] = Field(description="The fields with another value.")
    confirmed: bool = Field(
        description="Whether someone confirmed the account as the source has it."
    )
    waits: bool = Field(description="Whether it is left until someone confirms it.")
    says: str


class ReportAccount(BaseModel):
    type: AdoptedProvider
    name: str
    source: str = Field(description="The file and the line.")
    outcome: AdoptedOutcome
    reasons: list[str] = Field(description="Why it is left; empty where it is taken.")
    in_spinnaker: ReportInSpinnaker | None = Field(
        None,
        description="null where Spinnaker has it so, or Gate's list of loaded accounts "
        "isn't among the sources.",
    )
    fields: list[ReportField] = Field(
        description="Every field that says something else than Spinnaker's default. Of "
        "an account that is left, what would become of the field."
    )
    in_aws: ReportInAws | None = Field(
        None,
        description="Of an AWS account that is taken, if Bowline looked at AWS.",
    )


class ReportSetting(BaseModel):
    provider: AdoptedProvider
    setting: str
    outcome: FieldOutcome
    value: Value
    says: str


class ReportFinding(BaseModel):
    kind: str = Field(description="For programs: the same for all findings of a kind.")
    says: str
    accounts: list[str]


class ReportLook(BaseModel):
    """How far Bowline has come in looking at AWS."""

    role: str = Field(description="The role that Bowline assumes in each account.")
    at: str
    accounts: int = Field(description="How many accounts it is about.")
    looked: int = Field(
        description="How many of them Bowline has tried, including those that it "
        "couldn't read: their in_aws.unread says why."
    )
    identity: str = Field(
        "",
        description="The ARN that the role of every account trusts by name, which "
        "Spinnaker runs as; empty if that is none, or more than one.",
    )


class StoredReport(BaseModel):
    """The report but for its accounts, which have rows of their own."""

    version: int = Field(description="1, until a key means something else.")
    sources: list[ReportSource] = Field(
        description="What was read, those first that Spinnaker prefers."
    )
    counts: ReportCounts
    confirmed: list[str] = Field(
        default_factory=list,
        description="Accounts that are taken as the source has them, because someone "
        "confirmed them.",
    )
    managed_role: ReportRole | None = Field(
        description="The usual role of the accounts that are taken: an account with "
        "another one names it in the accounts file. null where none has one."
    )
    settings: list[ReportSetting] = Field(
        description="What a provider says next to its accounts."
    )
    findings: list[ReportFinding] = Field(
        description="What to know, or decide, before Bowline takes over."
    )
    not_sources: list[str] = Field(
        description="Files of folders that hold no accounts."
    )
    look: ReportLook | None = Field(
        None, description="How far Bowline looked at AWS; null if it wasn't asked to."
    )


class SpinnakerReport(StoredReport):
    """What an existing Spinnaker's accounts are, and what Bowline can take of them. The
    same sources give the same report, except for what AWS had. Keys may be added within
    a version.
    """

    accounts: list[ReportAccount]


class ReportFile(BaseModel):
    """A file that was read: what it is called, and what it was."""

    name: str
    sha256: str


KEPT = timedelta(days=30)
"""How long a report can be opened, and accounts be added from it."""
LONGEST_NAME = 200


class AdoptionQuerySet(models.QuerySet["Adoption"]):
    def unexpired(self) -> AdoptionQuerySet:
        return self.filter(at__gt=Now() - KEPT)

    def expired(self) -> AdoptionQuerySet:
        return self.filter(at__lte=Now() - KEPT)


class Adoption(Readable):
    """One report, and what of it an accounts file would have."""

    READS = {
        "files": fits(list[ReportFile]),
        "taken": is_mappings,
        "report": fits(StoredReport),
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    digest = models.CharField(max_length=64, unique=True)
    """Of the files and the report: the same files again lead to the same row."""
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)
    deployment = models.CharField(max_length=LONGEST_NAME, blank=True)
    """The deployment of Halyard's config that somebody chose."""
    files = models.JSONField(default=list)
    """Each with its name and SHA-256."""
    gate = models.BooleanField(default=False)
    """Whether the connected Spinnaker was read, too."""
    report = models.JSONField(default=dict)
    """As docs/adopt.schema.json describes it, but for its accounts."""
    text = models.TextField(blank=True)
    """The report in sentences."""
    read = models.TextField(blank=True)
    """What was read of the sources, without a secret and packed, while accounts wait to
    be confirmed: the report is made again of it.
    """
    taken = models.JSONField(default=list)
    """The accounts that can be taken, in the keys of the accounts file."""
    managing = models.CharField(max_length=60)
    """A name that the managing account can have."""
    managed_role = models.TextField()
    base_role = models.TextField()
    """Both as the source has them: not every text can be a role's name."""

    objects = AdoptionQuerySet.as_manager()

    def __str__(self) -> str:
        return f"report of {self.at:%-d %B %Y}"

    @property
    def can_be_taken(self) -> int:
        """Count the accounts of Spinnaker that can be."""
        counts: dict[str, int] = self.report["counts"]
        return counts["taken"]

    @property
    def waiting(self) -> int:
        """Count the accounts that would be taken, if somebody confirmed them."""
        waiting: int = self.report["counts"].get("waiting", 0)
        return waiting if self.read else 0

    @property
    def look(self) -> dict[str, Any] | None:
        """Return how far the last look at AWS is; None: nobody looked."""
        look: dict[str, Any] | None = self.report.get("look")
        return look

    def get_absolute_url(self) -> str:
        return reverse("accounts:adoption", args=[self.pk])


class AdoptedAccount(Readable):
    """An account of the report: a row each, so that a page reads what it shows."""

    READS = {"said": fits(ReportAccount)}

    adoption = models.ForeignKey(
        Adoption, on_delete=models.CASCADE, related_name="accounts"
    )
    position = models.PositiveIntegerField()
    type = models.CharField(max_length=20, choices=[(one, one) for one in PROVIDERS])
    """The provider in Spinnaker."""
    name = models.CharField(max_length=LONGEST_NAME)
    """To search by: a source may have longer ones."""
    outcome = models.CharField(
        max_length=20, choices=[(one.value, one.value) for one in OF_ACCOUNTS]
    )
    said = models.JSONField(default=dict)
    """Everything that the report says of it."""

    class Meta:
        ordering = ["adoption", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["adoption", "position"], name="adopted_account_position"
            )
        ]

    def __str__(self) -> str:
        return self.name


UPLOAD_KEPT = timedelta(hours=1)
"""How long checked accounts wait to be saved."""
KEPT_SAVED = timedelta(days=7)
"""How long the list of what was saved can be opened."""


class UploadQuerySet(models.QuerySet["Upload"]):
    def unexpired(self) -> UploadQuerySet:
        waiting = Q(saved_at=None, at__gt=Now() - UPLOAD_KEPT)
        return self.filter(waiting | Q(saved_at__gt=Now() - KEPT_SAVED))

    def expired(self) -> UploadQuerySet:
        waited = Q(saved_at=None, at__lte=Now() - UPLOAD_KEPT)
        return self.filter(waited | Q(saved_at__lte=Now() - KEPT_SAVED))


class Upload(Readable):
    """One file, as it was checked; never the file itself."""

    READS = {"saved": is_texts}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    name = models.CharField(max_length=150)
    """The file's name."""
    at = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, blank=True)
    """Of what the preview shows: whoever saves names the preview that they saw."""
    left_alone = models.PositiveIntegerField(default=0)
    """How many accounts Bowline has that the file does not name."""
    saved_at = models.DateTimeField(null=True)
    saved = models.JSONField(default=list)
    """The keys of the accounts that were added or changed."""

    objects = UploadQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("accounts:file-preview", args=[self.pk])


class UploadedAccount(Readable):
    """An account of the file, and what saving it would change; gone once it is saved.

    A row each, so that a page reads no more than it shows.
    """

    READS = {"changes": is_mappings}

    upload = models.ForeignKey(
        Upload, on_delete=models.CASCADE, related_name="accounts"
    )
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    account_id = models.CharField(max_length=12)
    what = models.CharField(max_length=10)
    """New, changed or same: see mapping/accounts_file/comparison.py."""
    changes = models.JSONField(default=list)
    """What differs, as texts."""
    written = models.JSONField(default=dict)
    """As a file says it."""

    class Meta:
        ordering = ["upload", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["upload", "position"], name="uploaded_account_position"
            )
        ]

    def __str__(self) -> str:
        return self.name
