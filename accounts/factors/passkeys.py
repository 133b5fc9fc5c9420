"""Passkeys: what a browser is asked, and whether its answer proves anything.

The protocol, WebAuthn, is fido2's. Every passkey verifies the person on the device (by
a PIN, a finger or a face), so it replaces the password as well.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Q
from django.utils import timezone
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestationConveyancePreference,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from accounts.models import Passkey

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LONGEST = 20_000
"""Characters of an answer; real ones have some 1,000."""
MOST = 20
"""Passkeys of one person."""

State = dict[str, Any]
"""What the session keeps until the browser answers: the challenge."""

ODD = (
    AssertionError,
    AttributeError,
    IndexError,
    KeyError,
    NotImplementedError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What fido2 raises where an answer, or a stored key, is none."""


class Site(NamedTuple):
    """The site as browsers know it: a passkey works under this one name."""

    name: str
    origin: str


class NotVerified(ValueError):
    """The answer proves nothing; the message says why, for the log."""

    def __init__(self, why: object, owner: User | None = None) -> None:
        super().__init__(str(why))
        self.owner = owner
        """Whose passkey it claims to be of."""


def server_of(site: Site) -> Fido2Server:
    rp = PublicKeyCredentialRpEntity(id=site.name, name="Bowline")
    return Fido2Server(
        rp,
        attestation=AttestationConveyancePreference.NONE,
        verify_origin=lambda origin: origin == site.origin,
    )


def handle_of(person: User) -> bytes:
    """Return what a device keeps next to the key: it says nothing of the person."""
    return str(person.pk).encode()


def credential_descriptors(person: User) -> list[PublicKeyCredentialDescriptor]:
    ids = Passkey.objects.filter(person=person).values_list("credential_id", flat=True)
    kind = PublicKeyCredentialType.PUBLIC_KEY
    return [PublicKeyCredentialDescriptor(type=kind, id=bytes(one)) for one in ids]


def ask_for_new(site: Site, person: User) -> tuple[dict[str, Any], State]:
    """Return what the browser is asked, and what is kept until it answers."""
    options, state = server_of(site).register_begin(
        PublicKeyCredentialUserEntity(
            id=handle_of(person),
            name=person.get_username(),
            display_name=person.get_full_name() or person.get_username(),
        ),
        credentials=credential_descriptors(person),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options)["publicKey"], dict(state)


def new_passkey(site: Site, person: User, state: State, sent: str) -> Passkey:
    """Make the row, which is not saved, of what the browser answered; or raise
    NotVerified.
    """
    try:
        answer = RegistrationResponse.from_dict(parsed(sent))
        verified = server_of(site).register_complete(state, answer)
        credential = verified.credential_data
        assert credential is not None
        return Passkey(
            person=person,
            credential_id=credential.credential_id,
            credential=bytes(credential),
            sign_count=verified.counter,
        )
    except ODD as error:
        raise NotVerified(error) from error


def ask_for_one(site: Site, person: User | None) -> tuple[dict[str, Any], State]:
    """Ask for a passkey of the person; of nobody: for any that the device knows."""
    options, state = server_of(site).authenticate_begin(
        credential_descriptors(person) if person else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(options)["publicKey"], dict(state)


def used_passkey(site: Site, person: User | None, state: State, sent: str) -> Passkey:
    """Return the passkey that the answer proves, and note it; or raise NotVerified.
    If a person is given, it must be theirs.
    """
    try:
        answer = AuthenticationResponse.from_dict(parsed(sent))
        handle = answer.response.user_handle
        key = bytes(answer.raw_id)
    except ODD as error:
        raise NotVerified(error) from error
    rows = Passkey.objects.select_related("person").filter(credential_id=key)
    passkey = (rows.filter(person=person) if person else rows).first()
    if passkey is None or handle not in (None, handle_of(passkey.person)):
        raise NotVerified("No one has this passkey.")
    try:
        credential = AttestedCredentialData(bytes(passkey.credential))
        server_of(site).authenticate_complete(state, [credential], answer)
    except ODD as error:
        raise NotVerified(error, passkey.person) from error
    if not counted(passkey, answer.response.authenticator_data.counter):
        why = "It counts no further than before: it is a copy."
        raise NotVerified(why, passkey.person)
    return passkey


def counted(passkey: Passkey, count: int) -> bool:
    """Note the use; False where the passkey has signed that often before."""
    rows = Passkey.objects.filter(pk=passkey.pk)
    fits = Q(sign_count__lt=count) if count else Q(sign_count=0)
    rows = rows.filter(fits)
    return bool(rows.update(sign_count=count, used_at=timezone.now()))


def parsed(sent: str) -> Mapping[str, Any]:
    if len(sent) > LONGEST:
        raise ValueError("It is too long.")
    answer = json.loads(sent)
    if not isinstance(answer, dict):
        raise ValueError("It is no object.")
    return answer
