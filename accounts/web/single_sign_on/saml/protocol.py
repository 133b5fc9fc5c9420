"""What python3-saml must know of the provider and of Bowline, and the request it makes.

Bowline signs no request: the provider answers to the address that it knows, whoever
asks.
"""

from __future__ import annotations

from html import escape
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

from django.conf import settings
from django.urls import reverse
from onelogin.saml2.authn_request import OneLogin_Saml2_Authn_Request
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Known
from onelogin.saml2.settings import OneLogin_Saml2_Settings

from accounts.web.single_sign_on.provider import Saml


class Begun(NamedTuple):
    id: str
    url: str
    """Where the browser goes, with the request in it."""


def address(name: str) -> str:
    """Return one of Bowline's own addresses, whatever a request's Host says."""
    return f"{settings.SITE_URL}{reverse(name)}"


def entity_id() -> str:
    """Return what Bowline calls itself: the assertions' audience."""
    return address("saml-metadata")


def protocol(saml: Saml) -> OneLogin_Saml2_Settings:
    return OneLogin_Saml2_Settings(
        {
            "strict": True,
            "sp": {
                "entityId": entity_id(),
                "assertionConsumerService": {
                    "url": address("saml-acs"),
                    "binding": Known.BINDING_HTTP_POST,
                },
                "NameIDFormat": Known.NAMEID_UNSPECIFIED,
            },
            "idp": {
                "entityId": saml.entity_id,
                "singleSignOnService": {
                    # python3-saml writes it into XML as it is.
                    "url": escape(saml.sso_url),
                    "binding": Known.BINDING_HTTP_REDIRECT,
                },
                "x509certMulti": {"signing": list(saml.certificates)},
            },
            "security": SECURITY,
        }
    )


SECURITY: dict[str, Any] = {
    "wantAssertionsSigned": True,
    # Who signs the assertion vouches for all that is read; some sign nothing else.
    "wantMessagesSigned": False,
    "wantNameId": True,
    "wantAttributeStatement": False,  # without groups there is a sentence
    "metadataValidUntil": "",  # its administrator may upload it later
    "metadataCacheDuration": "",
    "requestedAuthnContext": False,  # how somebody signs in is the provider's matter
    "rejectDeprecatedAlgorithm": True,
    "allowRepeatAttributeName": True,  # Keycloak: one attribute for each group
}


def make_request(saml: Saml, *, asks_again: bool) -> Begun:
    """Make a request; the provider asks who it is, even where it knows, if wanted."""
    request = OneLogin_Saml2_Authn_Request(
        protocol(saml), force_authn=asks_again, set_nameid_policy=False
    )
    joined = "&" if urlsplit(saml.sso_url).query else "?"
    text = quote(request.get_request(), safe="")
    return Begun(request.get_id(), f"{saml.sso_url}{joined}SAMLRequest={text}")


def metadata(saml: Saml) -> bytes:
    """Describe Bowline, for the provider's administrator to upload."""
    text: bytes | str = protocol(saml).get_sp_metadata()
    return text.encode() if isinstance(text, str) else text
