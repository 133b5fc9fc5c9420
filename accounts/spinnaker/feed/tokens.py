"""Make, find and revoke the feed's tokens. The text is shown once and kept nowhere."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.models import Activity, FeedToken
from accounts.people.activity import record
from accounts.tokens.text import new_text, token_digest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SCOPE = "bowline-feed-"
"""What each begins with."""
MOST = 20
"""Usable tokens at once."""
USED_AGAIN = timedelta(seconds=10)
"""A use that close to the last one is not written down."""


@transaction.atomic
def make(by: User, pk: UUID, **fields: Any) -> str:
    """Make a token, and return its text."""
    text = new_text(SCOPE)
    token = FeedToken.objects.create(
        pk=pk, digest=token_digest(text), created_by=by, **fields
    )
    expires = token.expires_at.isoformat() if token.expires_at else "never"
    detail = {"feed token": "created", "expires": expires, "gateway": token.gateway}
    record(by, Activity.What.SETTINGS, f"feed token {token}", detail)
    return text


@transaction.atomic
def revoke(by: User, token: FeedToken) -> bool:
    """Let it open nothing from now on; return whether it could until then."""
    if not FeedToken.objects.filter(pk=token.pk).revoke():
        return False
    record(by, Activity.What.SETTINGS, f"feed token {token}", {"feed token": "revoked"})
    return True


def find(text: str) -> FeedToken | None:
    """Return the usable token of this text."""
    digest = token_digest(text)
    usable = list(FeedToken.objects.usable())
    found = [one for one in usable if constant_time_compare(one.digest, digest)]
    return found[0] if found else None


def note_use(token: FeedToken, sent: int, now: datetime | None = None) -> None:
    """Write down that it was used, and how many records were sent."""
    now = now or timezone.now()
    if sent or token.used_at is None or now - token.used_at > USED_AGAIN:
        FeedToken.objects.filter(pk=token.pk).update(used_at=now, sent=sent)
