"""What is kept of somebody who came by single sign-on."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import Identity
from tests.rows import session_row


def sign_on(person: User, text: str) -> None:
    """Keep what a provider said, with this text in it."""
    now = timezone.now()
    Identity.objects.create(
        person=person,
        issuer="https://sso.example.com",
        subject=text,
        seen_at=now,
        groups=[text],
    )
    session_row(person)
