"""The second step of a sign-in, and the sign-in by a passkey alone."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.stagekit import clear_login
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from accounts.factors.keeping import (
    CALLED,
    CODES,
    PASSKEY,
    codes_left,
    factors_of,
)
from accounts.models import Activity
from accounts.people.activity import record
from accounts.people.roles import has_password
from accounts.web.factors.forms import CodeForm, PasskeyForm, ask
from accounts.web.factors.lockout import count_failure, is_waiting
from accounts.web.factors.step import BACKEND, FACTOR, waiting
from accounts.web.sign_in import address, page_after


class SecondStep(AuthenticateView):  # type: ignore[misc]  # it has no types
    """Ask whoever gave the password for the second factor."""

    form_class = CodeForm
    webauthn_form_class = PasskeyForm
    template_name = "factors/second_step.html"

    def dispatch(
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        if waiting(request) is None:
            return redirect("sign-in")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return answer

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if is_waiting(request, self.stage.login.user):
            return HttpResponse(status=429)
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer

    def form_valid(self, form: Any) -> HttpResponse:
        step = self.stage.login
        clear_login(self.request)
        return sign_in(self.request, step.user, form.kind, step.redirect_url)

    def form_invalid(self, form: Any) -> HttpResponse:
        if not form.has_error("code", "sealed"):
            count_failure(self.request, form.user, CALLED[form.kind])
        answer: HttpResponse = super().form_invalid(form)
        return answer

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        person = self.stage.login.user
        kinds = {*factors_of(person).values_list("type", flat=True)}
        shown = super().get_context_data(**shown)
        return shown | {"person": person, "kinds": kinds, "left": codes_left(person)}


def sign_in(request: HttpRequest, person: User, kind: str, back: str) -> HttpResponse:
    by = CALLED[kind]
    with transaction.atomic():
        login(request, person, backend=BACKEND)
        request.session[FACTOR] = by
        record(person, Activity.What.SIGN_IN, "", address(request) | {"by": by})
    if kind == CODES:
        left = codes_left(person)
        messages.warning(
            request, f"That recovery code is used up. You have {left} left."
        )
    return redirect(back)


@login_not_required
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """Say what the browser asks a passkey for: of this person, or of anybody."""
    step = waiting(request)
    return ask(request, begin_authentication(step.user if step else None))


@login_not_required
@require_POST
def passkey_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in by a passkey alone: it has verified the person on the device."""
    back = page_after(request.POST.get("next", ""))
    again = f"{reverse('sign-in')}?{urlencode({'next': back})}"
    if not request.POST.get("credential"):
        return redirect(again)
    form = PasskeyForm(request.POST, user=None)
    is_right = form.is_valid()
    owner: User | None = form.user
    if is_waiting(request, owner):
        return HttpResponse(status=429)
    if is_right and owner and owner.is_active and has_password(owner):
        return sign_in(request, owner, PASSKEY, back)
    count_failure(request, owner, CALLED[PASSKEY])
    messages.error(
        request,
        (
            "You can't sign in with that passkey. Use your password. Your passkeys "
            "are listed in Your settings."
        ),
    )
    return redirect(again)
