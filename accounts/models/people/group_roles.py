"""Which roles a group of the single sign-on has, as an administrator decided."""

from __future__ import annotations

from django.db import models

from accounts.models.readable import Readable, is_texts


class GroupRoles(Readable):
    """A group, as the provider names it, and the roles of whoever is in it."""

    READS = {"roles": is_texts}

    group = models.CharField(max_length=255, unique=True)
    roles = models.JSONField(default=list)

    class Meta:
        verbose_name = verbose_name_plural = "roles of groups"
        ordering = ["group"]

    def __str__(self) -> str:
        return self.group
