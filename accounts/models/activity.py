"""The activity log: who decided what, when. Entries are added and never changed.

Each entry carries the hash of the one before it, so that whoever changes or removes one
in the database breaks the chain: `manage.py check_activity` finds where.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.db import models

from onboarding.names import one_line

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models.expressions import Combinable


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
