"""Bowline's own list of accounts in Spinnaker: what it sent, and what is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from onboarding.delivery.verdicts import Owned


class DeliveredAccountQuerySet(models.QuerySet["DeliveredAccount"]):
    def owned(self) -> DeliveredAccountQuerySet:
        """Keep those that are in Spinnaker, may be, or are still loaded there."""
        return self.filter(forgotten=False)

    def by_name(self, names: Iterable[str] | None = None) -> dict[str, Owned]:
        """Return the list as plans are made of it."""
        rows = self.owned()
        if names is not None:
            rows = rows.filter(name__in=names)
        columns = rows.values_list("name", "type", "sent", "sending", "leaving")
        return {one[0]: Owned(*one) for one in columns.iterator()}

    def seen_loaded(self, names: Iterable[str], at: datetime) -> int:
        """They are loaded as they were sent; since then, where they were before."""
        new = self.filter(name__in=names, loaded_at=None)
        return new.update(loaded_at=at, gone_at=None)

    def seen_gone(self, names: Iterable[str], at: datetime) -> int:
        """Nothing of these names is loaded; since then, where that was so before."""
        new = self.filter(name__in=names, gone_at=None)
        return new.update(gone_at=at, loaded_at=None)

    def not_seen(self, names: Iterable[str]) -> int:
        """Neither holds: what counted so far starts again."""
        return self.filter(name__in=names).update(loaded_at=None, gone_at=None)

    def made_at(self, name: str) -> datetime | None:
        """Say when it was made, where it was: Spinnaker may still refuse its maker."""
        made = self.filter(name=name).exclude(sent="").values_list("made_at", flat=True)
        return made.first()

    def forget(self, names: Iterable[str]) -> int:
        """Spinnaker neither stores them nor has them loaded: they are Bowline's no
        more. The rows stay, because they say that Spinnaker forgot them, too.
        """
        return self.filter(name__in=names).update(forgotten=True)


class DeliveredAccount(models.Model):
    """An account that Bowline made or took over in Spinnaker. It is kept before
    anything is sent: see `Owned`.
    """

    name = models.CharField(max_length=63, primary_key=True)
    type = models.CharField(max_length=10)
    sent = models.CharField(max_length=64, blank=True)
    """The digest of what Spinnaker stored last; empty: nothing, or it was deleted."""
    sending = models.CharField(max_length=64, blank=True)
    """The digest of what may be sent at this moment."""
    leaving = models.BooleanField(default=False)
    forgotten = models.BooleanField(default=False)
    """It was deleted, and unloaded: what has this name now is somebody else's."""
    account_id = models.CharField(max_length=12, blank=True)
    """Of AWS, and the external ID: as they were sent last. Of `aws` accounts only."""
    external_id = models.CharField(max_length=1224, blank=True)
    made_at = models.DateTimeField(null=True)
    """When Bowline first sent it, since it was not there or was deleted."""
    sent_at = models.DateTimeField()
    """When Spinnaker was last asked to store or to delete it."""
    loaded_at = models.DateTimeField(null=True)
    """Since when Spinnaker is seen to have it loaded, as it was sent."""
    gone_at = models.DateTimeField(null=True)
    """Since when Spinnaker is seen not to have it loaded."""

    objects = DeliveredAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "delivered account"
        ordering = ["name"]
        indexes = [models.Index(fields=["account_id"], name="delivered_account_id")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_gone(self) -> bool:
        """Return whether it was deleted, and seen to be loaded no more."""
        return self.forgotten or (self.leaving and self.gone_at is not None)
