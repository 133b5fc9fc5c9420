"""One-time links, by which people choose a password that no administrator knows.

A link is nowhere stored: it is signed, for one person with the password of that moment.
So it ends with the first password that is chosen. It is in the query of an address,
which neither nginx nor gunicorn writes to a log.
"""

from __future__ import annotations

import logging
import re
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts.http import full_url
from accounts.models import Activity
from accounts.notifications.addresses import address_of, is_configured
from accounts.notify.written import one_line
from accounts.people.activity import record
from accounts.people.roles import may_use_password
from accounts.web.people.person import is_of_provider
from accounts.web.sign_in import address
from accounts.web.you.sessions import end

logger = logging.getLogger(__name__)

KEY = re.compile(r"([0-9]{1,9})-([0-9a-z]{1,13}-[0-9a-f]{1,64})", re.ASCII)


class Links(PasswordResetTokenGenerator):
    """Signs with a salt of its own, and the time; a deactivated person has none."""

    key_salt = "accounts.web.people.links"

    def _make_hash_value(self, user: User, timestamp: int) -> str:
        return f"{super()._make_hash_value(user, timestamp)}{user.is_active}"


LINKS = Links()


def may_have_link(person: User) -> bool:
    """Return whether a password of Bowline's own would let the person in."""
    return person.is_active and may_use_password(person) and not is_of_provider(person)


def make_link(request: HttpRequest, person: User) -> str:
    """Make a link; where no password was chosen yet, earlier links end."""
    if not person.has_usable_password():
        person.set_unusable_password()
        person.save(update_fields=["password"])
    query = urlencode({"key": f"{person.pk}-{LINKS.make_token(person)}"})
    return full_url(request, f"{reverse('choose-password')}?{query}")


def hours() -> int:
    return settings.PASSWORD_RESET_TIMEOUT // 3600


def mailed(by: User, person: User, link: str) -> bool | None:
    """Mail the link to the person; None: there is no mail, or no address."""
    to = address_of(person)
    if not is_configured() or not to:
        return None
    message = EmailMessage(
        subject="Bowline: choose your password",
        body=(
            f"{one_line(by.get_username())} invited you to sign in to Bowline as "
            f"{one_line(person.get_username())}. Choose your "
            f"password:\n\n{link}\n\nThe link works once, for {hours()} hours. If it "
            "has expired, ask for another link.\n"
        ),
        to=[to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    try:
        message.send()
    except Exception as error:  # whatever smtplib and the network raise
        logger.warning("A link for %s wasn't mailed: %r", person.username, error)
        return False
    return True


def person_of(key: str) -> User | None:
    """Return whom a link is for, locked; None: it has ended, or never was one."""
    found = KEY.fullmatch(key)
    if not found:
        return None
    rows = User.objects.select_for_update(of=("self",), no_key=True).select_related(
        "identity"
    )
    person = rows.filter(pk=int(found[1])).first()
    if person is None or not may_have_link(person):
        return None
    return person if LINKS.check_token(person, found[2]) else None


@login_not_required
@never_cache
@sensitive_post_parameters()
def choose_password(request: HttpRequest) -> HttpResponse:
    """Let whoever has the link choose the password, once."""
    key = request.POST.get("key") or request.GET.get("key", "")
    with transaction.atomic():
        person = person_of(key)
        if person is None:
            return render(request, "people/link_ended.html", status=410)
        form: SetPasswordForm[Any] = SetPasswordForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid():
            form.save()
            end(person, but=request.session)
            detail = {"by": "a one-time link", **address(request)}
            record(person, Activity.What.PASSWORD, person.username, detail)
            messages.success(request, "Your password is set. Sign in with it.")
            return redirect("sign-in")
    shown = {"form": form, "key": key, "person": person}
    return render(request, "people/choose.html", shown)
