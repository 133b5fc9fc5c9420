"""A device with passkeys, as software: it answers as a browser does."""

from __future__ import annotations

import json
import secrets
import struct
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from django.test import Client
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40
ORIGIN = "http://testserver"


@dataclass
class Device:
    origin: str = ORIGIN
    name: str = "testserver"
    """The site for which it answers."""
    flags: int = PRESENT | VERIFIED
    count: int = 0
    handle: bytes = b""
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: Any = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public(self) -> ES256:
        return ES256.from_cryptography_key(self.key.public_key())

    def create(self, asked: dict[str, Any]) -> str:
        self.handle = websafe_decode(asked["user"]["id"])
        public = cbor.encode(self.public)
        length = struct.pack(">H", len(self.id))
        credential = bytes(16) + length + self.id + public
        verified = self.verified(self.flags | ATTESTED) + credential
        said = {
            "clientDataJSON": self.said("webauthn.create", asked["challenge"]),
            "attestationObject": cbor.encode(
                {"fmt": "none", "attStmt": {}, "authData": verified}
            ),
        }
        return self.answer(said)

    def get(self, asked: dict[str, Any]) -> str:
        client = self.said("webauthn.get", asked["challenge"])
        verified = self.verified(self.flags)
        signed = verified + sha256(client).digest()
        said = {
            "clientDataJSON": client,
            "authenticatorData": verified,
            "signature": self.key.sign(signed, ec.ECDSA(SHA256())),
            "userHandle": self.handle,
        }
        return self.answer(said)

    def said(self, kind: str, challenge: str) -> bytes:
        client = {"type": kind, "challenge": challenge, "origin": self.origin}
        return json.dumps(client).encode()

    def verified(self, flags: int) -> bytes:
        return sha256(self.name.encode()).digest() + struct.pack(
            ">BI", flags, self.count
        )

    def answer(self, said: dict[str, bytes]) -> str:
        return json.dumps(
            {
                "id": websafe_encode(self.id),
                "rawId": websafe_encode(self.id),
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {
                    name: websafe_encode(value) for name, value in said.items()
                },
            }
        )


PASSKEY = "/you/second-factor/passkey/"


def add_passkey(client: Client, device: Device, name: str = "key") -> Any:
    asked = client.post(f"{PASSKEY}options/").json()
    return client.post(PASSKEY, {"name": name, "credential": device.create(asked)})


def sign_in_by(client: Client, device: Device, **fields: str) -> Any:
    asked = client.post("/sign-in/passkey/options/").json()
    return client.post("/sign-in/passkey/", {"credential": device.get(asked), **fields})
