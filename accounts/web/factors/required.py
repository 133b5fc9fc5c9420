"""SECOND_FACTOR=required: without a second factor one can set one up, and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin

from accounts.factors.keeping import has_factor
from accounts.people.doors import View
from accounts.web.factors.step import FACTOR
from accounts.web.single_sign_on.entrance import BACKEND as SIGNED_ON
from accounts.web.you.limits import led_to

if TYPE_CHECKING:
    from django.contrib.auth.models import User

OPEN = {
    "confirm",
    "confirm-options",
    "second-factor",
    "second-factor-app",
    "second-factor-passkey",
    "second-factor-passkey-options",
    "sign-out",
}
"""What is open until there is one."""


def is_missing(request: HttpRequest) -> bool:
    """Return whether this session needs a second factor, and has proved none. That of
    a person of single sign-on needs none: the provider asks for it.
    """
    return (
        settings.SECOND_FACTOR == "required"
        and request.user.is_authenticated
        and FACTOR not in request.session
        and request.session.get(BACKEND_SESSION_KEY) != SIGNED_ON
    )


class SecondFactorRequired(MiddlewareMixin):
    """Middleware: every view is closed but those that are named here."""

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not is_missing(request):
            return None
        person: User = request.user  # type: ignore[assignment]  # is_missing asks
        if has_factor(person):  # it was added elsewhere, after this session began
            logout(request)
            messages.info(request, "Sign in again with your second factor.")
            return led_to(reverse("sign-in"), request)
        match = request.resolver_match
        if match is not None and match.view_name in OPEN:
            return None
        return led_to(reverse("second-factor"), request)
