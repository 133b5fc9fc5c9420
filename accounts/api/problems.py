"""What went wrong, as RFC 9457 has it, in the sentences that the pages show."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja.errors import HttpError
from ninja.errors import ValidationError as DoesNotFit

from accounts.api.codes import Code
from accounts.discover.questions import ask
from accounts.models import Question
from accounts.models.account import Unreadable
from accounts.refused import Refused
from accounts.work.unwritable import why_unwritable
from onboarding.accounts_file import FileProblems
from onboarding.details import DetailsError
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.bundle.contents import BadArchive

if TYPE_CHECKING:
    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
Errors = Sequence[Mapping[str, str]]
NO_ERRORS: Errors = ()
NO_NAMES: Mapping[str, str] = MappingProxyType({})

CODES: Mapping[type[Exception], Code] = {
    PermissionDenied: Code.NOT_ALLOWED,
    DetailsError: Code.INCOMPLETE,
    QuotaExceeded: Code.QUOTA_EXCEEDED,
    Unreadable: Code.UNUSABLE,
    BadArchive: Code.UNUSABLE,
}
"""Exceptions that are no decision's refusal, and whose text is what a page says."""

DOCUMENT = "/help/docs/api-reference/"
"""Where people read what the codes mean."""
EXTRA, UNKNOWN = "extra_forbidden", "Unknown key."
DOES_NOT_FIT = "The request doesn’t fit the API’s description."
TOO_LARGE = "The body is too large."
TOO_MUCH_ASKED = "Too many questions wait for an answer. Ask again in some seconds."
BUG = (
    "Bowline encountered an internal error. Its log has the details, under the time "
    "of this request."
)


class Problem(Exception):
    """Ends a request with a code, a sentence, and headers where they are needed.

    `count`: how many that the request should have confirmed.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        errors: Errors = NO_ERRORS,
        count: int | None = None,
        **headers: str,
    ) -> None:
        self.code, self.errors, self.headers = code, errors, headers
        self.count = count
        super().__init__(detail)


def problem(
    code: Code,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
    count: int | None = None,
) -> HttpResponse:
    said: dict[str, Any] = {
        "type": f"{DOCUMENT}#{code}",
        "title": HTTPStatus(code.status).phrase,
        "status": code.status,
        "code": str(code),
        "detail": detail,
    }
    if errors := list(errors):
        said["errors"] = errors
    if count is not None:
        said["count"] = count
    return JsonResponse(
        said, status=code.status, content_type=CONTENT_TYPE, headers=headers
    )


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say what a page would say of it; what nobody expected is logged as a bug."""
    match error:
        case Problem():
            return problem(
                error.code, str(error), error.errors, headers_of(error), error.count
            )
        case Http404():
            return problem(Code.NOT_FOUND, f"There is nothing at {request.path}.")
        case DoesNotFit():
            return misfit(error)
        case FileProblems():
            errors = [{"message": one.message} for one in error.problems]
            return problem(Code.INVALID, errors[0]["message"], errors)
        case ValidationError():
            return problem(Code.INVALID, " ".join(error.messages))
        case Refused():
            errors = [{"at": error.at, "message": str(error)}] if error.at else []
            return problem(Code[error.code], str(error), errors)
        case RequestDataTooBig():
            return problem(Code.TOO_LARGE, TOO_LARGE)
        case HttpError():
            return problem(Code.NOT_JSON, f"{str(error).rstrip('.')}.")
    for kind, code in CODES.items():
        if isinstance(error, kind):
            return problem(code, str(error))
    if why := why_unwritable(error):
        return problem(Code.UNWRITABLE, why)
    log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return problem(Code.BUG, BUG)


def refused_by(form: Form, names: Mapping[str, str] = NO_NAMES) -> Problem:
    """Say what a page's form says; `names`: what a request calls otherwise."""
    errors = [
        {"at": names.get(name, name), "message": str(sentence)}
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]
    return Problem(Code.INVALID, errors[0]["message"], errors=errors)


def too_much_asked() -> Problem:
    """Say that too many questions of this person wait for a worker."""
    return Problem(Code.QUESTIONS, TOO_MUCH_ASKED, Retry_After="3")


def asked_of(question: Question, by: User, *, again: bool = False) -> Question:
    """Ask a worker; raise Problem where too much waits already."""
    if (found := ask(question, by, again=again)) is None:
        raise too_much_asked()
    return found


def answer_of(found: Question) -> Any:
    """Return what a worker found; raise Problem where it could not, or might not."""
    if found.refused:
        code = Code.NOT_ALLOWED if found.answer else Code.WORKER_FAILED
        raise Problem(code, found.why)
    return found.answer


def headers_of(error: Problem) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in error.headers.items()}


def misfit(error: DoesNotFit) -> HttpResponse:
    """Say where the request does not fit, and how; never what it held."""
    errors = [
        {"at": place_of(one["loc"]), "message": message_of(one)} for one in error.errors
    ]
    unknown = any(one["type"] == EXTRA for one in error.errors)
    first = errors[0]
    return problem(
        Code.UNKNOWN_KEY if unknown else Code.INVALID,
        f"{DOES_NOT_FIT} {first['at']}: {first['message']}",
        errors,
    )


def place_of(loc: Sequence[object]) -> str:
    """Name a place; an operation calls its body “body”, which says nothing."""
    kind, *inside = map(str, loc)
    if kind == "body" and inside[:1] == ["body"]:
        del inside[0]
    return ".".join([kind, *inside])


def message_of(error: Mapping[str, Any]) -> str:
    return UNKNOWN if error["type"] == EXTRA else str(error["msg"])
