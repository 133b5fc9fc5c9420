"""The page of a person's own second factor: what they have, add and remove."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.totp.internal.auth import clear_totp_secret
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal.auth import begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from django.views.generic.edit import FormView

from accounts.factors import keeping
from accounts.factors.keeping import APP, PASSKEY, factors_of
from accounts.factors.sealing import seal
from accounts.http import Request
from accounts.people.doors import View
from accounts.people.roles import has_password
from accounts.web.factors.forms import AddPasskeyForm, AppForm, ask
from accounts.web.factors.required import is_missing
from accounts.web.factors.step import FACTOR
from accounts.web.you.confirmation import confirmation_required
from accounts.web.you.sessions import browser_of

HOME = "second-factor"
MOST = 20
"""Passkeys of one person."""


def local_only(view: View) -> View:
    """Answer 404 to whom the single sign-on asks for a second factor, or not."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_password(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def crumbs(*more: tuple[str, str]) -> dict[str, Any]:
    return {"crumbs": [("Your settings", reverse("you")), *more]}


def below() -> dict[str, Any]:
    return crumbs(("Second factor", reverse(HOME)))


@local_only
def second_factor(request: Request) -> HttpResponse:
    passkeys = list(factors_of(request.user, PASSKEY))
    shown = {
        "app": factors_of(request.user, APP).first(),
        "passkeys": passkeys,
        "is_full": len(passkeys) >= MOST,
        "left": keeping.codes_left(request.user),
        "must": is_missing(request),
        "is_required": settings.SECOND_FACTOR == "required",
    }
    return render(request, "factors/second_factor.html", crumbs() | shown)


class AddApp(ActivateTOTPView):  # type: ignore[misc]  # it has no types
    """Show the picture that an app reads, and take its first code."""

    form_class = AppForm
    template_name = "factors/app.html"

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Replace an app as well, for which django-allauth has no page."""
        return FormView.dispatch(self, request, *args, **kwargs)

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        replaces = factors_of(self.request.user, APP).exists()
        shown = super().get_context_data(**shown) | below()
        return shown | {"replaces": replaces}

    def form_valid(self, form: AppForm) -> HttpResponse:
        step, secret = form.cleaned_data["code"], seal(form.secret)
        codes = keeping.add(self.request.user, APP, secret=secret, last=step)
        clear_totp_secret(self.request)
        return added(self.request, "The authenticator app is added.", codes)


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # as above
    """Ask for a name, and add the passkey that the browser made."""

    form_class = AddPasskeyForm
    template_name = "factors/passkey.html"

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if factors_of(request.user, PASSKEY).count() < MOST:
            return FormView.dispatch(self, request, *args, **kwargs)
        messages.error(request, f"You already have {MOST} passkeys. Remove one first.")
        return redirect(HOME)

    def get_initial(self) -> dict[str, Any]:
        return {"name": browser_of(self.request.headers)[:60]}

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        return {**super().get_context_data(), **below(), **shown}

    def form_valid(self, form: AddPasskeyForm) -> HttpResponse:
        codes = keeping.add(self.request.user, PASSKEY, **form.cleaned_data)
        named = form.cleaned_data["name"]
        return added(self.request, f"The passkey {named} is added.", codes)


@require_POST
def passkey_options(request: Request) -> HttpResponse:
    """Say what the browser is to make a passkey for."""
    return ask(request, begin_registration(request.user, passwordless=True))


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(factors_of(request.user, APP, PASSKEY), pk=pk)
    keeping.remove(found)
    if not keeping.has_factor(request.user):
        request.session.pop(FACTOR, None)
    messages.success(request, f"The {keeping.name_of(found)} is removed.")
    return redirect(HOME)


@require_POST
def codes(request: Request) -> HttpResponse:
    """Create recovery codes, and show them."""
    if keeping.has_factor(request.user):
        return show(request, keeping.renew_codes(request.user))
    messages.error(request, "Add an authenticator app or a passkey first.")
    return redirect(HOME)


def added(request: Request, sentence: str, codes: list[str]) -> HttpResponse:
    """Show the recovery codes that came with the first factor."""
    request.session.setdefault(FACTOR, "added")
    messages.success(request, sentence)
    return show(request, codes) if codes else redirect(HOME)


def show(request: Request, codes: list[str]) -> HttpResponse:
    """Show the codes, which are nowhere afterwards: so this is no redirect."""
    shown = {"codes": codes, "text": "\n".join(codes)}
    return render(request, "factors/codes.html", below() | shown)


def own(
    route: str, view: Callable[..., HttpResponse], name: str, *, back: str = HOME
) -> URLPattern:
    guarded = local_only(confirmation_required(back)(view))
    return path(route, guarded, name=name)


ADD_APP, ADD_PASSKEY = "second-factor-app", "second-factor-passkey"
urlpatterns = [
    path("", second_factor, name=HOME),
    own("app/", AddApp.as_view(), ADD_APP, back=ADD_APP),
    own("passkey/", AddPasskey.as_view(), ADD_PASSKEY, back=ADD_PASSKEY),
    own(
        "passkey/options/",
        passkey_options,
        "second-factor-passkey-options",
        back=ADD_PASSKEY,
    ),
    own("<int:pk>/remove/", remove, "second-factor-remove"),
    own("codes/", codes, "second-factor-codes"),
]
