"""Your own password, where you are signed in, and the question that it is you."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from accounts.activity import record
from accounts.models import Activity
from accounts.web.access import may_use_password
from accounts.web.request import Request
from accounts.web.single_sign_on.groups import provider_of
from accounts.web.you.confirmation import confirm
from accounts.web.you.preferences import (
    PreferencesForm,
    keep,
    keep_everywhere,
    preferences_of,
)
from accounts.web.you.sessions import end, sessions_of, stored

What = Activity.What


def you(request: Request) -> HttpResponse:
    """Show where somebody is signed in, and change the password."""
    form = PasswordChangeForm(request.user, request.POST or None)
    del form.fields["old_password"].widget.attrs["autofocus"]  # sessions come first
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            person = form.save()
            update_session_auth_hash(request, person)
            record(person, What.PASSWORD, person.get_username())
        confirm(request)
        messages.success(
            request, "Your password is changed. Your other sessions have ended."
        )
        return redirect("you")
    shown = {
        "form": form if has_password(request.user) else None,
        "signed_on": provider_of(request.user),
        "sessions": sessions_of(request.user, request.session),
        "preferences": PreferencesForm(instance=preferences_of(request.user)),
    }
    return render(request, "you/you.html", shown)


@require_POST
def preferences(request: Request) -> HttpResponse:
    """Keep how somebody wants pages to be, here and in their other sessions."""
    form = PreferencesForm(request.POST, instance=preferences_of(request.user))
    if not form.is_valid():
        messages.error(request, "There is no such time zone. Nothing was changed.")
        return redirect("you")
    row = form.save()
    here = request.session.session_key
    others = [s.session_key for s, _ in stored(request.user) if s.session_key != here]
    keep(request.session, row)
    keep_everywhere(others, row)
    messages.success(request, "Your preferences are saved.")
    return redirect("you")


@require_POST
def sessions_end(request: Request) -> HttpResponse:
    """Sign somebody out of one other session, or of all others."""
    with transaction.atomic():
        only = request.POST.get("session", "")
        ended = end(request.user, but=request.session, only=only)
        if ended:
            record(request.user, What.SIGN_OUT, "", {"sessions": ended})
    if ended:
        what = "1 other session" if ended == 1 else f"{ended} other sessions"
        messages.success(request, f"You are signed out of {what}.")
    else:
        messages.info(request, "That session no longer exists.")
    return redirect("you")


def confirm_identity(request: Request) -> HttpResponse:
    """Ask for the password again; wrong ones count as at sign-in."""
    back = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = "/"
    wrong = False
    if request.method == "POST":
        person = authenticate(
            request,
            username=request.user.get_username(),
            password=request.POST.get("password", ""),
        )
        if person == request.user:
            confirm(request)
            return redirect(back)
        wrong = True
    signed_on = None if has_password(request.user) else provider_of(request.user)
    shown = {"back": back, "wrong": wrong, "signed_on": signed_on}
    return render(request, "you/confirm.html", shown)


def has_password(person: User) -> bool:
    return may_use_password(person) and person.has_usable_password()
