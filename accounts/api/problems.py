"""What went wrong, as RFC 9457 has it, in the sentences that the pages show."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    ValidationError,
)
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from ninja.errors import HttpError
from ninja.errors import ValidationError as DoesNotFit

from accounts.external_ids import RotationRefused
from accounts.mapping.spinnaker.connection import NotConnected
from accounts.mapping.unusable import CANNOT_BE_USED
from accounts.models.people.decided import MovedMeanwhile
from accounts.people.deciding import PlanChanged, SamePerson
from accounts.runs.actions import RunOpen
from accounts.runs.deciding.coming_first import ManagingFirst
from accounts.runs.deciding.confirmation import Unconfirmed
from accounts.runs.deciding.forgetting import CannotForget
from accounts.runs.deciding.starting import REFUSALS
from accounts.runs.foreign.accepting import NoDay, NotAsked
from accounts.runs.owners.readiness import NOT_READY
from accounts.runs.rollouts import CannotStart
from accounts.runs.rollouts.groups import NoneWaits
from accounts.spinnaker.bundles import NothingReady, NotReady
from accounts.spinnaker.deliveries.decisions import DeliveryOpen
from accounts.spinnaker.gone import MayBeThere
from accounts.spinnaker.next_bundle import Undecided
from onboarding.accounts_file import FileProblems

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
Errors = Sequence[Mapping[str, str]]
NO_ERRORS: Errors = ()
NO_NAMES: Mapping[str, str] = MappingProxyType({})

STATUSES: Mapping[type[Exception], int] = {
    PermissionDenied: 403,
    SamePerson: 403,
    RequestDataTooBig: 413,
    NoDay: 422,
    Unconfirmed: 422,
    MayBeThere: 422,
    **dict.fromkeys(
        (
            *REFUSALS,
            *NOT_READY,
            *CANNOT_BE_USED,
            RunOpen,
            PlanChanged,
            ManagingFirst,
            NothingReady,
            Undecided,
            NotReady,
            NotConnected,
            NoneWaits,
            CannotForget,
            CannotStart,
            DeliveryOpen,
            NotAsked,
            MovedMeanwhile,
            RotationRefused,
        ),
        409,
    ),
}
"""Exceptions whose text is what a page says."""

DOES_NOT_FIT = "The request does not fit the API’s description."
TOO_LARGE = "The body is too large."
TOO_MUCH_ASKED = "Too many questions wait for an answer. Ask again in some seconds."
BUG = "Bowline itself failed. Its log says how, under the time of this request."


class Problem(Exception):
    """Ends a request with a status, a sentence, and headers where they are needed."""

    def __init__(
        self, status: int, detail: str, *, errors: Errors = NO_ERRORS, **headers: str
    ) -> None:
        self.status, self.errors, self.headers = status, errors, headers
        super().__init__(detail)


def problem(
    status: int,
    detail: str,
    errors: Iterable[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors := list(errors):
        said["errors"] = errors
    return JsonResponse(said, status=status, content_type=CONTENT_TYPE, headers=headers)


def problem_of(request: HttpRequest, error: Exception) -> HttpResponse:
    """Say what a page would say of it; what nobody expected is logged as a bug."""
    match error:
        case Problem():
            return problem(error.status, str(error), error.errors, headers_of(error))
        case Http404():
            return problem(404, f"There is nothing at {request.path}.")
        case DoesNotFit():
            return problem(422, DOES_NOT_FIT, map(misfit, error.errors))
        case FileProblems():
            errors = [{"message": one.message} for one in error.problems]
            return problem(422, errors[0]["message"], errors)
        case ValidationError():
            return problem(422, " ".join(error.messages))
        case RequestDataTooBig():
            return problem(413, TOO_LARGE)
        case HttpError():
            return problem(error.status_code, f"{str(error).rstrip('.')}.")
    for kind, status in STATUSES.items():
        if isinstance(error, kind):
            return problem(status, str(error))
    log.error("%s %s failed.", request.method, request.path, exc_info=error)
    return problem(500, BUG)


def refused_by(form: Form, names: Mapping[str, str] = NO_NAMES) -> Problem:
    """Say what a page's form says; `names`: what a request calls otherwise."""
    errors = [
        {"at": names.get(name, name), "message": str(sentence)}
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]
    return Problem(422, errors[0]["message"], errors=errors)


def too_much_asked() -> Problem:
    """Say that too many questions of this person wait for a worker."""
    return Problem(429, TOO_MUCH_ASKED, Retry_After="3")


def headers_of(error: Problem) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in error.headers.items()}


def misfit(error: Mapping[str, Any]) -> dict[str, str]:
    """Say where the request does not fit, and how; never what it held."""
    place = ".".join(str(part) for part in error["loc"])
    return {"at": place, "message": str(error["msg"])}
