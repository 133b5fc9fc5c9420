"""People for tests."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import Identity
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import person


def of_provider(username: str, role: str = "operator", **fields: Any) -> User:
    """Make somebody who came by the single sign-on."""
    user = person(role, username=username)
    user.set_unusable_password()
    user.save()
    Identity.objects.create(
        person=user,
        issuer=PROVIDER.issuer,
        subject=f"subject-of-{username}",
        **{"seen_at": timezone.now(), **fields},
    )
    return user
