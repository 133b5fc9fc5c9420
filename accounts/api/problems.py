"""What went wrong, as RFC 9457 has it, in the sentences that the pages say; and
the codes by which programs tell it apart.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
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

from accounts.discover.questions import ask
from accounts.models import Question
from accounts.models.account import Unreadable
from accounts.refused import Refused
from accounts.work.heartbeat import why_unwritable
from onboarding.accounts_file import FileProblems
from onboarding.details import DetailsError
from onboarding.resources.policy import QuotaExceeded
from onboarding.spinnaker.bundle.contents import BadArchive

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Code(Enum):
    """A kind of problem: its status, and what it means."""

    NOT_JSON = 400, "The body isn't valid JSON."
    NO_TOKEN = 401, "The request has no token."
    WRONG_TOKEN = 401, "There is no such token."
    REVOKED_TOKEN = 401, "The token was revoked."
    EXPIRED_TOKEN = 401, "The token expired."
    DEACTIVATED = 401, "The token's person is deactivated."
    MISSING_SCOPE = 403, "The token doesn't have the scope."
    NOT_ALLOWED = 403, "The person's role doesn't allow it, or not here."
    OTHER_PERSON = 403, "Another person must approve it."
    CONTRADICTS_RULE = 409, "A rule of the administrators says another environment."
    NOT_FOUND = 404, "The resource doesn't exist or was deleted."
    NO_MANAGING_ACCOUNT = 404, "The managing account isn't set up yet."
    NO_ORGANIZATION = 404, "The organization was never read."
    NOT_HANDED_OFF = 404, "Bowline creates the roles of this account itself."
    NOT_TESTED = 404, "No test of the access role is younger than a minute."
    NOT_CONNECTED = 404, "Spinnaker isn't connected."
    NO_ANSWER = 404, "There is no such answer of a worker, or it expired."
    METHOD = 405, "The path doesn't support the method."
    CANNOT_CONNECT = 409, "The connection with Spinnaker can't be used."
    RUN_OPEN = 409, "The account has an open run. Wait until it finishes."
    DELIVERY_OPEN = 409, "Another delivery is open. Wait until it finishes."
    SEARCH_OPEN = 409, "The person's last search of clusters is in progress."
    READING_OPEN = 409, "The organization is being read."
    PLAN_CHANGED = 409, "The plan isn't the one that was read. Read it again."
    PREVIEW_CHANGED = 409, "The next bundle isn't the one that was read."
    MANAGING_FIRST = 409, "Approve the plan of the managing account first."
    MANAGING_NOT_VERIFIED = 409, "Verify the managing account first."
    MANAGING_UNPLANNED = 409, "Plan the managing account first."
    MANAGING_MISSING = 409, "Set up the managing account first."
    ORGANIZATION_UNREAD = 409, "Read the organization first."
    SEARCH_UNFINISHED = 409, "The search is still in progress. Wait until it finishes."
    DECIDED = 409, "Someone decided earlier, or an edit outdated the plan."
    NOT_APPROVED = 409, "None of the plans was approved. The sentence says why."
    NOTHING_DECIDED = 409, "Nothing was decided. The sentence says why."
    NONE_WAITS = 409, "None of the plans that were read is still waiting."
    NO_ONE_WAITS = 409, "The run isn't waiting for an owner."
    NOT_ASKED = 409, "It isn't waiting for acceptance."
    CANNOT_TAKE_OVER = 409, "The existing roles can't be taken over so now."
    NOTHING_TO_ACCEPT = 409, "The account wasn't evaluated, or is accepted already."
    INCOMPLETE = 409, "The account's settings are incomplete."
    FORGOTTEN = 409, "The account was deleted from Bowline."
    NAME_TAKEN = 409, "Another account has the name."
    NO_ROOM = 409, "No policy has room for the account."
    QUOTA_EXCEEDED = 409, "A policy would exceed a quota of IAM."
    NOTHING_EXISTS = 409, "The account has nothing in AWS."
    SPINNAKER_HAS_IT = 409, "Spinnaker still has the account."
    CANNOT_START = 409, "No account can be started. The sentence says why."
    CANNOT_DELETE = 409, "The account is still needed. The sentence says for what."
    NOT_KEPT = 409, "The list has no such role."
    NOTHING_TO_ADOPT = 409, "No other database's changes were found in AWS."
    ROTATION_REFUSED = 409, "The external ID can't be rotated now."
    NOT_IN_BUNDLES = 409, "The account wouldn't be in a bundle."
    NOTHING_READY = 409, "No account is ready for a bundle."
    BROKEN_ACCOUNTS = 409, "Name the broken accounts in `add_broken`, or exclude them."
    NOT_BUILT = 409, "The bundle isn't built."
    TOO_MANY = 409, "There are more accounts than one request may have."
    WORKER_FAILED = 409, "A worker tried, and failed. The sentence says why."
    UNUSABLE = 409, "Something stored can't be used. The sentence says what."
    STALE = 412, "It was changed after the ETag of `If-Match` was read. Read it again."
    TOO_LARGE = 413, "The body is too large."
    INVALID = 422, "A value breaks a rule. `errors` says which."
    UNKNOWN_KEY = 422, "The operation doesn't have a key of the body or the query."
    UNKNOWN_NAME = 422, "An account, a run, or a cluster of the body doesn't exist."
    NONE_CHOSEN = 422, "The body names no account, and no filter."
    UNCONFIRMED = (
        422,
        "It deletes, or Spinnaker loses access. Confirm it as the sentence says.",
    )
    BAD_DAY = 422, "The day is past, or too far away."
    MAY_BE_THERE = 422, "No one confirmed that Spinnaker no longer has the accounts."
    BAD_CURSOR = 422, "The cursor isn't one of this list."
    KEY_REUSED = 422, "The Idempotency-Key was sent with another request."
    RATE = 429, "Too many requests in a minute. See `Retry-After`."
    QUESTIONS = 429, "Too many questions of the person wait. See `Retry-After`."
    BUG = 500, "Bowline encountered an internal error. See its log."
    UNWRITABLE = 503, "The database's disk is full, or it is read-only."

    def __init__(self, status: int, meaning: str) -> None:
        self.status, self.meaning = status, meaning

    def __str__(self) -> str:
        return self.name.lower()


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
            headers = {k.replace("_", "-"): v for k, v in error.headers.items()}
            return problem(error.code, str(error), error.errors, headers, error.count)
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
            where = error.__cause__ or error
            return problem(Code.NOT_JSON, f"The body isn't valid JSON: {where}.")
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


def misfit(error: DoesNotFit) -> HttpResponse:
    """Say where the request does not fit, and how; never what it held."""
    errors = [
        {
            "at": place_of(one["loc"]),
            "message": UNKNOWN if one["type"] == EXTRA else str(one["msg"]),
        }
        for one in error.errors
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
