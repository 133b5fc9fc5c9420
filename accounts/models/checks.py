"""What checks found, what is known of roles that were there before, and how AWS
answered.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from datetime import date, datetime
from typing import Annotated, Any, NamedTuple, Self
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from pydantic import AfterValidator, BaseModel, Field

from accounts.models.account import Readable, fits, is_mappings, is_texts
from accounts.models.managed import ManagedAccount
from accounts.models.people import name_of, person_key
from accounts.models.states import outcome_in_words, standing_word
from onboarding.review.as_found import FoundRole
from onboarding.verify.result import IN_WORDS

NEAR = 5
"""Lines that are shown on either side of the one that decides."""


class DocumentLine(NamedTuple):
    number: int
    text: str
    is_marked: bool


class Found(Readable):
    """What one check found: an outcome and a sentence."""

    class Outcome(models.TextChoices):
        PASSED = "passed"
        EVALUATED = "evaluated"
        NOT_TESTABLE = "not testable"
        CANNOT_DEPLOY = "cannot deploy"
        FAILED = "failed"

    provider = models.CharField(max_length=20)
    name = models.CharField(max_length=200)
    outcome = models.CharField(max_length=20, choices=Outcome)
    sentence = models.TextField(blank=True)
    fix = models.TextField(blank=True)
    located = models.CharField(max_length=20, blank=True)
    """A Located of onboarding.verify; empty: no refusal, or it is not known."""
    document = models.TextField(blank=True)
    line = models.PositiveIntegerField(default=0)
    """The line of the document that decides; 0: none."""
    change = models.TextField(blank=True)
    as_spinnaker = models.BooleanField(default=False)
    """Called as Spinnaker's identity or as the managed role."""
    worse = models.BooleanField(default=False)
    """It failed, and was good in an earlier verification."""

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name}: {self.outcome}"

    @property
    def where(self) -> str:
        """Say what refused it, as people read it."""
        return IN_WORDS.get(self.located, self.located)

    @property
    def lines(self) -> list[DocumentLine]:
        """Cut the document that decides into its lines."""
        numbered = enumerate(self.document.splitlines(), start=1)
        return [DocumentLine(n, text, n == self.line) for n, text in numbered]

    @property
    def near_lines(self) -> list[DocumentLine]:
        """Keep the lines about the one that decides."""
        return [one for one in self.lines if abs(one.number - self.line) <= NEAR]


class Verifies(models.Model):
    status: str
    unknown_writes = models.PositiveIntegerField(default=0, editable=False)
    """Changes of which it could not say whether Spinnaker may make them."""

    undeployable = models.PositiveIntegerField(default=0, editable=False)
    """Regions without what a deployment needs."""

    class Meta:
        abstract = True

    @property
    def verification(self) -> str:
        """Say how far it came, such as “verified, 4 writes unknown”."""
        return outcome_in_words(self.status, self.unknown_writes, self.undeployable)

    @property
    def is_partial(self) -> bool:
        """Return whether something is unknown, or cannot be done."""
        return bool(self.unknown_writes or self.undeployable)

    @property
    def word(self) -> str:
        """Say its status as badges do."""
        return standing_word(
            self.status,
            is_stale=False,
            unknown_writes=self.unknown_writes,
            undeployable=self.undeployable,
        )


def is_moment(text: str) -> str:
    datetime.fromisoformat(text)
    return text


class Use(BaseModel, extra="forbid"):
    action: str = Field(
        description="`service:*` where IAM counts the service as a whole"
    )
    at: Annotated[str, AfterValidator(is_moment)] = Field(description="When last")

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.at)


class Other(BaseModel, extra="forbid"):
    """Somebody who can assume a role, and not by Bowline's plan."""

    sentence: str
    anybody: bool = False
    """Whether strangers are among them."""


class Evidence(BaseModel, extra="forbid"):
    role: str
    account: str = ""
    """The id of its account."""
    others: list[Other] = []
    """Who else gets what the plan gives to the role, the widest first."""
    loses_policies: bool = True
    loses_services: bool = False
    """Whether services of AWS can no longer assume it."""
    users: list[str] = []
    """What uses it by these services."""
    more_users: int = 0
    """How many are not named."""
    unread_users: list[str] = []
    """What of them was not read."""
    last_used: Annotated[str, AfterValidator(is_moment)] | None = None
    """When somebody last used the role; None: it isn't known, or long ago."""
    last_region: str = ""
    unread: str = Field(default="", description="Why it isn't known, or empty if it is")
    missing: list[Use] = Field(
        default=[], description="What it could no longer do, the latest used first"
    )
    more: int = Field(default=0, description="How many of these aren't named")
    unpassed: list[str] = Field(
        default=[],
        description="Paths and names of roles that it could pass to services, and no "
        "longer can",
    )
    more_unpassed: int = Field(default=0, description="How many of these aren't named")

    @property
    def last_used_at(self) -> datetime | None:
        return datetime.fromisoformat(self.last_used) if self.last_used else None


COLUMNS = frozenset(field.name for field in Found._meta.local_fields)


def are_results(value: Any) -> bool:
    """Return whether these are columns of Found, for each check."""
    return isinstance(value, list) and all(
        isinstance(one, dict)
        and one.keys() <= COLUMNS
        and one.get("outcome") in Found.Outcome.values
        for one in value
    )


def are_seconds(value: Any) -> bool:
    """Return whether it says how long each check took, or nothing."""
    return value is None or (
        isinstance(value, list) and all(isinstance(one, int | float) for one in value)
    )


class Findings(Readable):
    """What all checks of a verification found; most nights find the same again."""

    READS = {"results": are_results}

    digest = models.CharField(max_length=64, unique=True)
    results = models.JSONField()
    """A mapping of columns for each check, in order, without what is empty."""

    class Meta:
        verbose_name_plural = "findings"

    def __str__(self) -> str:
        return f"{len(self.results)} checks ({self.digest[:12]})"


WRITES = "unknown writes"
"""The kind of a row that is no policy, but what a verification could not find out."""

PASSED = "passed "
"""Begins the kind of what is on a role that Spinnaker may only pass."""

WIDE = tuple(f"account__{one}" for one in ("applied", "approved_entries", "verified"))
"""Columns that nothing here reads."""


class ForeignPolicyQuerySet(models.QuerySet["ForeignPolicy"]):
    def of(self, account: ManagedAccount | UUID | None) -> Self:
        """Keep what was found in this account; None: in the managing account."""
        return self.filter(account=account)

    def accepted(self) -> Self:
        """Keep what somebody accepted, until the day that was said."""
        return self.exclude(accepted_at=None).filter(until__gte=today())

    def unaccepted(self) -> Self:
        """Keep what nobody accepted, asked for or not."""
        past = Q(until=None) | Q(until__lt=today())
        return self.filter(Q(accepted_at=None) | past)

    def unaccepted_writes(self) -> Self:
        return self.unaccepted().filter(kind=WRITES)

    def passed(self) -> Self:
        """Keep what is on roles that Spinnaker may only pass."""
        return self.filter(kind__startswith=PASSED)

    def held(self) -> Self:
        """Keep policies of the roles that Bowline vouches for."""
        return self.exclude(kind=WRITES).exclude(kind__startswith=PASSED)

    def asked(self) -> Self:
        """Keep what somebody asks to accept, and nobody accepted yet."""
        return self.filter(accepted_at=None, until__gte=today())

    def open(self) -> Self:
        """Keep what nobody accepted, or asks to."""
        return self.filter(Q(until=None) | Q(until__lt=today()))

    def in_accounts(self, accounts: models.QuerySet[ManagedAccount]) -> Self:
        """Keep what was found in these accounts."""
        return self.filter(account__in=accounts.order_by().values("pk"))

    def alike(self, alike: str) -> Self:
        """Keep the same policy on the same role of managed accounts, by their names."""
        found = self.exclude(account=None).filter(alike=alike)
        found = found.select_related("account", "asked_by").defer(*WIDE)
        return found.order_by("account__name", "pk")

    def ask(self, by: Any, reason: str, until: date) -> int:
        """Somebody asks to accept them; what was accepted before ends."""
        return self.update(
            reason=reason,
            until=until,
            asked_by=by,
            asked_by_name=name_of(by),
            accepted_by_name="",
            accepted_at=None,
        )

    def accept(self, by: Any) -> int:
        """Somebody takes responsibility for them, until the day that was asked for."""
        return self.update(accepted_by_name=name_of(by), accepted_at=timezone.now())

    def end(self) -> int:
        """They count as not approved again, and nobody asks for it."""
        return self.update(reason="", until=None, accepted_by_name="", accepted_at=None)


class ForeignPolicy(Readable):
    READS = {"effects": is_texts}

    account = models.ForeignKey(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="foreign_policies",
    )
    """None: it is in the managing account."""
    role = models.CharField(max_length=64)
    policy = models.CharField(max_length=128)
    kind = models.CharField(max_length=20)
    """Whether it is attached to the role or inside it, which may be one that is only
    passed; or WRITES.
    """
    policy_arn = models.TextField(blank=True)
    document = models.JSONField(null=True, blank=True)
    """None: Bowline may not read it."""
    effects = models.JSONField(default=list)
    """What it lets the role do that is read first, in sentences."""
    digest = models.CharField(max_length=64)
    """Of the policy and its document: with another one it is not accepted."""
    alike = models.CharField(max_length=64, db_index=True)
    """The same for the same policy on the same role of other accounts."""
    removable = models.BooleanField(default=True)
    """Whether a plan removes it; else its role is somebody else's, too."""
    found_at = models.DateTimeField()
    reason = models.TextField(blank=True)
    """Why it may stay, as somebody asked; empty: nobody did."""
    until = models.DateField(null=True, blank=True)
    """The last day on which it may."""
    asked_by = person_key(editable=False)
    asked_by_name = models.CharField(max_length=150, blank=True, editable=False)
    accepted_by_name = models.CharField(max_length=150, blank=True, editable=False)
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ForeignPolicyQuerySet.as_manager()

    class Meta:
        ordering = ["account__name", "role", "policy"]
        verbose_name_plural = "foreign policies"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "digest"], name="foreign_policy_once"
            ),
            models.UniqueConstraint(
                fields=["digest"],
                condition=models.Q(account=None),
                name="foreign_policy_once_in_managing",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.policy} on role {self.role}"

    def get_absolute_url(self) -> str:
        return reverse("accounts:foreign-policy", args=[self.pk])

    @property
    def is_writes(self) -> bool:
        return self.kind == WRITES

    @property
    def is_passed(self) -> bool:
        """Return whether its role is only passed to what Spinnaker deploys: no plan and
        no step changes it.
        """
        return is_passed(self.kind)

    @property
    def is_attached(self) -> bool:
        return self.kind.removeprefix(PASSED) == "attachment"

    @property
    def held(self) -> str:
        """Say where it is, before the name of its role."""
        if self.is_writes:
            return "Not known of role"
        return "Attached to role" if self.is_attached else "Inside role"

    @property
    def place(self) -> str:
        return self.account.name if self.account else "the managing account"

    @property
    def why(self) -> str:
        """Say why it may stay, and who asked for that."""
        if not self.asked_by_name:
            return self.reason
        return f"{self.asked_by_name} asked for it: {self.reason}"

    @property
    def state(self) -> str:
        """Return the word of its badge."""
        if self.is_accepted:
            return "accepted"
        return "asked for" if self.is_asked else "not approved"

    @property
    def asked_digest(self) -> str:
        """Identify what was asked: whoever accepts it has read exactly this."""
        return self.digest_asked(self.digest)

    @property
    def asked_alike(self) -> str:
        """Identify what somebody asks about it in several accounts at once."""
        return self.digest_asked(self.alike)

    def digest_asked(self, about: str) -> str:
        asked = [about, self.asked_by_name, self.reason, f"{self.until}"]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()

    @property
    def is_accepted(self) -> bool:
        return self.accepted_at is not None and self.is_asked

    @property
    def is_open(self) -> bool:
        """Return whether nobody accepted it, or asks to."""
        return not self.is_asked

    @property
    def waits(self) -> bool:
        """Return whether somebody asks to accept it, and nobody did yet."""
        return self.is_asked and self.accepted_at is None

    @property
    def is_asked(self) -> bool:
        """Return whether somebody asked to accept it, for a day that is to come."""
        return self.until is not None and self.until >= today()


def is_passed(kind: str) -> bool:
    return kind.startswith(PASSED)


def today() -> date:
    return timezone.now().date()


ROLE_COLUMNS = {field.name for field in fields(FoundRole)}


def are_found_roles(value: Any) -> bool:
    return is_mappings(value) and all(one.keys() == ROLE_COLUMNS for one in value)


class FoundRolesQuerySet(models.QuerySet["FoundRoles"]):
    def of(self, account: ManagedAccount | UUID | None) -> Self:
        """Keep what was found in this account; None: in the managing account."""
        return self.filter(account=account)

    def keep(self, account: UUID | None, **found: Any) -> None:
        """Write what was found over what was; of two at once, either may be last."""
        if not self.of(account).update(**found):
            row = FoundRoles(account_id=account, **found)
            self.bulk_create([row], ignore_conflicts=True)


class FoundRoles(Readable):
    class Taken(models.TextChoices):
        """How far roles that were there before Bowline were taken over; the least far
        first.
        """

        POLICIES = "policies", "Policies of others"
        TRUST = "trust", "Trust policy of others"
        TAG = "tag", "Not tagged as Bowline's"
        OUTSIDE = "outside", "To change outside Bowline"
        OWNED = "owned", "Bowline's"
        KEPT = "kept", "As planned, managed outside Bowline"

    READS = {
        "roles": are_found_roles,
        "differs": is_texts,
        "managed_by": fits(dict[str, str]),
    }

    account = models.OneToOneField(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="found_roles",
    )
    """None: they are in the managing account."""
    read_at = models.DateTimeField(null=True, blank=True, editable=False)
    """When; None: they could not be read yet."""
    roles = models.JSONField(default=list, editable=False)
    """What onboarding/review/as_found.py says of each."""
    planned = models.CharField(max_length=64, blank=True, editable=False)
    """Which description they were compared with, as a digest."""
    differs = models.JSONField(default=list, editable=False)
    """What a plan would have changed then."""
    taken = models.CharField(
        max_length=8, choices=Taken, blank=True, editable=False, db_index=True
    )
    """What is next to take over of roles that were there before; empty: none were."""
    managed_by = models.JSONField(default=dict, editable=False)
    """By role that was there before, what else manages it, as it was last planned."""
    unread = models.TextField(blank=True, editable=False)
    """Why they could not be read since."""
    unread_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = FoundRolesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "found roles"
        constraints = [
            models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(account=None),
                name="found_roles_once_in_managing",
            ),
        ]

    def __str__(self) -> str:
        where = self.account.name if self.account else "the managing account"
        return f"roles of {where}"


class AwsAnswers(models.Model):
    """How often an operation has ended so, for all workers since Bowline was installed.
    They add to it; none replaces the number.
    """

    operation = models.CharField(max_length=100)
    error = models.CharField(max_length=60, blank=True)
    """Empty: it succeeded."""
    count = models.PositiveBigIntegerField(default=0)

    class Meta:
        verbose_name_plural = "answers of AWS"
        constraints = [
            models.UniqueConstraint(
                fields=["operation", "error"], name="one_count_of_each_answer"
            )
        ]

    def __str__(self) -> str:
        return f"{self.operation} {self.error}: {self.count}".replace(" :", ":")
