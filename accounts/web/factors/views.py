"""The page of a person's own second factor: what they have, add and remove."""

from __future__ import annotations

from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from accounts.factors import keeping
from accounts.factors.app_codes import address, new_secret
from accounts.factors.passkeys import MOST, NotVerified
from accounts.factors.sealing import Sealed, seal, unseal
from accounts.http import Request
from accounts.models import AuthenticatorApp
from accounts.people.doors import View
from accounts.people.roles import has_password
from accounts.web.factors.ceremony import ask_for_new, new_passkey
from accounts.web.factors.forms import AppForm, PasskeyForm
from accounts.web.factors.picture import picture_of
from accounts.web.factors.required import is_missing
from accounts.web.factors.step import FACTOR
from accounts.web.you.browsers import browser_of
from accounts.web.you.confirmation import confirmation_required

SECRET = "app_secret"
"""In the session, encrypted: the secret of an app that is being added."""
HOME = "second-factor"


def local_only(view: View) -> View:
    """Answer 404 to whom the single sign-on asks for a second factor, or not."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_password(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


def crumbs() -> list[tuple[str, str]]:
    return [("Your settings", reverse("you"))]


@local_only
def second_factor(request: Request) -> HttpResponse:
    person = request.user
    passkeys = list(person.passkeys.all())
    shown = {
        "crumbs": crumbs(),
        "app": AuthenticatorApp.objects.filter(person=person).first(),
        "passkeys": passkeys,
        "is_full": len(passkeys) >= MOST,
        "left": person.recovery_codes.count(),
        "must": is_missing(request),
        "is_required": settings.SECOND_FACTOR == "required",
    }
    return render(request, "factors/second_factor.html", shown)


@local_only
@confirmation_required("second-factor-app")
def app(request: Request) -> HttpResponse:
    """Show the picture that an app reads, and take its first code."""
    secret = secret_of(request)
    form = AppForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = keeping.add_app(request.user, secret, form.cleaned_data["code"])
        if codes is not None:
            request.session.pop(SECRET, None)
            return added(request, "The authenticator app is added.", codes)
        form.add_error(
            "code",
            (
                "That isn't the app's current code. Enter the code that the app "
                "shows now. If this happens again, check the time on your phone."
            ),
        )
    name, site = request.user.get_username(), urlsplit(settings.SITE_URL).hostname
    shown = {
        "crumbs": [*crumbs(), ("Second factor", reverse(HOME))],
        "form": form,
        "secret": secret,
        "picture": picture_of(address(secret, name=name, site=site or "")),
        "replaces": AuthenticatorApp.objects.filter(person=request.user).exists(),
    }
    return render(request, "factors/app.html", shown)


def secret_of(request: Request) -> str:
    """Return the secret that is being added: the same until its code was entered."""
    try:
        return unseal(str(request.session.get(SECRET, "")))
    except Sealed:
        secret = new_secret()
        request.session[SECRET] = seal(secret)
        return secret


@local_only
@require_POST
@confirmation_required(HOME)
def app_remove(request: Request) -> HttpResponse:
    if keeping.remove_app(request.user):
        removed(request, "The authenticator app is removed.")
    return redirect(HOME)


@local_only
@confirmation_required("second-factor-passkey")
def passkey(request: Request) -> HttpResponse:
    """Ask for a name, and add the passkey that the browser made."""
    if request.user.passkeys.count() >= MOST:
        messages.error(request, f"You already have {MOST} passkeys. Remove one first.")
        return redirect(HOME)
    suggested = {"name": browser_of(request.headers)[:60]}
    form = PasskeyForm(request.POST or None, initial=suggested)
    if request.method == "POST" and form.is_valid():
        try:
            made = new_passkey(request, request.user)
            made.name = form.cleaned_data["name"]
            if not made.is_known():
                codes = keeping.add_passkey(made)
                return added(request, f"The passkey {made} is added.", codes)
            form.add_error(None, "Bowline already has this passkey.")
        except NotVerified:
            form.add_error(
                None,
                (
                    "The browser didn't create a passkey that Bowline can use. Try "
                    "again."
                ),
            )
    shown = {"crumbs": [*crumbs(), ("Second factor", reverse(HOME))], "form": form}
    return render(request, "factors/passkey.html", shown)


@local_only
@require_POST
@confirmation_required("second-factor-passkey")
def passkey_options(request: Request) -> HttpResponse:
    """Say what the browser is to make a passkey for."""
    return JsonResponse(ask_for_new(request, request.user))


@local_only
@require_POST
@confirmation_required(HOME)
def passkey_remove(request: Request, pk: UUID) -> HttpResponse:
    found = get_object_or_404(request.user.passkeys, pk=pk)
    keeping.remove_passkey(found)
    removed(request, f"The passkey {found} is removed.")
    return redirect(HOME)


@local_only
@require_POST
@confirmation_required(HOME)
def codes(request: Request) -> HttpResponse:
    """Create recovery codes, and show them. They are nowhere afterwards, so this is no
    redirect.
    """
    if not keeping.has_factor(request.user):
        messages.error(request, "Add an authenticator app or a passkey first.")
        return redirect(HOME)
    return show(request, keeping.renew_codes(request.user))


def added(request: Request, sentence: str, codes: list[str]) -> HttpResponse:
    """Show the recovery codes that came with the first factor."""
    request.session.setdefault(FACTOR, "added")
    messages.success(request, sentence)
    return show(request, codes) if codes else redirect(HOME)


def removed(request: Request, sentence: str) -> None:
    if not keeping.has_factor(request.user):
        request.session.pop(FACTOR, None)
    messages.success(request, sentence)


def show(request: Request, codes: list[str]) -> HttpResponse:
    shown = {
        "crumbs": [*crumbs(), ("Second factor", reverse(HOME))],
        "codes": codes,
        "text": "\n".join(codes),
    }
    return render(request, "factors/codes.html", shown)
