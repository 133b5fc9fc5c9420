"""What django-allauth asks about second factors: how secrets are kept, and under which
name the browser knows the site.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings

from accounts.factors.sealing import seal, unseal

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

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
