"""How a person wants pages to be: theirs alone, and nobody's decision."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.db import models

from accounts.models.notifications.kinds import USUAL


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
