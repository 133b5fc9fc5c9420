"""Files as bodies: larger than other bodies, and never larger than on a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

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
        if (size := length(request)) > MOST_BYTES:
            if size <= READ_ON:
                drain(request)
            raise Problem(Code.TOO_LARGE, TOO_LARGE)
        # What `request.body` would keep, without its bound for the whole site.
        request._body = request.read()
        return operation(request, **said)

    return reading  # type: ignore[return-value]
