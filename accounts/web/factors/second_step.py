"""The second step of a sign-in, and the sign-in by a passkey alone."""

from __future__ import annotations

import logging

from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from accounts.factors.keeping import APP, use_app
from accounts.factors.passkeys import NotVerified
from accounts.factors.recovery_codes import use_code
from accounts.factors.sealing import Sealed
from accounts.models import Activity, AuthenticatorApp
from accounts.people.activity import record
from accounts.people.roles import has_password
from accounts.web.factors.ceremony import ask_for_one, used_passkey
from accounts.web.factors.lockout import count_failure, is_waiting
from accounts.web.factors.step import FACTOR, KEPT, waiting
from accounts.web.sign_in import address, page_after

BACKEND = "bowline.backends.Passwords"
PASSKEY, CODE, RECOVERY = "passkey", "code", "recovery"
"""The fields of the forms."""
CALLED = {PASSKEY: "passkey", CODE: APP, RECOVERY: "recovery code"}
log = logging.getLogger(__name__)


@login_not_required
@never_cache
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask whoever gave the password for the second factor."""
    step = waiting(request)
    if step is None:
        return redirect("sign-in")
    field = next((one for one in CALLED if request.POST.get(one)), "")
    wrong = ""
    if field:
        if is_waiting(request, step.person):
            return HttpResponse(status=429)
        try:
            if is_verified(request, step.person, field):
                return sign_in(request, step.person, CALLED[field], step.back)
            wrong = field
        except Sealed:
            wrong = "sealed"
        if wrong != "sealed":
            count_failure(request, step.person, CALLED[field])
    shown = {
        "person": step.person,
        "has_app": AuthenticatorApp.objects.filter(person=step.person).exists(),
        "has_passkey": step.person.passkeys.exists(),
        "has_codes": step.person.recovery_codes.exists(),
        "wrong": wrong,
    }
    return render(request, "factors/second_step.html", shown)


def is_verified(request: HttpRequest, person: User, field: str) -> bool:
    """Check what was typed, or what the passkey answered; raise Sealed."""
    if field == CODE:
        return use_app(person, request.POST[field])
    if field == RECOVERY:
        return use_code(person, request.POST[field])
    try:
        used_passkey(request, person)
    except NotVerified as error:
        log.warning("A passkey was refused: %s", error)
        return False
    return True


def sign_in(request: HttpRequest, person: User, by: str, back: str) -> HttpResponse:
    with transaction.atomic():
        request.session.pop(KEPT, None)
        login(request, person, backend=BACKEND)
        request.session[FACTOR] = by
        record(person, Activity.What.SIGN_IN, "", address(request) | {"by": by})
    if by == CALLED[RECOVERY]:
        left = person.recovery_codes.count()
        messages.warning(
            request, f"That recovery code is used up. You have {left} left."
        )
    return redirect(back)


@login_not_required
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Say what the browser asks a passkey for: of this person, or of anybody."""
    step = waiting(request)
    return JsonResponse(ask_for_one(request, step.person if step else None))


@login_not_required
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone: it has verified the person on the device."""
    back = page_after(request.POST.get("next", ""))
    again = f"{reverse('sign-in')}?{urlencode({'next': back})}"
    if not request.POST.get(PASSKEY):
        return redirect(again)
    if is_waiting(request, None):
        return HttpResponse(status=429)
    owner: User | None
    try:
        owner = used_passkey(request, None).person
        if is_waiting(request, owner):
            return HttpResponse(status=429)
        if owner.is_active and has_password(owner):
            return sign_in(request, owner, CALLED[PASSKEY], back)
        log.warning("A passkey was refused: its owner may not sign in.")
    except NotVerified as error:
        owner = error.owner
        log.warning("A passkey was refused: %s", error)
    count_failure(request, owner, CALLED[PASSKEY])
    messages.error(
        request,
        (
            "You can't sign in with that passkey. Use your password. Your passkeys "
            "are listed in Your settings."
        ),
    )
    return redirect(again)
