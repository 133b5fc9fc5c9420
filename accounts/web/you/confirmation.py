"""Ask for the password again before roles and settings change.

In a browser that was left open, nobody can change roles or settings.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.web.you.unsent import CONFIRMED_FIRST, keep

CONFIRMED = "confirmed_at"


def confirm(request: HttpRequest) -> None:
    """Remember that the password was given just now."""
    request.session[CONFIRMED] = timezone.now().isoformat()


def unconfirm(request: HttpRequest) -> None:
    """Forget it: somebody signed in without being asked for anything."""
    request.session.pop(CONFIRMED, None)


def is_confirmed(request: HttpRequest) -> bool:
    at = parse_datetime(str(request.session.get(CONFIRMED, "")))
    age = timedelta(minutes=settings.CONFIRM_AFTER)
    return at is not None and timezone.now() - at < age


def ask(request: HttpRequest, back: str) -> HttpResponseRedirect:
    """Ask for the password, and lead back to a page afterwards, or to what was sent."""
    person = request.user.pk
    if request.method == "POST" and person:
        if keep(request, person, back, CONFIRMED_FIRST):
            back = reverse("unsent")
        else:
            messages.warning(request, "Nothing was changed. Confirm, then send again.")
    return HttpResponseRedirect(f"{reverse('confirm')}?{urlencode({'next': back})}")


def confirmation_required(
    back: str, *arguments: str, tab: str = ""
) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponseBase]]:
    """Ask for the password first, and lead to the page named `back`, with these
    arguments of the view, or to its `tab`.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def asking(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
            if not is_confirmed(request):
                given = {name: kwargs[name] for name in arguments}
                page = reverse(back, kwargs=given) + (f"?tab={tab}" if tab else "")
                return ask(request, page)
            return view(request, *args, **kwargs)

        return asking

    return decorate
