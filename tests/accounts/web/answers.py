"""What a page answers: its address, what it told, and what it left of an account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib.messages import get_messages

from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, Question, Run
from accounts.tasks import carry_on


def url(account: ManagedAccount, step: str) -> str:
    return f"/accounts/{account.pk}/{step}/"


def messages_of(response: Any) -> str:
    return " ".join(str(m) for m in get_messages(response.wsgi_request))


def again(account: ManagedAccount) -> ManagedAccount:
    return ManagedAccount.objects.get(pk=account.pk)


def read(run: Run, **fields: str) -> dict[str, str]:
    """Fill in the form that approves a plan, as its page was just read."""
    return {"read": plan_of(run).digest, **fields}


def fails_halfway(*_: Any) -> Iterator[str]:
    """Write a file as its beginning, and no more."""
    yield "name\n"
    raise ZeroDivisionError


def work() -> None:
    """Answer, as a worker does, whatever pages have asked of AWS."""
    for asked in Question.objects.due():
        carry_on("question", str(asked.pk))


def looked(
    client: Any, url: str, query: dict[str, str] | None = None, **get: Any
) -> Any:
    """Ask AWS as a page does, let a worker answer, and fetch the answer."""
    client.get(url, {**(query or {}), "look": "1"}, **get)
    work()
    return client.get(url, {**(query or {}), "look": "answer"}, **get)
