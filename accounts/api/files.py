"""Files as bodies: larger than other bodies, and never larger than on a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from django.http import HttpRequest

from accounts.api.authentication import ApiRequest
from accounts.api.codes import Code
from accounts.api.problems import Problem
from accounts.http import drain, length
from onboarding.accounts_file.reader import TOO_LARGE
from onboarding.bounded_yaml import MOST_BYTES

F = TypeVar("F", bound=Callable[..., Any])
READ_ON = 2 * MOST_BYTES
"""Up to this size a body is read to its end, as many programs read no answer before;
nginx lets through as much."""


def takes_a_file(operation: F) -> F:
    """Let an operation read what DATA_UPLOAD_MAX_MEMORY_SIZE would refuse.

    Write it above `once`. Whoever may not call the operation sends nothing: it is read
    once the token is known to be good for it.
    """

    @wraps(operation)
    def reading(request: ApiRequest, **said: Any) -> Any:
        read_body(request, Bound(MOST_BYTES, TOO_LARGE))
        return operation(request, **said)

    return reading  # type: ignore[return-value]


class Bound(NamedTuple):
    """How many bytes a body may have, and what is said of more."""

    most: int
    says: str


def takes_bytes(most: int, says: str) -> Callable[[F], F]:
    """Let an operation have a body of JSON that is larger than other bodies."""

    def mark(operation: F) -> F:
        operation.bound = Bound(most, says)  # type: ignore[attr-defined]
        return operation

    return mark


def bound_of(operation: Callable[..., Any]) -> Bound | None:
    """Return what `takes_bytes` says, also through decorators."""
    return getattr(operation, "bound", None)


def read_body(request: HttpRequest, bound: Bound) -> None:
    """Keep what `request.body` would, without its bound for the whole site."""
    if (size := length(request)) > bound.most:
        if size <= READ_ON:
            drain(request)
        raise Problem(Code.TOO_LARGE, bound.says)
    request._body = request.read()
