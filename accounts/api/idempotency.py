"""Let a change that is asked for twice with one key happen once.

The answer is kept in the transaction of the work: either both are there, or neither.
Whoever asks at the same time waits for it.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from copy import copy
from functools import wraps
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from ninja import Router
from ninja.decorators import decorate_view
from ninja.params.functions import Header
from ninja.utils import contribute_operation_args

from accounts.api.authentication import OPERATES, ApiRequest, tag_of
from accounts.api.problems import Code, Problem
from accounts.decisions.locks import lock_settings
from accounts.models import KeptAnswer, ManagedAccount

F = TypeVar("F", bound=Callable[..., Any])
Run = Callable[..., HttpResponse]

HEADER = "Idempotency-Key"
STALE = (
    "This was changed after you read it. Read it again, and send what you change of "
    "that."
)
REPLAYED = "Idempotency-Replayed"
OTHER_REQUEST = (
    "This Idempotency-Key was sent with another request. Use a new key for each change."
)


def changes(
    router: Router,
    path: str,
    summary: str,
    response: Any,
    *,
    auth: Any = OPERATES,
    method: str = "POST",
    guards: bool = False,
) -> Callable[[F], F]:
    """Make a function an operation that changes something, which answers a repeated
    Idempotency-Key with the kept answer. `guards`: what a GET at its address reads.
    """
    operation = router.api_operation(
        [method], path, summary=summary, response=response, auth=auth
    )
    guarded = once_if_current if guards else once
    return lambda change: operation(guarded(change))


def once(change: F) -> F:
    """Let a change happen once; write it below the router's own decorator."""
    return decorate_view(whole)(keyed(change))


def once_if_current(change: F) -> F:
    """Do as `once`, unless somebody changed what the program read before."""

    @wraps(change)
    def checked(request: ApiRequest, if_match: str = "", **said: Any) -> Any:
        if if_match:
            refuse_stale(request, if_match)
        return change(request, **said)

    signature = inspect.signature(change, eval_str=True)
    checked.__signature__ = signature  # type: ignore[attr-defined]
    header = Header(
        "",
        alias="If-Match",
        max_length=200,
        description="The ETag of the answer that you read. If someone has changed it "
        "since, nothing is changed, and the answer is 412.",
    )
    contribute_operation_args(checked, "if_match", str, header)
    return once(checked)  # type: ignore[return-value]


def refuse_stale(request: ApiRequest, tags: str) -> None:
    """Raise Problem where what is read at this address now has none of these ETags.
    Nobody edits it until the change is made.
    """
    match = request.resolver_match
    assert match is not None
    named = ManagedAccount.objects.filter(name=match.kwargs.get("name"))
    lock_settings(named.values_list("pk", flat=True))
    reading = copy(request)
    reading.method, reading._body = "GET", b""
    view: Any = match.func
    now = tag_of(view.__wrapped__(reading, **match.kwargs))  # the token was checked
    read = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    if now is None or not read & {now, "*"}:
        raise Problem(Code.STALE, STALE)


def once_if_keyed(reading: F) -> F:
    """Do as `once` for what writes nothing: without a key there is nothing to keep, and
    no transaction, at whose beginning SQLite stops everybody who writes.
    """
    return decorate_view(whole_if_keyed)(keyed(reading))


def keyed(change: F) -> F:
    """Let a change take a key, and keep its answer in the transaction of `whole`."""

    @wraps(change)
    def change_once(request: ApiRequest, idempotency_key: str = "", **said: Any) -> Any:
        if not idempotency_key:
            return change(request, **said)
        wanted = {"token": request.token, "key": idempotency_key}
        digest = request_digest(request)
        try:
            with transaction.atomic():
                row = KeptAnswer.objects.create(**wanted, digest=digest)
        except IntegrityError:
            return again(KeptAnswer.objects.get(**wanted), digest)
        request.kept = row  # type: ignore[attr-defined]  # for `whole`
        return change(request, **said)

    # ninja would search for the names of its annotations in this module.
    signature = inspect.signature(change, eval_str=True)
    change_once.__signature__ = signature  # type: ignore[attr-defined]
    header = Header(
        "",
        alias=HEADER,
        max_length=100,
        pattern="^[!-~]*$",
        description="A unique string that you choose. The same key within a day "
        "returns the same answer, and changes nothing again.",
    )
    contribute_operation_args(change_once, "idempotency_key", str, header)
    return change_once  # type: ignore[return-value]


def whole(run: Run) -> Run:
    """Make an operation and its kept answer one transaction, or nothing."""

    @wraps(run)
    def answer(request: HttpRequest, **said: Any) -> HttpResponse:
        with transaction.atomic():
            response = run(request, **said)
            row: KeptAnswer | None = getattr(request, "kept", None)
            if response.status_code >= 400:
                transaction.set_rollback(True)
            elif row is not None:
                row.status, row.answer = response.status_code, response.content.decode()
                row.save(update_fields=["status", "answer"])
        return response

    return answer


def whole_if_keyed(run: Run) -> Run:
    kept = whole(run)

    @wraps(run)
    def answer(request: HttpRequest, **said: Any) -> HttpResponse:
        return (kept if request.headers.get(HEADER) else run)(request, **said)

    return answer


def again(row: KeptAnswer, digest: str) -> HttpResponse:
    """Answer as the first time; raise Problem where the request is another one."""
    if row.digest != digest:
        raise Problem(Code.KEY_REUSED, OTHER_REQUEST)
    return HttpResponse(
        row.answer,
        status=row.status,
        content_type="application/json; charset=utf-8",
        headers={REPLAYED: "true"},
    )


def request_digest(request: HttpRequest) -> str:
    said = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    said.update(request.body)
    return said.hexdigest()
