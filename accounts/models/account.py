"""What people describe and runs act on: a version, a state, and how the state
changes; rows refuse to be loaded where a column contains what nothing can read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from pydantic import TypeAdapter, ValidationError

from accounts.models.states import (
    BROKEN,
    PASSING,
    VERIFIED,
    Facts,
    Standing,
    State,
    move,
    stale_since,
    standing,
    standing_word,
    verification_is_stale,
)
from onboarding import names
from onboarding.desired import POLICY_SET
from onboarding.desired.capacity import PolicySet, policy_sets_after
from onboarding.names import short
from onboarding.topology import MadeBy

Check = Callable[[Any], bool]


def storable(text: str, longest: int | None = None) -> str:
    """Make any text one that every database takes, and that a page can show."""
    shown = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return shown.encode(errors="replace").decode()[:longest]


class Unreadable(ValueError):
    """A column that cannot be read; the message says which one and what it holds."""

    def __init__(self, row: models.Model, column: str, value: object) -> None:
        super().__init__(
            f"The column {column} of the {row._meta.verbose_name} {row.pk} contains "
            f"{short(repr(value))}, which this Bowline can't read."
        )


class Readable(models.Model):
    READS: ClassVar[Mapping[str, Check]] = {}
    """What a column may hold, where its type and its choices do not say it."""

    class Meta:
        abstract = True

    @classmethod
    def from_db(
        cls,
        db: str | None,
        field_names: Collection[str],
        values: Collection[Any],
        **options: Any,
    ) -> Self:
        """Make the row; raise Unreadable where a loaded column cannot be read."""
        row = super().from_db(db, field_names, values, **options)
        for column, reads in checks_of(cls):
            if column in row.__dict__ and not reads(row.__dict__[column]):
                raise Unreadable(row, column, row.__dict__[column])
        return row


@cache
def checks_of(model: type[Readable]) -> tuple[tuple[str, Check], ...]:
    """List the columns that are checked: those with choices, JSON, and READS."""
    fields = model._meta.concrete_fields
    usual = {field.name: usual_check(field) for field in fields}
    checks = {column: check for column, check in usual.items() if check}
    return tuple({**checks, **model.READS}.items())


def usual_check(field: models.Field[Any, Any]) -> Check | None:
    """Say what such a column contains unless READS says more."""
    if field.choices:
        return is_one_of({*dict(field.flatchoices), *[""] * field.blank})
    if not isinstance(field, models.JSONField):
        return None
    if field.null:
        return is_mapping_or_none
    return is_mapping if field.default is dict else is_list


def is_one_of(known: Collection[Any]) -> Check:
    return lambda value: value in known


def fits(schema: Any) -> Check:
    """Return whether a value is as the schema says, with nothing converted."""
    adapter = TypeAdapter(schema)

    def check(value: Any) -> bool:
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError:
            return False
        return True

    return check


def is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def is_mapping_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def is_list(value: Any) -> bool:
    return is_texts(value) or is_mappings(value)


def is_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def is_slug(value: Any) -> bool:
    """Return it if a URL can hold it; else an empty text."""
    return re.fullmatch(r"[-\w]*", str(value), re.ASCII) is not None


M = TypeVar("M", bound="Account")

# The engine's rules about names, as validators of rows.
is_account_name = RegexValidator(
    rf"^{names.ACCOUNT_NAME.pattern}\Z", names.ACCOUNT_NAME.rule
)
is_environment = RegexValidator(
    rf"^{names.ENVIRONMENT.pattern}\Z", names.ENVIRONMENT.rule
)
is_account_id = RegexValidator(r"^[0-9]{12}\Z", names.ACCOUNT_ID_RULE)
is_role_name = RegexValidator(rf"^{names.ROLE_NAME.pattern}\Z", names.ROLE_NAME.rule)
is_external_id = RegexValidator(
    rf"^{names.EXTERNAL_ID.pattern}\Z", names.EXTERNAL_ID.rule
)
is_session_name = RegexValidator(
    rf"^{names.SESSION_NAME.pattern}\Z", names.SESSION_NAME.rule
)
is_path_and_role = RegexValidator(
    rf"^{names.PATH_AND_ROLE.pattern}\Z", names.PATH_AND_ROLE.rule
)

VERIFICATIONS = ("", *VERIFIED)

STILL_BROKEN = When(before_plan__in=BROKEN, then=F("before_plan"))
"""A plan that came to nothing fixes nothing."""


class DescribedQuerySet(models.QuerySet[M]):
    UNVERIFIED: ClassVar[dict[str, Any]] = {"verification": ""}
    """What no longer holds once something is edited, applied or failed."""

    FOUND: ClassVar[dict[str, Any]] = {}
    """What else a proof says, as it found what is described."""

    def at(self, version: int) -> Self:
        """Keep the row only if nobody has edited it since that version."""
        return self.filter(version=version)

    def move(self, to: State | Case, **changes: Any) -> int:
        """Change their state, whichever it is: the run that asks for it was moved in
        the same transaction, and an edit wins over any.
        """
        return move(self, to, since=None, **changes)

    def stale(self) -> Self:
        """Keep those whose proof is older than VERIFICATION_MAX_AGE."""
        return self.filter(verification_is_stale())

    def on_older_policies(self) -> Self:
        """Keep those that a plan would bring newer policies."""
        return self.filter(has_older_policies())

    def pass_to(self, state: State, **changes: Any) -> int:
        """Be in a state that passes, and know in which one it was before."""
        before = Case(
            When(state__in=PASSING, then=F("before_plan")), default=F("state")
        )
        return self.move(state, before_plan=before, **changes)

    def wait_for_approval(self) -> int:
        """A plan is there to be read. What was proved still holds."""
        return self.pass_to(State.PLANNED)

    def begin_applying(self) -> int:
        """A plan was approved, so what was proved holds no longer."""
        return self.pass_to(State.APPLYING, **self.UNVERIFIED)

    def hand_off(self) -> int:
        """Bowline has done its part, and an account's owner creates the rest."""
        return self.move(State.HANDED_OFF)

    def verify_unchanged(self) -> int:
        """Nothing had to change in AWS; it is only verified."""
        return self.pass_to(State.APPLYING)

    def verify(self, state: State, at: datetime, **found: Any) -> int:
        """What is described was verified: walked, or evaluated from the policies."""
        found = {**self.FOUND, **found}
        return self.move(state, verification=state, verified_at=at, **found)

    def have_policies(self, policy_set: int) -> int:
        """All of that policy set was found in AWS, and nothing else of Bowline's."""
        return self.update(policy_set=policy_set)

    def fail(self) -> int:
        return self.move(State.FAILED, **self.UNVERIFIED)

    def drift(self, *, unapproved: int = 0) -> int:
        """AWS is no longer what was approved; as often, roles may do more."""
        return self.move(State.DRIFTED, unapproved=unapproved, **self.UNVERIFIED)

    def await_plan(self) -> int:
        """The plan no longer fits, or an edit waits that only Spinnaker notices."""
        return self.move(State.OUTDATED)

    def outdate(self, *, verified: bool = False) -> int:
        """Count an edit: every plan made before it is outdated now. Where it changes
        nothing in AWS, what was `verified` still holds.
        """
        draft = When(state=State.DRAFT, then=Value(State.DRAFT))
        return self.move(
            Case(draft, default=Value(State.OUTDATED)),
            version=F("version") + 1,
            updated_at=timezone.now(),
            **({} if verified else self.UNVERIFIED),
        )


def has_older_policies() -> Q:
    return Q(policy_set__gt=0, policy_set__lt=POLICY_SET)


class Account(models.Model):
    state = models.CharField(max_length=12, choices=State, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1, editable=False)
    verification = models.CharField(max_length=12, blank=True, editable=False)
    """`verified` or `evaluated` while the last verification holds, else empty: a
    plan that waits takes nothing away, an edit or an apply does."""
    verified_at = models.DateTimeField(null=True, blank=True, editable=False)
    unknown_writes = models.PositiveIntegerField(default=0, editable=False)
    """How many changes Spinnaker may be allowed or denied, as last verified."""
    undeployable = models.PositiveIntegerField(default=0, editable=False)
    """How many regions are without what a deployment needs, as last verified."""
    unapproved = models.PositiveIntegerField(default=0, editable=False)
    """How much lets roles do what nobody approved, where it is drifted."""
    before_plan = models.CharField(
        max_length=12, choices=State, default=State.DRAFT, editable=False
    )
    """Its state before the plan that waits or is carried out."""
    policy_set = models.PositiveIntegerField(default=0, editable=False)
    """The POLICY_SET that was last found complete; 0: none yet."""
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True

    FOLLOWS: ClassVar = {
        "external_id_prefix",
        "pod_issuer",
        "updated_at",
    }
    """Columns that no form shows, and that follow from an edit."""
    MOVED: ClassVar = {"state", "verified_at"}

    def save(self, *args: Any, **options: Any) -> None:
        """Write what an edit is about; what runs and decisions write has UPDATEs of its
        own, and was read before somebody else wrote it.
        """
        if not self._state.adding and options.get("update_fields") is None:
            edited = self.FOLLOWS | {f.name for f in self._meta.fields if f.editable}
            names = {field.name for field in self._meta.concrete_fields}
            options["update_fields"] = (edited & names) - self.MOVED
        super().save(*args, **options)

    @property
    def stale_since(self) -> datetime | None:
        """Say when its verification became too old; None while it has not."""
        return stale_since(self.verification, self.verified_at)

    @property
    def word(self) -> str:
        """Say its state in one word."""
        return standing_word(
            self.state,
            is_stale=self.stale_since is not None,
            unknown_writes=self.unknown_writes,
            undeployable=self.undeployable,
            unapproved=self.unapproved,
        )

    @property
    def facts(self) -> Facts:
        return Facts(
            self.state,
            self.verification,
            is_stale=self.stale_since is not None,
            unknown_writes=self.unknown_writes,
            undeployable=self.undeployable,
            unapproved=self.unapproved,
        )

    @property
    def standing(self) -> Standing:
        return standing(self.facts)

    @property
    def has_older_policies(self) -> bool:
        """Return whether a plan would bring newer policies, whatever else it brings."""
        return 0 < self.policy_set < POLICY_SET

    @property
    def newer_policies(self) -> tuple[PolicySet, ...]:
        """List what came after its policy set; nothing for a draft."""
        return policy_sets_after(self.policy_set) if self.policy_set else ()

    def touch(self, *, verified: bool = False) -> None:
        """Count an edit of this row; see mapping/edits.py for what else it outdates."""
        rows: Any = type(self)._default_manager
        rows.filter(pk=self.pk).outdate(verified=verified)
        self.refresh_from_db()


MISSES = 2
"""Refusals in a row after which an account's roles count as gone: one may be AWS's."""


MAKERS = [
    (MadeBy.BOWLINE.value, "Bowline, after approval"),
    (MadeBy.OWNER.value, "The account owner"),
]


MANAGED_MAKERS = [
    *MAKERS,
    (MadeBy.ORGANIZATION.value, "The organization, for many accounts"),
]


class MadeByOthers(models.Model):
    made_by: str
    reader_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    """By which Bowline reads an account that somebody else makes; empty: none."""
    external_id_prefix = models.CharField(max_length=40, blank=True, editable=False)
    """Where one template makes many accounts, each one's external ID is this with its
    account ID; empty: the account has an external ID of its own."""
    missed = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often in a row AWS refused the role that the owner had made."""

    class Meta:
        abstract = True

    @property
    def is_of_organization(self) -> bool:
        """Return whether one template makes the roles of many accounts."""
        return self.made_by == MadeBy.ORGANIZATION

    @property
    def is_handed_off(self) -> bool:
        """Return whether somebody else makes the roles, and Bowline only verifies."""
        return self.made_by != MadeBy.BOWLINE

    @property
    def is_missing(self) -> bool:
        """Return whether the roles that were proved count as gone."""
        return self.missed >= MISSES


class InCommon(models.Model):
    """The columns of SHARED in onboarding/description, of an account or a watch."""

    READS_IN_COMMON = {
        "regions": is_texts,
        "read_roles": is_texts,
        "write_roles": is_texts,
    }

    environment = models.CharField(
        max_length=60, blank=True, validators=[is_environment]
    )
    regions = models.JSONField(default=list)
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    made_by = models.CharField(
        max_length=12, choices=MANAGED_MAKERS, default=MadeBy.BOWLINE.value
    )
    uses_external_id = models.BooleanField(default=True)
    read_roles = models.JSONField(default=list, blank=True)
    write_roles = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True
