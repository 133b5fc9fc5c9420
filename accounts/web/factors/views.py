"""The page of a person's own second factor: what they have, added, used and removed."""

from __future__ import annotations

import json
import logging
import re
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, clear_totp_secret
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication, begin_registration
from allauth.mfa.webauthn.views import AddWebAuthnView
from axes.handlers.proxy import AxesProxyHandler
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, logout
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils.deprecation import MiddlewareMixin
from django.utils.http import urlencode
from django.views.decorators.http import require_POST
from django.views.generic.edit import FormView
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts.factors import keeping
from accounts.factors.keeping import (
    APP,
    CALLED,
    CODES,
    PASSKEY,
    Sealed,
    advance,
    codes_left,
    factors_of,
    has_factor,
    kind_of,
    seal,
    step_of,
    unseal,
    use_code,
)
from accounts.forms.fields import RuledField, bare_helper
from accounts.http import Request
from accounts.models import Activity
from accounts.people.activity import Decision, record, record_many
from accounts.people.doors import View
from accounts.people.roles import has_password
from accounts.web.factors.step import BACKEND, FACTOR, waiting
from accounts.web.sign_in import UNKNOWN, address, enter, page_after
from accounts.web.single_sign_on.entrance import BACKEND as SIGNED_ON
from accounts.web.you.confirmation import confirmation_required
from accounts.web.you.sessions import browser_of, led_to
from onboarding import names

ASKED = "passkey_asked_at"
SECONDS = 5 * 60
"""In which the browser answers: a person fetches a key, and types a PIN."""
LONGEST = 20_000
"""Characters of an answer; real ones have some 1,000."""
MALFORMED = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    ValidationError,
    struct.error,
)
"""What fido2 raises where an answer, or a stored key, is none."""
NOT_CREATED = "The browser didn't create a passkey that Bowline can use. Try again."
WRONG = {
    APP: (
        "That isn't your app's current code, or it was already used. Wait for the next "
        "code."
    ),
    CODES: "That isn't one of your recovery codes, or it was already used.",
}
log = logging.getLogger(__name__)


class CodeForm(AuthenticateForm):  # type: ignore[misc]  # it has no types
    """A code of the app, or a recovery code."""

    kind = APP

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        self.kind = kind_of(code)
        try:
            if use_code(self.user, code):
                return code
        except Sealed:
            self.kind = CODES  # what the page offers instead
            raise ValidationError(
                "Bowline can't check your app's codes because its SECRET_KEY changed. "
                "Use a passkey or a recovery code, or ask an administrator.",
                code="sealed",
            ) from None
        raise ValidationError(WRONG[self.kind])


class AppForm(ActivateTOTPForm):  # type: ignore[misc]  # as above
    code = forms.CharField(
        label="Code",
        max_length=12,
        help_text="The six digits that the app shows.",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}
        ),
    )
    helper = bare_helper()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Keep the secret until its code was entered, and encrypted."""
        session = context.request.session
        kept = session.get(SECRET_SESSION_KEY, "")
        super().__init__(*args, **kwargs)
        with suppress(Sealed):
            self.secret = unseal(kept)
        session[SECRET_SESSION_KEY] = seal(self.secret)

    def clean_code(self) -> int:
        step = step_of(self.secret, self.cleaned_data["code"])
        if step is None:
            raise ValidationError(
                "That isn't the app's current code. Enter the code that the app shows "
                "now. If this happens again, check the time on your phone."
            )
        return step


def ask(request: HttpRequest, asked: dict[str, Any]) -> JsonResponse:
    """Say what the browser asks a device for, and note when."""
    request.session[ASKED] = int(time.time())
    return JsonResponse(dict(asked["publicKey"]))


def answer_field() -> forms.CharField:
    return forms.CharField(required=False, widget=forms.HiddenInput)


@contextmanager
def answered(form: forms.Form, refusal: str) -> Iterator[Any]:
    """Read what the device answered. Refuse a late answer, one of another site, and
    garbage. The challenge is answered once, or never.
    """
    request, said = context.request, form.cleaned_data
    try:
        if time.time() - request.session.pop(ASKED, 0) > SECONDS:
            raise ValueError("It was asked too long ago.")
        answer = said["credential"] = json.loads(said["credential"][:LONGEST])
        client = json.loads(websafe_decode(answer["response"]["clientDataJSON"]))
        if client["origin"] != origin_of(request):
            raise ValueError("It is of another site.")
        yield answer
    except MALFORMED as error:
        log.warning("A passkey was refused: %s", error)
        raise ValidationError(refusal) from error


class PasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """What a passkey answers: of this person; of nobody: of whoever has it."""

    kind = PASSKEY
    user: User | None
    credential = answer_field()

    def clean_credential(self) -> None:
        with answered(self, "That isn't one of your passkeys.") as answer:
            read = AuthenticationResponse.from_dict(answer)
            self.user = self.user or owners_of(read.raw_id).first()
            handle = read.response.user_handle
            if not self.user or handle not in (None, handle_of(self.user)):
                raise ValueError("No one has this passkey.")
            factor = super().clean_credential()
            if not advance(factor, read.response.authenticator_data.counter):
                raise ValueError("It counts no further than before: it is a copy.")


def owners_of(key: bytes) -> QuerySet[User]:
    """Find who has the passkey of this ID."""
    return User.objects.filter(authenticator__data__credential__id=websafe_encode(key))


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # as above
    name = RuledField(
        rule=names.seen,
        max_length=60,
        label="Name",
        help_text="A name that helps you recognize the device.",
    )
    credential = answer_field()
    helper = bare_helper()

    def clean(self) -> dict[str, Any]:
        """Read the answer, and keep of it what proves later ones."""
        with answered(self, NOT_CREATED) as answer:
            super().clean()
            read = RegistrationResponse.from_dict(answer)
        if owners_of(read.raw_id):
            raise ValidationError("Bowline already has this passkey.")
        made = read.response
        kept = {
            "clientDataJSON": websafe_encode(made.client_data),
            "attestationObject": websafe_encode(made.attestation_object),
        }
        return {
            "name": self.cleaned_data.get("name"),
            "credential": {"id": read.id, "rawId": read.id, "response": kept},
            "last": made.attestation_object.auth_data.counter,
        }


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
    enter(request, person, backend=BACKEND, by=CALLED[kind])
    request.session[FACTOR] = CALLED[kind]
    if kind == CODES:
        left = codes_left(person)
        messages.warning(
            request, f"That recovery code is used up. You have {left} left."
        )
    return redirect(back)


@login_not_required
@require_POST
def sign_in_options(request: HttpRequest) -> HttpResponse:
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


DIGEST = re.compile("[0-9a-f]{64}")


def origin_of(request: HttpRequest) -> str:
    """Return where this browser opens the site, for whose name passkeys are: SITE_URL,
    or the host of the request, which Django has checked against ALLOWED_HOSTS.
    """
    own = f"{request.scheme}://{request.get_host()}"
    known = [normalized_origin(origin) for origin in (settings.SITE_URL, own) if origin]
    said = request.headers.get("Origin", "")
    return said if said in known else known[0]


def normalized_origin(origin: str) -> str:
    """Write it as browsers do: in lower case, without the usual port."""
    parts = urlsplit(origin)
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}"


def handle_of(person: User) -> bytes:
    """Return what a device keeps next to the key: it says nothing of the person."""
    return str(person.pk).encode()


class Factors(DefaultMFAAdapter):  # type: ignore[misc]  # it has no types
    def encrypt(self, text: str) -> str:
        return seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed, and digests of recovery codes as they are; raise
        Sealed.
        """
        is_digest = DIGEST.fullmatch(encrypted_text)
        return encrypted_text if is_digest else unseal(encrypted_text)

    def get_totp_issuer(self) -> str:
        site = urlsplit(settings.SITE_URL).hostname
        return f"Bowline ({site})" if site else "Bowline"

    def get_totp_label(self, user: User) -> str:
        return f"{self.get_totp_issuer()}:{user.get_username()}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        name = urlsplit(origin_of(context.request)).hostname or ""
        return {"id": name, "name": "Bowline"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        name = user.get_username()
        shown = user.get_full_name() or name
        return {"id": handle_of(user), "name": name, "display_name": shown}


OPEN = {
    "confirm",
    "confirm-options",
    "second-factor",
    "second-factor-app",
    "second-factor-passkey",
    "second-factor-passkey-options",
    "sign-out",
}
"""What is open until there is one."""


def is_missing(request: HttpRequest) -> bool:
    """Return whether this session needs a second factor, and has proved none. That of
    a person of single sign-on needs none: the provider asks for it.
    """
    return (
        settings.SECOND_FACTOR == "required"
        and request.user.is_authenticated
        and FACTOR not in request.session
        and request.session.get(BACKEND_SESSION_KEY) != SIGNED_ON
    )


class SecondFactorRequired(MiddlewareMixin):
    """Middleware: every view is closed but those that are named here."""

    def process_view(
        self, request: HttpRequest, view: View, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not getattr(view, "login_required", True) or not is_missing(request):
            return None
        person: User = request.user  # type: ignore[assignment]  # is_missing asks
        if has_factor(person):  # it was added elsewhere, after this session began
            logout(request)
            messages.info(request, "Sign in again with your second factor.")
            return led_to(reverse("sign-in"), request)
        match = request.resolver_match
        if match is not None and match.view_name in OPEN:
            return None
        return led_to(reverse("second-factor"), request)


NO_ONE = "unknown passkey"
"""The name for which passkeys are counted that nobody has; no person's has a blank."""


def is_waiting(request: HttpRequest, person: User | None) -> bool:
    """Return whether nothing is looked at from this address; axes answers then."""
    said = credentials(person)
    waits = bool(AxesProxyHandler.is_locked(request, said))
    if waits:
        request.axes_locked_out = True  # type: ignore[attr-defined]  # axes reads it
        request.axes_credentials = said  # type: ignore[attr-defined]  # as above
    return waits


def count_failure(request: HttpRequest, person: User | None, by: str) -> None:
    """Count a wrong code or passkey, and record the try."""
    user_login_failed.send(__name__, credentials=credentials(person), request=request)
    detail = address(request) | {"by": by}
    record(person or UNKNOWN, Activity.What.SIGN_IN_FAILED, "", detail)


def credentials(person: User | None) -> dict[str, str]:
    return {"username": person.get_username() if person else NO_ONE}


def record_forgotten(by: User | None, attempts: Iterable[AccessAttempt]) -> None:
    """Record whose wrong passwords are forgotten, before they are."""
    forgotten = [
        Decision(
            Activity.What.PERSON,
            attempt.username or "",
            {
                "forgotten": f"{attempt.failures_since_start} wrong passwords",
                "address": attempt.ip_address,
            },
        )
        for attempt in attempts
    ]
    record_many(by, forgotten)


HOME = "second-factor"
MOST = 20
"""Passkeys of one person."""


def local_only(view: View) -> View:
    """Answer 404 to whom the single sign-on asks for a second factor, or not."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not has_password(request.user):
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


YOURS = ("Your settings", reverse_lazy("you"))
BELOW = {"crumbs": [YOURS, ("Second factor", reverse_lazy(HOME))]}


@local_only
def second_factor(request: Request) -> HttpResponse:
    passkeys = list(factors_of(request.user, PASSKEY))
    shown = {
        "app": factors_of(request.user, APP).first(),
        "passkeys": passkeys,
        "is_full": len(passkeys) >= MOST,
        "left": keeping.codes_left(request.user),
        "must": is_missing(request),
        "is_required": settings.SECOND_FACTOR == "required",
        "crumbs": [YOURS],
    }
    return render(request, "factors/second_factor.html", shown)


class AddApp(ActivateTOTPView):  # type: ignore[misc]  # it has no types
    """Show the picture that an app reads, and take its first code."""

    form_class = AppForm
    template_name = "factors/app.html"

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Replace an app as well, for which django-allauth has no page."""
        return FormView.dispatch(self, request, *args, **kwargs)

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        replaces = factors_of(self.request.user, APP).exists()
        shown = super().get_context_data(**shown) | BELOW
        return shown | {"replaces": replaces}

    def form_valid(self, form: AppForm) -> HttpResponse:
        step, secret = form.cleaned_data["code"], seal(form.secret)
        codes = keeping.add(self.request.user, APP, secret=secret, last=step)
        clear_totp_secret(self.request)
        return added(self.request, "The authenticator app is added.", codes)


class AddPasskey(AddWebAuthnView):  # type: ignore[misc]  # as above
    """Ask for a name, and add the passkey that the browser made."""

    form_class = AddPasskeyForm
    template_name = "factors/passkey.html"

    def dispatch(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if factors_of(request.user, PASSKEY).count() < MOST:
            return FormView.dispatch(self, request, *args, **kwargs)
        messages.error(request, f"You already have {MOST} passkeys. Remove one first.")
        return redirect(HOME)

    def get_initial(self) -> dict[str, Any]:
        return {"name": browser_of(self.request.headers)[:60]}

    def get_context_data(self, **shown: Any) -> dict[str, Any]:
        return {**super().get_context_data(), **BELOW, **shown}

    def form_valid(self, form: AddPasskeyForm) -> HttpResponse:
        codes = keeping.add(self.request.user, PASSKEY, **form.cleaned_data)
        named = form.cleaned_data["name"]
        return added(self.request, f"The passkey {named} is added.", codes)


@require_POST
def passkey_options(request: Request) -> HttpResponse:
    """Say what the browser is to make a passkey for."""
    return ask(request, begin_registration(request.user, passwordless=True))


@require_POST
def remove(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(factors_of(request.user, APP, PASSKEY), pk=pk)
    keeping.remove(found)
    if not keeping.has_factor(request.user):
        request.session.pop(FACTOR, None)
    messages.success(request, f"The {keeping.name_of(found)} is removed.")
    return redirect(HOME)


@require_POST
def codes(request: Request) -> HttpResponse:
    """Create recovery codes, and show them."""
    if keeping.has_factor(request.user):
        return show(request, keeping.renew_codes(request.user))
    messages.error(request, "Add an authenticator app or a passkey first.")
    return redirect(HOME)


def added(request: Request, sentence: str, codes: list[str]) -> HttpResponse:
    """Show the recovery codes that came with the first factor."""
    request.session.setdefault(FACTOR, "added")
    messages.success(request, sentence)
    return show(request, codes) if codes else redirect(HOME)


def show(request: Request, codes: list[str]) -> HttpResponse:
    """Show the codes, which are nowhere afterwards: so this is no redirect."""
    shown = {"codes": codes, "text": "\n".join(codes)}
    return render(request, "factors/codes.html", BELOW | shown)


def own(
    route: str, view: Callable[..., HttpResponse], name: str, *, back: str = HOME
) -> URLPattern:
    guarded = local_only(confirmation_required(back)(view))
    return path(route, guarded, name=name)


ADD_APP, ADD_PASSKEY = "second-factor-app", "second-factor-passkey"
urlpatterns = [
    path("", second_factor, name=HOME),
    own("app/", AddApp.as_view(), ADD_APP, back=ADD_APP),
    own("passkey/", AddPasskey.as_view(), ADD_PASSKEY, back=ADD_PASSKEY),
    own(
        "passkey/options/",
        passkey_options,
        "second-factor-passkey-options",
        back=ADD_PASSKEY,
    ),
    own("<int:pk>/remove/", remove, "second-factor-remove"),
    own("codes/", codes, "second-factor-codes"),
]
