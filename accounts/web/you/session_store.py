"""Sessions that end: so long after the sign-in, and so long after the last use.

When it ends is the row's `expire_date`, so nothing that is stored can prolong it. A use
moves that date alone: two requests at once lose nothing of what a session holds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.models import BrowserSession

SINCE = "signed_in_at"
NOTED_EACH = timedelta(minutes=1)
"""A use that close to the last one is not written down."""
COOKIE_OUTLIVES = 7 * 24 * 60 * 60
"""Seconds for which a browser keeps the cookie of a session that has ended, so that the
sign-in can say that it did.
"""


class SessionStore(DatabaseStore):
    def __init__(self, session_key: str | None = None) -> None:
        super().__init__(session_key)
        self.ends_at: datetime | None = None
        """When the stored row ends; None: there is none yet."""

    @classmethod
    def get_model_class(cls) -> type[BrowserSession]:
        return BrowserSession

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        row: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]  # not in the stubs
        self.ends_at = row.expire_date if row else None
        return row

    def create_model_instance(self, data: dict[str, Any]) -> BrowserSession:
        """Make the row: saving a session prolongs it by nothing."""
        row = super().create_model_instance(data)
        assert isinstance(row, BrowserSession)
        row.person_id = data.get(SESSION_KEY)
        row.auth_hash = data.get(HASH_SESSION_KEY, "")
        latest = latest_end(data)
        row.expire_date = min(self.ends_at, latest) if self.ends_at else latest
        return row

    def begin(self) -> None:
        """Let it end as one that was used just now, whatever it was before."""
        self.ends_at = self.end_of_use()

    def use(self) -> None:
        """Let it end later, because a person did something."""
        end = self.end_of_use()
        if self.session_key and self.ends_at and end - self.ends_at > NOTED_EACH:
            rows = BrowserSession.objects.filter(session_key=self.session_key)
            rows.update(expire_date=end)
            self.ends_at = end

    def end_of_use(self) -> datetime:
        latest = latest_end({SINCE: self.get(SINCE)})
        idle = timedelta(minutes=settings.SESSION_IDLE_MINUTES)
        return min(timezone.now() + idle, latest) if idle else latest

    def get_expiry_age(self, **kwargs: Any) -> int:
        """Return how long the browser keeps the cookie."""
        return super().get_expiry_age(**kwargs) + COOKIE_OUTLIVES


def latest_end(data: dict[str, Any]) -> datetime:
    """Return when a session of this content ends, however much it is used."""
    since = parse_datetime(str(data.get(SINCE, ""))) or timezone.now()
    return since + timedelta(seconds=settings.SESSION_COOKIE_AGE)
