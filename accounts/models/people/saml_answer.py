"""Answers of the SAML provider: used once, by whichever process, and then forgotten."""

from __future__ import annotations

from django.db import models

from accounts.models.readable import Readable


class SamlAnswer(Readable):
    """An assertion that arrived, until it would be refused as too old anyway.

    It arrives without the browser's session, which a form of another site does not
    send. So what it says waits here until the same browser comes for it.
    """

    assertion = models.CharField(max_length=64, unique=True)
    """The digest of its ID: a second one with it is refused."""
    request = models.CharField(max_length=64, unique=True)
    """The digest of the request that it answers, which only one browser knows."""
    claims = models.JSONField(null=True, blank=True)
    """What is used of it; nothing once the browser came for it."""
    until = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = "answer of the SAML provider"
        verbose_name_plural = "answers of the SAML provider"

    def __str__(self) -> str:
        return f"answer to {self.request[:8]}"
