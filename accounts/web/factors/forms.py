"""The forms of second factors: django-allauth's, read more strictly.

It counts no uses of a passkey, and keeps used codes for one process and one period.
"""

from __future__ import annotations

import json
import logging
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, JsonResponse
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from accounts.factors.keeping import (
    APP,
    CODES,
    PASSKEY,
    advance,
    kind_of,
    step_of,
    use_code,
)
from accounts.factors.sealing import Sealed, seal, unseal
from accounts.forms.fields import RuledField, bare_helper
from accounts.web.factors.adapter import handle_of, origin_of
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
