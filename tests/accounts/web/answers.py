"""What a page answers: its address, what it told, and what it left of an account."""

from __future__ import annotations

from typing import Any

from django.contrib.messages import get_messages

from accounts.models import ManagedAccount


def url(account: ManagedAccount, step: str) -> str:
    return f"/accounts/{account.pk}/{step}/"


def told(response: Any) -> str:
    return " ".join(str(m) for m in get_messages(response.wsgi_request))


def again(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.get(pk=account.pk)
