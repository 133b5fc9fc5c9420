"""What a request may hold: nothing that its operation does not know; and files
as bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple, TypeVar

from django.core.exceptions import TooManyFieldsSent
from django.http import HttpRequest
from ninja import NinjaAPI, Schema
from ninja.operation import Operation
from pydantic import ConfigDict

from accounts.api.problems import Code, Problem
from accounts.http import drain, length
from onboarding.bounded_yaml import MOST_BYTES

F = TypeVar("F", bound=Callable[..., Any])
READ_ON = 2 * MOST_BYTES
"""Up to this size a body is read to its end, as many programs read no answer before;
nginx lets through as much."""


class Bound(NamedTuple):
    """How many bytes a body may have, and what is said of more."""

    most: int
    says: str


def takes_bytes(most: int, says: str) -> Callable[[F], F]:
    """Let an operation read what DATA_UPLOAD_MAX_MEMORY_SIZE would refuse: it is read
    once the token is known to be good for it.
    """

    def mark(operation: F) -> F:
        operation.bound = Bound(most, says)  # type: ignore[attr-defined]
        return operation

    return mark


def read_body(request: HttpRequest, bound: Bound) -> None:
    """Keep what `request.body` would, without its bound for the whole site."""
    if (size := length(request)) > bound.most:
        if size <= READ_ON:
            drain(request)
        raise Problem(Code.TOO_LARGE, bound.says)
    request._body = request.read()


Read = Callable[..., Any]

QUERY, BODY = "query", "body"
UNKNOWN = "Unknown query parameter: {}. This operation has {}."
NONE = "no query parameters"
TWICE = "The query parameter {} is repeated. Send it once."
TOO_MANY = "The query has more than 1,000 parameters. No operation has as many."
NO_BODY = "This operation has no body. Send none, or {}."
NOTHING = (b"", b"{}")


class Request(Schema):
    """What a program sends, and each part of it."""

    model_config = ConfigDict(extra="forbid")

    def given(self, *subject: Any) -> dict[str, Any]:
        """Return what goes with a decision about the subject; raise Refused where it is
        not confirmed.
        """
        return dict(self)


class Exact(Request):
    """One whose values have their types already."""

    model_config = ConfigDict(strict=True)


def refuse_unknown(api: NinjaAPI) -> None:
    """Let each operation refuse parameters and bodies that it does not have."""
    for router in api._get_bound_routers():
        for path in router.path_operations.values():
            for operation in path.operations:
                # Once it is known who asks, and before anything is read.
                read = refusing(operation, operation._get_values)
                operation._get_values = read  # type: ignore[method-assign]


def refusing(operation: Operation, read: Read) -> Read:
    known, has_body = parameters_of(operation), takes_body(operation)
    bound: Bound | None = getattr(operation.view_func, "bound", None)

    def known_only(request: HttpRequest, *said: Any) -> Any:
        refuse_parameters(request, known)
        if bound:
            read_body(request, bound)
        if not has_body and request.body.strip() not in NOTHING:
            raise Problem(Code.UNKNOWN_KEY, NO_BODY, errors=[at(BODY, NO_BODY)])
        return read(request, *said)

    return known_only


def parameters_of(operation: Operation) -> list[str]:
    return [
        name
        for model in operation.models
        if model.__ninja_param_source__ == QUERY
        for name in model.__ninja_flatten_map__
    ]


def takes_body(operation: Operation) -> bool:
    sources = {model.__ninja_param_source__ for model in operation.models}
    return BODY in sources or "requestBody" in (operation.openapi_extra or {})


def refuse_parameters(request: HttpRequest, known: Collection[str]) -> None:
    try:
        given = request.GET
    except TooManyFieldsSent as error:
        raise Problem(Code.UNKNOWN_KEY, TOO_MANY, errors=[at(QUERY, TOO_MANY)]) from (
            error
        )
    for name, values in given.lists():
        if name not in known:
            said = UNKNOWN.format(name, ", ".join(known) or NONE)
        elif len(values) > 1:
            said = TWICE.format(name)
        else:
            continue
        errors = [at(f"{QUERY}.{name}", said)]
        raise Problem(Code.UNKNOWN_KEY, said, errors=errors)


def at(place: str, message: str) -> dict[str, str]:
    return {"at": place, "message": message}
