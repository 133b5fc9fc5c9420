"""Make the doors of decisions in the API: a path, a body, and what is answered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import MappingProxyType, UnionType
from typing import Any

from ninja import Router
from ninja.responses import Status

from accounts.api.authentication import APPROVES, OPERATES, ApiRequest
from accounts.api.idempotency import changes
from accounts.api.requests import Request
from accounts.decisions.decision import Decision
from accounts.people.roles import APPROVER, OPERATOR

SCOPES = {OPERATOR: OPERATES, APPROVER: APPROVES}
"""What a token needs, by the role of the decision. The API has nothing for
administrators."""
NOTHING: Mapping[str, Any] = MappingProxyType({})


def operation(
    router: Router,
    path: str,
    decision: Decision[Any, Any],
    name: str,
    summary: str,
    response: dict[int, Any],
    *,
    says: str,
    answer: Callable[..., Any] | None = None,
    find: Callable[..., Any] | None = None,
    body: Any = None,
    given: Mapping[str, Any] = NOTHING,
    method: str = "POST",
) -> None:
    """Make the operation by which a program decides.

    `find` finds the subject, or a tuple of them, by the path's parameters, with their
    types; None: there is none. What the body's `given` returns goes with the decision,
    or `given` where there is no body; `Body | None` may be left out. `answer` makes the
    answer from the request, the subject and the result; None: the result itself is it.
    """
    found_by = inspect.signature(find, eval_str=True) if find else None
    places = [*found_by.parameters.values()] if found_by else []
    (status,) = response

    def change(request: ApiRequest, **said: Any) -> Any:
        asked: Request | None = said.pop("body", None)
        found = find(**said) if find else ()
        subject = found if isinstance(found, tuple) else (found,)
        along = asked.given(*subject) if asked else given
        done = decision(*subject, request.user, **along)
        if answer is not None:
            done = answer(request, *subject, done)
        return Status(status, done if response[status] else None)

    parameters = [parameter("request", ApiRequest), *places]
    if body is not None:
        parameters.append(parameter("body", body))
    keyword = inspect.Parameter.KEYWORD_ONLY
    change.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [parameters[0], *(one.replace(kind=keyword) for one in parameters[1:])]
    )
    change.__name__, change.__doc__ = name, says
    change.decision = decision  # type: ignore[attr-defined]  # for the table of doors
    assert decision.role is not None
    auth = SCOPES[decision.role]
    changes(router, path, summary, response, auth=auth, method=method)(change)


def parameter(name: str, kind: Any) -> inspect.Parameter:
    usual = inspect.Parameter.POSITIONAL_OR_KEYWORD
    default = None if isinstance(kind, UnionType) else inspect.Parameter.empty
    return inspect.Parameter(name, usual, annotation=kind, default=default)
