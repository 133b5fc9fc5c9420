"""Who may sign in by password, and who comes from single sign-on."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.http import HttpRequest

from accounts.people.roles import may_use_password


class Passwords(ModelBackend):
    """Passwords of those who may have one; without that their sessions end, too."""

    def user_can_authenticate(self, user: Any) -> bool:
        return may_use_password(user) and super().user_can_authenticate(user)


class SignedOn(ModelBackend):
    """Sessions of people whom the provider has vouched for; it takes no password."""

    def authenticate(self, request: HttpRequest | None, **_: Any) -> User | None:  # type: ignore[override]
        return None
