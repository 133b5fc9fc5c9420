"""Who a person is to the single sign-on."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from accounts.models.readable import Readable, is_texts


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
