"""Answers that are kept for a while: who asks again with the same key gets the same."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models.functions import Now

from accounts.models.api.token import ApiToken

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
