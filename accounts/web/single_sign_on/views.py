"""To the provider, and back from it."""

from __future__ import annotations

import logging

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from requests import RequestException

from accounts.web.single_sign_on.adapter import Provider
from accounts.web.single_sign_on.entrance import begin_sign_in, refuse, single_sign_on
from accounts.web.single_sign_on.provider import PROVIDER

log = logging.getLogger(__name__)


@login_not_required
@require_GET
def start(request: HttpRequest) -> HttpResponse:
    """Send the browser to the provider: a link, because Chromium's form-action policy
    lets no form lead there.
    """
    single_sign_on()
    provider = get_adapter().get_provider(request, PROVIDER)
    more = begin_sign_in(request)
    try:
        answer: HttpResponse = provider.redirect(
            request, AuthProcess.LOGIN, auth_params=more
        )
    except (RequestException, KeyError, ValueError) as error:
        log.warning("Single sign-on isn't available: %s", type(error).__name__)
        return refuse(request, unavailable(), status=503)
    return answer


def unavailable() -> str:
    sentence = f"{single_sign_on().issuer} doesn't respond. Try again later."
    if settings.PASSWORDS_FOR:
        sentence += " In the meantime, the emergency user can sign in with a password."
    return sentence


@login_not_required
@require_GET
def back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Take what the provider hands out, in exchange for the code in the address."""
    single_sign_on()
    view = OAuth2CallbackView.adapter_view(Provider(request, provider_id))
    answer: HttpResponse = view(request)
    return answer
