"""Doors that a limited role does not open: what is behind is of all environments."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from accounts.people.doors import View, role_required
from accounts.people.role_limits.refusing import refuse_limited
from accounts.people.roles import UserRole


def everywhere_required(role: UserRole, what: str) -> Callable[[View], View]:
    """Answer 403 to everybody without the role, and to whom it is limited for."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(
            request: HttpRequest, *args: Any, **kwargs: Any
        ) -> HttpResponseBase:
            if request.user.is_authenticated:
                refuse_limited(request.user, role, what)
            return view(request, *args, **kwargs)

        return role_required(role)(guarded)

    return guard
