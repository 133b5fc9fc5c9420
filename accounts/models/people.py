"""People: who they are, what they may decide and where, the tokens that act as
them, and the log of what they decided; and where an AWS account was approved.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models.account import Check, Readable, is_texts
from accounts.models.lease import Durable, DurableQuerySet
from accounts.models.states import Status, log_states, move
from accounts.refused import Refused
from accounts.slices import in_slices
from onboarding.names import one_line

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models.expressions import Combinable


class Kind(models.TextChoices):
    WAITS = "waits", "Plans need approval"
    FAILED = "failed", "Runs fail or a rollout pauses"
    DRIFTED = "drifted", "Verifications find new failures"
    STALE = "stale", "Verifications become stale"
    NEW_ACCOUNTS = "new accounts", "New accounts in watched units"
    ENDED = "ended", "A rollout finishes"
    SITE = "site", "Something needs attention, once a day"


USUAL = ("waits", "failed", "new accounts", "ended")
"""What people hear of who did not choose: plain text, which a migration can hold."""


def name_of(person: User | None) -> str:
    return person.get_username() if person else ""


def person_key(
    *, editable: bool = True
) -> models.ForeignKey[User | Combinable | None, User | None]:
    """Refer to whoever decided something; empty: the command line, or the schedule."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # people are deactivated, never deleted
        null=True,
        blank=True,
        editable=editable,
        related_name="+",
    )


class CreatedBy(models.Model):
    """A row with who made it: a key, and next to it the name of that day."""

    created_by = person_key(editable=False)
    created_by_name = models.CharField(max_length=150, blank=True, editable=False)

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        if self._state.adding and self.created_by:
            self.created_by_name = name_of(self.created_by)
        super().save(*args, **options)


class ActivityStays(TypeError):
    """An attempt to change or delete an entry of the activity log."""

    def __init__(self) -> None:
        super().__init__("The activity log is append-only.")


class ActivityQuerySet(models.QuerySet["Activity"]):
    """On PostgreSQL a trigger refuses the same, whoever asks."""

    def update(self, **fields: Any) -> NoReturn:
        raise ActivityStays

    def bulk_update(self, *args: Any, **options: Any) -> NoReturn:
        raise ActivityStays

    def delete(self) -> NoReturn:
        raise ActivityStays


class Activity(models.Model):
    """One decision; accounts/people/activity.py writes it, and nothing else does."""

    class What(models.TextChoices):
        PLAN = "plan", "planned"
        APPROVE = "approve", "approved the plan"
        UNDO = "undo", "undid what was taken over of"
        DISCARD = "discard", "discarded the plan"
        PAUSE = "pause", "paused"
        RESUME = "resume", "resumed"
        STOP = "stop", "stopped"
        RETRY = "retry", "retried failed accounts in"
        VERIFY = "verify", "verified again"
        REMOVE = "remove", "planned the removal"
        ACCEPT = "accept", "accepted as evaluated"
        ASK = "ask", "asked to accept policies of others of"
        ACCEPT_POLICY = "accept policy", "accepted a policy of others of"
        END = "end", "no longer accepts a policy of others of"
        DESCRIBE = "describe", "added"
        EDIT = "edit", "edited"
        ADOPT = "adopt", "reported on an existing Spinnaker"
        ADOPT_LIST = "adopt list", "adopted the list of roles of"
        FORGET = "forget", "deleted from Bowline"
        KEEP = "keep", "kept in AWS and deleted from Bowline"
        ROTATE = "rotate", "created a new external ID for"
        ROTATED = "rotated", "ended the external ID rotation of"
        BUILD = "build", "built"
        DOWNLOAD = "download", "downloaded"
        INSTALL = "install", "marked as installed"
        UPDATED = "updated", "marked as updated by the owner:"
        EXCLUDE = "leave out", "excluded from bundles"
        INCLUDE = "put in", "included in bundles"
        WATCH = "watch", "started watching"
        UNWATCH = "unwatch", "stopped watching"
        REFUSED = "refused", "wasn't allowed to"
        NOT_SENT = "not sent", "couldn't send the notification for"
        SETTINGS = "settings", "changed the settings"
        ROLES = "roles", "changed the roles"
        PERSON = "person", "changed the user"
        PASSWORD = "password", "changed the password"
        FACTOR_ADDED = "factor added", "added a second factor:"
        FACTOR_REMOVED = "factor removed", "removed a second factor:"
        RECOVERY_CODES = "recovery codes", "created new recovery codes"
        FACTORS_RESET = "factors reset", "reset the second factor of"
        SIGN_IN = "sign-in", "signed in"
        SIGN_IN_FAILED = "sign-in failed", "failed to sign in"
        SIGN_OUT = "sign-out", "signed out"

    number = models.PositiveBigIntegerField(primary_key=True)
    """Its place in the log: 1, 2, 3, … without a gap."""
    at = models.DateTimeField()
    person = person_key()
    """Empty: the command line, or a name that nobody has."""
    who = models.CharField(max_length=150)
    """The person's name at that moment."""
    what = models.CharField(max_length=20, choices=What)
    about = models.CharField(max_length=150, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    """Never a password, key or external ID."""
    previous = models.CharField(max_length=64, blank=True)
    """The hash of the entry before; empty in the first one."""
    hash = models.CharField(max_length=64)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "activity"
        ordering = ["-number"]
        indexes = [
            models.Index(fields=["who"], name="activity_who"),
            models.Index(fields=["about"], name="activity_about"),
        ]

    def __str__(self) -> str:
        said = f"{self.who} {self.get_what_display()} {self.about}".rstrip()
        return one_line(said)

    def save(self, *args: Any, **options: Any) -> None:
        if not self._state.adding:
            raise ActivityStays
        super().save(*args, **{**options, "force_insert": True})

    def delete(self, *args: Any, **options: Any) -> NoReturn:
        raise ActivityStays

    def digest(self) -> str:
        """Hash all that the entry says, and the hash of the one before."""
        said = {
            "number": self.number,
            "at": self.at.isoformat(),
            "person": self.person_id,
            "who": self.who,
            "what": self.what,
            "about": self.about,
            "detail": self.detail,
            "previous": self.previous,
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def is_reach(value: Any) -> bool:
    """Return whether people/reach.py wrote it, or it is empty."""
    return value == {} or (
        isinstance(value, dict)
        and isinstance(value.get("managing"), bool)
        and isinstance(value.get("managing_first", False), bool)
        and isinstance(value.get("second"), str)
        and is_texts(value.get("environments"))
        and isinstance(value.get("listed", 0), int)
        and isinstance(value.get("lost", {}), dict)
        and all(map(is_texts, value.get("lost", {}).values()))
    )


def are_authors(value: Any) -> bool:
    """Return whether it names, by what they did, the keys of people."""
    return isinstance(value, dict) and all(
        isinstance(keys, list) and all(isinstance(key, int) for key in keys)
        for keys in value.values()
    )


class Decided(models.Model):
    READS: ClassVar[Mapping[str, Check]] = {"reach": is_reach, "authors": are_authors}

    reach = models.JSONField(default=dict, editable=False)
    """What it was found to touch when it was planned, see people/reach.py; empty: it
    was planned before that was kept."""
    authors = models.JSONField(default=dict, editable=False)
    """{what they did: [keys of people]} who had caused it by then."""

    class Meta:
        abstract = True


class MovedMeanwhile(Refused):
    """Somebody else moved it first, or that move is not allowed."""

    code = "DECIDED"
    is_late = True


class Job(CreatedBy, Durable):
    """What is planned, approved by a person, and carried out: a run, or a delivery."""

    number: Any
    status: Any
    WORKING: ClassVar[tuple[str, ...]]
    """A worker is or should be busy with it."""
    OPEN: ClassVar[tuple[str, ...]]

    error = models.JSONField(null=True, blank=True)
    """{message, hint} of what ended it; of a run, {account, operation}, too."""
    waiting = models.CharField(max_length=200, blank=True)
    """What is being waited for just now."""
    approved_by = person_key()
    approved_by_name = models.CharField(max_length=150, blank=True, editable=False)
    approval_comment = models.TextField(blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        begins = self._state.adding
        super().save(*args, **options)
        if begins:
            log_states([self])

    @property
    def title(self) -> str:
        """How people call it: “Run 128”."""
        return f"{self._meta.verbose_name} {self.number}".capitalize()

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def is_working(self) -> bool:
        return self.status in self.WORKING

    def move(
        self,
        to: str,
        *,
        since: tuple[str, ...],
        among: JobQuerySet[Any] | None = None,
        **changes: Any,
    ) -> None:
        """Move on; raise MovedMeanwhile where it is not `among` these, or was moved."""
        if to not in self.OPEN:
            changes["finished_at"] = timezone.now()
        every: Any = type(self)._default_manager.all()
        rows = every if among is None else among
        if not rows.filter(pk=self.pk).move(to, since=since, **changes):
            raise MovedMeanwhile(f"{self} was changed by someone else.")
        for name, value in {"status": to, **changes}.items():
            setattr(self, name, value)
        log_states([self])

    def approve(self, to: str, by: User | None, comment: str, **changes: Any) -> None:
        """Move on what waits for approval; raise MovedMeanwhile."""
        self.move(
            to,
            since=(Status.PLANNED,),
            approved_by=by,
            approved_by_name=name_of(by),
            approved_at=timezone.now(),
            approval_comment=comment,
            **changes,
        )

    def carry(
        self, to: str, *, since: tuple[str, ...] | None = None, **changes: Any
    ) -> None:
        """Move on as the worker that holds it, first in a transaction, so that what
        follows is rolled back, too. Raise LeaseLost where it no longer holds it.
        """
        changes = {"waiting": "", **changes}
        rows: Any = type(self)._default_manager.all()
        held = rows.filter(lease=self.lease, lease__isnull=False)
        try:
            self.move(to, since=since or self.WORKING, among=held, **changes)
        except MovedMeanwhile as error:
            raise self.lost() from error

    def decided_already(self, by_whom: Callable[[], str]) -> str:
        """Say who approved it, or what became of it, before somebody else decided;
        `by_whom` says who discarded it, or for what.
        """
        if self.status == Status.DISCARDED:
            return f"{self.title} was discarded{by_whom()} before you decided."
        if by := self.approved_by_name:
            return f"{self.title} was approved by {by} before you decided."
        return f"{self.title} is already {self.status}."


J = TypeVar("J", bound=Job)


class JobQuerySet(DurableQuerySet[J]):
    def move(self, to: str, *, since: tuple[str, ...], **changes: Any) -> int:
        """Move them on, each that is in one of these states; return how many were."""
        ends = {} if to in self.model.OPEN else {"finished_at": timezone.now()}
        return move(self, to, since=since, **{**ends, **changes})

    def make_way(self, since: tuple[str, ...], refusal: Callable[[J], Refused]) -> None:
        """Discard these for a new one; raise the refusal of one that isn't discarded,
        because of its state.
        """
        for job in self:
            try:
                job.move(Status.DISCARDED, since=since)
            except MovedMeanwhile as error:
                # Whoever was quicker may have discarded it, for another or for none.
                if now := self.order_by("number").last():
                    raise refusal(now) from error


class AccountEnvironment(models.Model):
    """The environment that was last approved and carried out belongs to the AWS
    account: it stays when the account's row is deleted, renamed, or added again.
    """

    account_id = models.CharField(max_length=12, primary_key=True)
    environment = models.CharField(max_length=60, blank=True)
    """Empty: it was approved without one."""

    def __str__(self) -> str:
        return f"{self.account_id}: {self.environment or 'no environment'}"


class ApprovedEnvironment(models.Model):
    """An environment in which a plan of the AWS account was approved that isn't carried
    out: it counts from the approval on, whatever became of the plan.
    """

    account_id = models.CharField(max_length=12)
    environment = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account_id", "environment"], name="approved_environment_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account_id}: {self.environment or 'no environment'}"


HOMES = (AccountEnvironment, ApprovedEnvironment)


def approved_in(account_ids: Iterable[str]) -> dict[str, frozenset[str]]:
    """Find the environments in which these AWS accounts were approved, whether they are
    in Bowline or not; of one that never was, nothing.
    """
    found: dict[str, frozenset[str]] = {}
    for some in in_slices(sorted({*account_ids})):
        first, second = (
            home.objects.filter(account_id__in=some).values_list(
                "account_id", "environment"
            )
            for home in HOMES
        )
        for key, environment in first.union(second):
            found[key] = found.get(key, frozenset()) | {environment}
    return found


def approved_among(accounts: models.QuerySet[Any]) -> set[str]:
    """Find the environments in which the AWS accounts of these rows were approved, with
    as many queries for any number.
    """
    ids = accounts.order_by().values("account_id")
    each = (home.objects.filter(account_id__in=ids) for home in HOMES)
    found = (rows.values_list("environment", flat=True).distinct() for rows in each)
    return {*chain.from_iterable(found)}


def approved_outside(environments: Iterable[str], account_id: str) -> Q:
    """Keep the rows whose AWS account, by this field, was approved in another
    environment than these.
    """
    others = ~Q(environment__in=sorted(environments))
    same = Q(account_id=OuterRef(account_id))
    first, second = (Exists(home.objects.filter(same, others)) for home in HOMES)
    return Q(first) | Q(second)


def begin_in(account_id: str, environment: str) -> None:
    """A plan of the AWS account was approved in this environment."""
    ApprovedEnvironment.objects.get_or_create(
        account_id=account_id, environment=environment
    )


def carried_out_in(account_ids: Iterable[str], environment: str) -> None:
    """What was approved of these AWS accounts was carried out: they are in this one."""
    keys = sorted({*account_ids})
    AccountEnvironment.objects.bulk_create(
        [AccountEnvironment(account_id=key, environment=environment) for key in keys],
        update_conflicts=True,
        unique_fields=["account_id"],
        update_fields=["environment"],
    )
    ApprovedEnvironment.objects.filter(account_id__in=keys).delete()


class BrowserSession(AbstractBaseSession):
    """A session; its key is as good as a password, and its store writes the rest of
    the row out of what the session holds.
    """

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="browser_sessions",
    )
    """Null: nobody has signed in with it yet."""
    auth_hash = models.CharField(max_length=64, blank=True, editable=False)
    """What it knows of the password: a session that is older opens no page."""

    def __str__(self) -> str:
        return f"session of {self.person or 'nobody'}"


class EnvironmentPolicy(models.Model):
    """What an administrator decided about approvals in one environment."""

    environment = models.CharField(max_length=60, blank=True, unique=True)
    """Empty: accounts without one."""
    second_approver = models.BooleanField()
    """Whether whoever plans may not approve."""
    off_asked_by = person_key(editable=False)
    """Who asked to switch it off, which another administrator does; null: nobody."""

    class Meta:
        verbose_name_plural = "environment policies"

    def __str__(self) -> str:
        return self.environment or "no environment"


class EnvironmentRule(models.Model):
    """An administrator decided it; no description may contradict it."""

    class By(models.TextChoices):
        """What a rule knows accounts by, the strongest first."""

        ID = "id", "AWS account ID"
        NAME = "name", "Name pattern"
        UNIT = "unit", "Organizational unit"

    by = models.CharField(max_length=10, choices=By.choices)
    value = models.CharField(max_length=100)
    """An ID, a pattern with `*` and `?`, or the ID of a unit or root."""
    environment = models.CharField(max_length=60)

    class Meta:
        ordering: ClassVar = ["by", "value"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["by", "value"], name="rule_once")
        ]

    def __str__(self) -> str:
        return f"{self.get_by_display()} {self.value}: {self.environment}"


class Identity(Readable):
    """A subject of a provider, and the person that it is here: by nothing else, such as
    a name or a mail address, does anybody become somebody.
    """

    READS = {"groups": is_texts}

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # people are deactivated, never deleted
        related_name="identity",
    )
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)
    seen_at = models.DateTimeField()
    """When the provider last vouched for the person."""
    groups = models.JSONField(default=list, blank=True)
    """In which groups the person was then."""

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "subject"], name="one_person_a_subject"
            )
        ]

    def __str__(self) -> str:
        return f"{self.subject} of {self.issuer}"


class Preferences(models.Model):
    """What a person chose on their own page; without a row, nothing yet."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="preferences",
    )
    time_zone = models.CharField(max_length=64, blank=True)
    """As the IANA names it; empty: the browser's."""
    shortcuts = models.BooleanField(default=True)
    """Whether single keys do something."""
    mail = models.BooleanField(default=True)
    """Whether notices are sent to the person's mail address."""
    kinds = models.JSONField(default=partial(list, USUAL), blank=True)
    """What about."""
    environments = models.JSONField(default=list, blank=True)
    """Empty: all; an empty text is “no environment”."""
    saved_filters = models.JSONField(default=dict, blank=True)
    """By list: the name and the query of each."""

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.person}"


class RoleLimit(models.Model):
    """An environment that a person's role is limited to; without a row for the role,
    it is for every environment. With rows of both kinds it is for what both name.
    """

    class Role(models.TextChoices):
        OPERATOR = "operator"
        APPROVER = "approver"

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_limits"
    )
    role = models.CharField(max_length=20, choices=Role)
    environment = models.CharField(max_length=60, blank=True)
    """Empty: accounts without one."""
    by_groups = models.BooleanField(default=False, editable=False)
    """Groups at the provider say so, at each sign-in; otherwise an administrator."""

    class Meta:
        ordering = ["role", "environment"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role", "by_groups", "environment"],
                name="environment_once_per_role",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} in {self.environment or 'no environment'}"


class Scope(models.TextChoices):
    READ = "read", "Read: accounts, runs, bundles, and activity"
    OPERATE = (
        "operate",
        "Operate: add, plan, and verify accounts, build bundles, and deliver",
    )
    APPROVE = "approve", "Approve: approve and discard plans"


def are_scopes(value: Any) -> bool:
    return isinstance(value, list) and all(one in Scope.values for one in value)


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self) -> Self:
        """Keep those that open something."""
        return self.filter(expires_at__gt=Now(), revoked_at=None)

    def revoke(self) -> int:
        """Let those open nothing from now on that could until then."""
        return self.filter(revoked_at=None).update(revoked_at=Now())


class ApiToken(Readable):
    """A text with which programs act as a person, of which the digest is kept."""

    READS = {"scopes": are_scopes}

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    """The SHA-256. The token has 256 random bits, so nobody can try them all."""
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,  # people are deactivated, never deleted
        related_name="+",
        editable=False,
    )
    scopes = models.JSONField(default=list)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = "API token"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def is_usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()


KEPT = timedelta(days=1)


class KeptAnswerQuerySet(models.QuerySet["KeptAnswer"]):
    def expired(self) -> KeptAnswerQuerySet:
        return self.filter(created_at__lt=Now() - KEPT)


class KeptAnswer(models.Model):
    """What the API answered to a request with an Idempotency-Key."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, editable=False)
    """Of the request: its method, its path and its body."""
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = KeptAnswerQuerySet.as_manager()

    class Meta:
        verbose_name = "kept answer"
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="one_answer_a_key")
        ]
        indexes = [models.Index(fields=["created_at"], name="kept_answer_created")]

    def __str__(self) -> str:
        return self.key
