"""Between the password and the second factor: nobody is signed in yet.

django-allauth keeps who gave the password, for ACCOUNT_LOGIN_TIMEOUT.
"""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login
from allauth.account.internal.stagekit import clear_login, unstash_login
from allauth.account.models import Login
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare

from accounts.people.roles import has_password

BACKEND = "bowline.sign_in.Passwords"
FACTOR = "second_factor"
"""In the session of whoever proved a second factor: which one it was."""


def begin_second_step(request: HttpRequest, person: User, *, back: str) -> HttpResponse:
    """Keep who gave the password, in a session that nobody else knows."""
    request.session.flush()
    now = {"hash": person.get_session_auth_hash()}
    answer: HttpResponse = perform_login(
        request, Login(person, redirect_url=back, state=now)
    )
    return answer


def waiting(request: HttpRequest) -> Login | None:
    """Return who gave the password; None: nobody, too long ago, or another password."""
    step = unstash_login(request, peek=True)
    person = step and step.user
    if person and person.is_active and has_password(person):
        now = person.get_session_auth_hash()
        if constant_time_compare(step.state.get("hash", ""), now):
            return step
    clear_login(request)
    return None
