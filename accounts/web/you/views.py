"""Your own password, where you are signed in, and the question that it is you."""

from __future__ import annotations

from typing import NamedTuple

from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth import authenticate, update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from accounts.factors.keeping import PASSKEY, factors_of, has_factor
from accounts.http import Request
from accounts.models import Activity
from accounts.people.activity import record
from accounts.people.roles import has_password
from accounts.web.factors.views import PasskeyForm, ask, count_failure, is_waiting
from accounts.web.search.views import PLACES
from accounts.web.sign_in import page_after
from accounts.web.single_sign_on.provider import provider_of
from accounts.web.you.confirmation import confirm
from accounts.web.you.preferences import (
    PreferencesForm,
    keep_everywhere,
    keep_in_session,
    preferences_of,
)
from accounts.web.you.sessions import end, open_to, sessions_of
from accounts.web.you.unsent import KEPT, kept
from accounts.wording import counted


class Shortcut(NamedTuple):
    keys: str
    """As they are pressed, with spaces between."""
    does: str
    goes: str = ""
    """The name of the URL that it opens."""
    opens: str = ""
    """The id of the dialog that it opens."""
    clicks: str = ""
    """A selector of what it clicks on."""

    @property
    def each(self) -> list[str]:
        return self.keys.split()


SHORTCUTS = (
    Shortcut("/", "Search", clicks="[data-palette-open]"),
    Shortcut("?", "Show the shortcuts", opens="shortcuts"),
    *(
        Shortcut(f"g {place.key}", f"Go to {place.title}", goes=place.url)
        for place in PLACES
    ),
    Shortcut("j", "Next change of a plan"),
    Shortcut("k", "Previous change of a plan"),
)


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
            request, "Your password is changed. Your other sessions are signed out."
        )
        return redirect("you")
    shown = {
        "form": form if has_password(request.user) else None,
        "signed_on": provider_of(request.user),
        "has_factor": has_factor(request.user),
        "sessions": sessions_of(request.user, request.session),
        "preferences": PreferencesForm(instance=preferences_of(request.user)),
    }
    return render(request, "you/you.html", shown)


@require_POST
def preferences(request: Request) -> HttpResponse:
    """Keep how somebody wants pages to be, here and in their other sessions."""
    form = PreferencesForm(request.POST, instance=preferences_of(request.user))
    if not form.is_valid():
        messages.error(request, "This option doesn't exist. Nothing was changed.")
        return redirect("you")
    row = form.save()
    keep_in_session(request.session, row)
    others = open_to(request.user).exclude(pk=request.session.session_key)
    keep_everywhere(others.values_list("pk", flat=True), row)
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
        what = counted(ended, "other session")
        messages.success(request, f"You're signed out of {what}.")
    else:
        messages.info(request, "That session no longer exists.")
    return redirect("you")


def unsent(request: Request) -> HttpResponse:
    """Show what was entered and send it again, by a press of the person's."""
    found = kept(request)
    if found is None:
        return redirect("/")
    if request.method == "POST" and not found.left:
        del request.session[KEPT]
        # With 307, the browser posts the same fields there.
        return redirect(found.path, preserve_request=True)
    return render(request, "you/unsent.html", {"unsent": found})


def confirm_identity(request: Request) -> HttpResponse:
    """Ask for the password or a passkey; wrong ones count as at sign-in."""
    back = page_after(request.POST.get("next") or request.GET.get("next", ""))
    wrong = ""
    if request.POST.get("credential"):
        if is_waiting(request, request.user):
            return HttpResponse(status=429)
        if PasskeyForm(request.POST, user=request.user).is_valid():
            confirm(request)
            return redirect(back)
        count_failure(request, request.user, "passkey")
        wrong = "passkey"
    elif request.method == "POST":
        person = authenticate(
            request,
            username=request.user.get_username(),
            password=request.POST.get("password", ""),
        )
        if person == request.user:
            confirm(request)
            return redirect(back)
        wrong = "password"
    shown = {
        "back": back,
        "wrong": wrong,
        "signed_on": None if has_password(request.user) else provider_of(request.user),
        "has_passkey": has_password(request.user)
        and factors_of(request.user, PASSKEY).exists(),
    }
    return render(request, "you/confirm.html", shown)


@require_POST
def confirm_options(request: Request) -> HttpResponse:
    """Say what the browser asks a passkey of this person for."""
    return ask(request, begin_authentication(request.user))
