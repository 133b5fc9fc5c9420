"""Make the doors of decisions on pages: each press decides, says what happened, and
leads to where it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts.decisions.decision import Decision
from accounts.http import Request
from accounts.people.doors import role_required
from accounts.people.role_limits.refusing import Outside
from accounts.refused import Refused
from onboarding.details import DetailsError
from onboarding.resources.policy import QuotaExceeded

REFUSALS = (Refused, DetailsError, QuotaExceeded)
"""What is said on a page; whoever's role isn't for it gets a page that says so."""


class Filled(Protocol):
    """A form as a decision takes it."""

    def is_valid(self) -> bool: ...
    @property
    def given(self) -> Mapping[str, Any]:
        """What goes with the decision."""


def post(
    route: str,
    decision: Decision[Any, Any],
    *,
    name: str,
    find: Callable[..., Any] | None = None,
    form: Callable[..., Filled] | None = None,
    page: Callable[..., HttpResponse] | None = None,
    given: Callable[..., Mapping[str, Any]] | None = None,
    said: Callable[..., str] | str = "",
    then: Callable[..., Any] | str = "",
    refused: Callable[..., Any] | str = "",
    back: Callable[[QueryDict], str] | None = None,
    guard: Callable[[Any], Any] | None = None,
) -> URLPattern:
    """Make the URL by which a page decides.

    `find` finds the subject by the URL's arguments; None: there is none. `form` makes a
    form of what was posted and the subject, and `page` shows the page with what is
    wrong in it; or `given` reads what no person types. `said` is said afterwards, of
    the subject and the result; `then` and `refused` are where to go, of the same (only
    the subject where it was refused): by default to the result's own page, or to the
    subject's; or `back` says it by what was posted. `guard` goes around the view, such
    as a question for the password.
    """

    @role_required(decision.role)
    @require_POST
    def view(request: Request, **where: Any) -> HttpResponseBase:
        subject = [find(**where)] if find else []
        with_it: Mapping[str, Any] = {}
        if form is not None:
            filled = form(request.POST, *subject)
            if not filled.is_valid():
                assert page is not None
                return page(request, *subject, form=filled)
            with_it = filled.given
        try:
            if given:
                with_it = given(request.POST, *subject)
            done = decision(*subject, request.user, **with_it)
        except Outside:
            raise
        except REFUSALS as error:
            tell(request, error)
            elsewhere = getattr(error, "see", None) or place(refused, *subject)
            return redirect(elsewhere or (back and back(request.POST)) or subject[0])
        if text := said(*subject, done) if callable(said) else said.format(*subject):
            messages.success(request, text)
        shown = done if hasattr(done, "get_absolute_url") else None
        afterwards = (back and back(request.POST)) or place(then, *subject, done)
        return redirect(afterwards or shown or subject[0])

    view.decision = decision  # type: ignore[attr-defined]  # for the table of doors
    return path(route, guard(view) if guard else view, name=name)


def tell(request: Request, error: Exception) -> None:
    """Say why nothing was decided: as news where somebody was quicker."""
    late = isinstance(error, Refused) and error.is_late
    more = " The current plan is shown below." if getattr(error, "see", None) else ""
    level = messages.INFO if late else messages.ERROR
    messages.add_message(request, level, f"{error}{more}")


def place(where: Callable[..., Any] | str, *about: Any) -> Any:
    return where(*about) if callable(where) else where
