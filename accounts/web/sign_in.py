"""Sign in and out, with a record of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.models import User
from django.contrib.auth.views import LoginView, LogoutView
from django.db import transaction
from django.forms import TextInput
from django.utils.http import url_has_allowed_host_and_scheme

from accounts.factors.keeping import has_factor
from accounts.forms.fields import checked
from accounts.models import Activity
from accounts.people.activity import record
from accounts.web.factors.step import begin_second_step
from accounts.web.single_sign_on.provider import sign_on_provider
from accounts.web.you.sessions import ENDED, how_sessions_end
from onboarding.names import seen

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

What = Activity.What

UNKNOWN = "an unknown name"
"""Replaces a name that nobody has: people type passwords there by mistake."""


class SignInForm(AuthenticationForm):
    """Refuses what is nobody's name: a longer one than the count of wrong passwords has
    room for, which Django's form leaves to the browser, and one that nobody can read.
    """

    username = UsernameField(max_length=150, widget=TextInput({"autofocus": True}))

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        return checked(seen, name)


class SignIn(LoginView):
    authentication_form = SignInForm

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        shown |= {
            "sign_on": sign_on_provider(),
            "passwords_for": settings.PASSWORDS_FOR,
            "ended": ENDED in self.request.GET and how_sessions_end(),
        }
        return super().get_context_data(**shown)

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """Sign in whoever has no second factor, and ask the others for it first."""
        person = form.get_user()
        if has_factor(person):
            return begin_second_step(self.request, person, back=self.get_success_url())
        with transaction.atomic():
            response = super().form_valid(form)
            detail = address(self.request)
            if sign_on_provider():
                detail["by"] = "password"
            record(person, What.SIGN_IN, "", detail)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        """Record the try; where sign-in is locked, no password was looked at."""
        said = form.cleaned_data
        locked = getattr(self.request, "axes_locked_out", False)
        if said.get("username") and said.get("password") and not locked:
            person = User.objects.filter(username=said["username"]).first()
            detail = address(self.request)
            record(person or UNKNOWN, What.SIGN_IN_FAILED, "", detail)
        return super().form_invalid(form)


class SignOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            person = request.user
            response = super().post(request, *args, **kwargs)
            if isinstance(person, User):
                record(person, What.SIGN_OUT, "", address(request))
        return response


def enter(request: HttpRequest, person: User, *, backend: str, by: str) -> None:
    """Sign somebody in who proved who they are other than by the password alone."""
    with transaction.atomic():
        login(request, person, backend=backend)
        record(person, What.SIGN_IN, "", address(request) | {"by": by})


def page_after(wanted: str) -> str:
    """Return where to go afterwards: the page that is wanted, if it is on this site."""
    is_here = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    return wanted if is_here else settings.LOGIN_REDIRECT_URL


def address(request: HttpRequest) -> dict[str, str]:
    return {"address": request.META.get("REMOTE_ADDR", "")}
