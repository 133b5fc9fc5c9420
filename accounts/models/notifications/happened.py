"""What happened to single runs, until a notice says it: many at once are one notice."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models.runs import Run


class Digest(models.Model):
    """What happened of one kind, in one notice."""

    what = models.CharField(max_length=20)
    day = models.DateField(null=True)
    """Of what is said once a day only."""
    since = models.DateTimeField(null=True)
    """What became so after this is part of it."""
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["what", "day"], name="digest_of_a_day")
        ]
        indexes = [models.Index(fields=["what", "created_at"], name="digest_newest")]

    def __str__(self) -> str:
        return f"{self.what} of {self.created_at:%-d %b %Y, %H:%M} UTC"


class Happened(models.Model):
    """Written in the transaction of what happened."""

    what = models.CharField(max_length=20)
    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="+")
    environment = models.CharField(max_length=60, blank=True)
    at = models.DateTimeField(db_default=Now())
    digest = models.ForeignKey(
        Digest, on_delete=models.CASCADE, null=True, related_name="happened"
    )
    """Empty: no notice says it yet."""

    class Meta:
        verbose_name_plural = "what happened"
        indexes = [
            models.Index(
                fields=["what", "at"],
                condition=models.Q(digest=None),
                name="happened_untold",
            )
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.run_id}"
