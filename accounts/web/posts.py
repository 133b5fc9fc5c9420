"""Make the doors of decisions on pages: each press decides, says what happened, and
leads to where it shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts.decisions.decision import Decision
from accounts.decisions.many import REFUSALS, Many
from accounts.http import Request
from accounts.people.deciding import Outside
from accounts.people.roles import has_role, refusal
from accounts.refused import Refused


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
    left: str = "",
    then: Callable[..., Any] | str = "",
    refused: Callable[..., Any] | str = "",
    back: Callable[[QueryDict], str] | None = None,
    guard: Callable[[Any], Any] | None = None,
) -> URLPattern:
    """Make the URL by which a page decides.

    `find` finds the subject, or a tuple of them, by the URL's arguments; None: there is
    none. `form` makes a
    form of what was posted and the subject, and `page` shows the page with what is
    wrong in it; `given` reads what no person types. `said` is said afterwards, of
    the subject and the result, and what begins with `left` of those of many that it
    leaves; `then` and `refused` are where to go, of the same (only
    the subject where it was refused): by default to the result's own page, or to the
    subject's; or `back` says it by what was posted. `guard` goes around the view, such
    as a question for the password.
    """

    def view(request: Request, **where: Any) -> HttpResponseBase:
        subject = subjects_of(find(**where)) if find else ()
        try:
            with_it: Mapping[str, Any] = given(request.POST, *subject) if given else {}
            if form is not None:
                filled = form(request.POST, *subject)
                if not filled.is_valid():
                    assert page is not None
                    return page(request, *subject, form=filled)
                with_it = {**with_it, **filled.given}
            done = decision(*subject, request.user, **with_it)
        except Outside:
            raise
        except REFUSALS as error:
            tell(request, error)
            elsewhere = getattr(error, "see", None) or place(refused, *subject)
            return redirect(elsewhere or (back and back(request.POST)) or subject[0])
        tell_done(request, said, left, *subject, done)
        shown = done if hasattr(done, "get_absolute_url") else None
        afterwards = (back and back(request.POST)) or place(then, *subject, done)
        return redirect(afterwards or shown or subject[0])

    guarded = guard(view) if guard else view

    def door(request: Request, **where: Any) -> HttpResponseBase:
        if decision.role and not has_role(request.user, decision.role):
            try:
                subject = subjects_of(find(**where)) if find else ()
            except Http404 as error:
                raise PermissionDenied(refusal(decision.role)) from error
            with transaction.atomic():
                decision.refuse(*subject, request.user)
        return guarded(request, **where)

    made = require_POST(door)
    made.decision, made.role = decision, decision.role  # type: ignore[attr-defined]
    return path(route, made, name=name)


def one_of(rows: Any) -> Callable[..., Any]:
    """Find one of these rows by the URL's arguments; 404 where there is none."""
    return lambda **where: get_object_or_404(rows.all(), **where)


def tell(request: Request, error: Exception) -> None:
    """Say why nothing was decided: as news where somebody was quicker."""
    late = isinstance(error, Refused) and error.is_late
    more = " The current plan is shown below." if getattr(error, "see", None) else ""
    level = messages.INFO if late else messages.ERROR
    messages.add_message(request, level, f"{error}{more}")


def subjects_of(found: Any) -> tuple[Any, ...]:
    return found if isinstance(found, tuple) else (found,)


def tell_done(
    request: Request, said: Callable[..., str] | str, left: str, *about: Any
) -> None:
    """Say what was decided, and what of many was left and why."""
    done, many = about[-1], isinstance(about[-1], Many)
    text = said(*about) if callable(said) else said.format(*about)
    if text and (not many or done.done):
        messages.success(request, text)
    if many and done.left:
        messages.warning(request, f"{left} {' '.join(done.reasons)}")
    if many and done.also:
        messages.warning(request, done.also)


def place(where: Callable[..., Any] | str, *about: Any) -> Any:
    return where(*about) if callable(where) else where
