"""Where somebody is signed in: Django's sessions, and whose each one is."""

from __future__ import annotations

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models


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
