"""Doors of views that ask for roles."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.http import require_POST

from accounts.people.activity import tried, tries_recorded
from accounts.people.roles import (
    ADMINISTRATOR,
    APPROVER,
    OPERATOR,
    VIEWER,
    UserRole,
    has_role,
    refusal,
)

View = Callable[..., HttpResponseBase]


def role_required(role: UserRole) -> Callable[[View], View]:
    """Answer 403, with the sentence that helps, to everybody without the role."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if not has_role(request.user, role):
                record_try(request, role)
                raise PermissionDenied(refusal(role))
            return view(request, **kwargs)

        guarded.role = role  # type: ignore[attr-defined]  # for role_needed
        return guarded

    return guard


def record_try(request: HttpRequest, role: UserRole) -> None:
    """Record that a person without the role posted: whoever does tries to decide."""
    if request.method == "POST" and isinstance(request.user, User):
        page = request.resolver_match and request.resolver_match.url_name
        tried(request.user, f"post to {page}", [], refusal(role))


def role_needed(view: View, app_name: str) -> UserRole | None:
    """Name the role that a view asks for; None: it asks for none."""
    if not getattr(view, "login_required", True):
        return None
    if app_name == "admin":
        return ADMINISTRATOR
    least = VIEWER if app_name == "accounts" else None
    role: UserRole | None = getattr(view, "role", least)
    return role


class TriesRecorded(MiddlewareMixin):
    """Middleware: what a request was refused is recorded at its end, whatever it
    rolled back.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with tries_recorded():
            return super().__call__(request)  # type: ignore[return-value]


operator_required = role_required(OPERATOR)
approver_required = role_required(APPROVER)
administrator_required = role_required(ADMINISTRATOR)


def posted_by(role: UserRole) -> Callable[[View], View]:
    """Answer a POST by whoever has the role."""
    return lambda view: role_required(role)(require_POST(view))


posted_by_operator = posted_by(OPERATOR)
posted_by_approver = posted_by(APPROVER)
posted_by_administrator = posted_by(ADMINISTRATOR)


class ViewersOnly(MiddlewareMixin):
    """Middleware: whoever is signed in sees pages only with a role.

    Every role includes the viewer's permission, so a new page cannot forget to ask.
    """

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> None:
        match = request.resolver_match
        if match is None or match.app_name != "accounts":
            return
        if request.user.is_authenticated and not has_role(request.user, VIEWER):
            raise PermissionDenied(refusal(VIEWER))
