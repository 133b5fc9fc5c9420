"""What an assertion of the provider says, if it is for Bowline, signed, and of now.

python3-saml verifies the signature and the form. It accepts what leaves out an
audience, a recipient or the request that it answers, so these are asked here again; and
nothing is read but what is inside of the element that is signed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Known
from onelogin.saml2.errors import OneLogin_Saml2_ValidationError as Invalid
from onelogin.saml2.response import OneLogin_Saml2_Response
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Tools

from accounts.web.single_sign_on.entrance import not_completed
from accounts.web.single_sign_on.people import LONGEST_SUBJECT, Refused
from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.bounds import NotForBowline, bounded
from accounts.web.single_sign_on.saml.protocol import address, entity_id, protocol
from onboarding.names import visible

log = logging.getLogger(__name__)

LONGEST = 500_000
"""Characters of an answer; thousands of groups have room."""
LONGEST_VALID = timedelta(days=1)
"""An assertion is remembered that long at most. Providers' are valid for an hour."""
CLOCKS = {Invalid.ASSERTION_TOO_EARLY, Invalid.ASSERTION_EXPIRED}
CODES = {value: name for name, value in vars(Invalid).items() if isinstance(value, int)}
TRANSIENT = Known.NAMEID_TRANSIENT
FIRST_NAMES = (
    "given_name",
    "firstName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname",
    "urn:oid:2.5.4.42",
)
LAST_NAMES = (
    "family_name",
    "lastName",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname",
    "urn:oid:2.5.4.4",
)


class Assertion(NamedTuple):
    id: str
    answers: str
    """The ID of the request."""
    until: datetime
    """It is refused afterwards."""
    claims: dict[str, Any]
    """As `Said` reads them."""


def read_assertion(saml: Saml, text: str) -> Assertion:
    """Read an answer; raise Refused, with the reason in the log, where it proves
    nothing.
    """
    try:
        return assertion_in(saml, verified(saml, text))
    except Refused as refused:
        log.warning("SAML refused: %s", refused)
        raise
    except Exception as error:  # lxml, xmlsec and base64 raise whatever they like
        log.warning("SAML failed: %s", reason(error))
        raise Refused(sentence(saml, error)) from error


def reason(error: Exception) -> str:
    """Name the error; what somebody sent is not in it."""
    if isinstance(error, NotForBowline):
        return str(error)
    code = CODES.get(getattr(error, "code", None) or 0, "")
    return " ".join(filter(None, [type(error).__name__, code]))


def sentence(saml: Saml, error: Exception) -> str:
    code = getattr(error, "code", None)
    if code == Invalid.WRONG_SUBJECTCONFIRMATION:
        return (
            f"The response from {saml.name} has expired, or is for a URL other than "
            f"{settings.SITE_URL}. Try again. If this happens again, the clock of "
            "Bowline's host or the configured URL differs from the provider's."
        )
    if code in CLOCKS or isinstance(error, OutOfTime):
        return (
            f"The response from {saml.name} has expired or isn't valid yet. Try "
            "again. If this happens again, the clock of Bowline's host differs from "
            "the provider's."
        )
    return not_completed(saml)


class OutOfTime(NotForBowline):
    """It was valid once, or will be."""


def verified(saml: Saml, text: str) -> Any:
    """Return the one assertion of the answer, whose signature was verified."""
    if not 0 < len(text) <= LONGEST:
        raise NotForBowline("no answer, or one that is far too long")
    response = OneLogin_Saml2_Response(protocol(saml), text)
    bounded(response.document)
    site = urlsplit(settings.SITE_URL)
    response.is_valid(
        {
            "https": "on" if site.scheme == "https" else "off",
            "http_host": site.netloc,
            "script_name": reverse("saml-acs"),
        },
        raise_exceptions=True,
    )
    destination = response.document.get("Destination")
    if destination not in (None, address("saml-acs")):
        raise NotForBowline("another destination")
    (assertion,) = found(response.document, "/samlp:Response/saml:Assertion")
    (reference,) = found(assertion, "ds:Signature/ds:SignedInfo/ds:Reference")
    if not assertion.get("ID") or reference.get("URI") != f"#{assertion.get('ID')}":
        raise NotForBowline("another element is signed")
    return assertion


def found(element: Any, path: str) -> list[Any]:
    elements: list[Any] = element.xpath(path, namespaces=Known.NSMAP)
    return elements


def assertion_in(saml: Saml, assertion: Any) -> Assertion:
    """Read what was signed, strictly; raise NotForBowline or Refused."""
    if [text_of(one) for one in found(assertion, "saml:Issuer")] != [saml.entity_id]:
        raise NotForBowline("another issuer")
    path = "saml:Conditions/saml:AudienceRestriction"
    audiences = [
        [text_of(one) for one in found(restriction, "saml:Audience")]
        for restriction in found(assertion, path)
    ]
    if not audiences or not all(entity_id() in named for named in audiences):
        raise NotForBowline("another audience")
    answers, until = confirmed(assertion)
    (name_id,) = found(assertion, "saml:Subject/saml:NameID")
    if name_id.get("Format") == TRANSIENT:
        raise Refused(
            f"{saml.name} sends a different name at each sign-in (a transient "
            "NameID). Ask its administrator to use a persistent NameID for Bowline."
        )
    subject = text_of(name_id)
    if not 0 < len(subject) <= LONGEST_SUBJECT or visible(subject) != subject:
        raise NotForBowline("no name of a person")
    return Assertion(
        assertion.get("ID"), answers, until, claims(saml, assertion, subject)
    )


def confirmed(assertion: Any) -> tuple[str, datetime]:
    """Say which request it answers, and until when; the one who brings it is believed
    if it names Bowline's address, that request and a time.
    """
    (only,) = found(assertion, "saml:Subject/saml:SubjectConfirmation")
    (data,) = found(only, "saml:SubjectConfirmationData")
    if only.get("Method") != Known.CM_BEARER:
        raise NotForBowline("not confirmed by who brings it")
    if data.get("Recipient") != address("saml-acs"):
        raise NotForBowline("another recipient")
    if not data.get("InResponseTo"):
        raise Refused(
            "Start the sign-in at Bowline, not at the provider. Open "
            f"{settings.SITE_URL}"
        )
    until = moment(data.get("NotOnOrAfter"))
    if not datetime.now(UTC) < until:
        raise OutOfTime("expired")
    if until - datetime.now(UTC) > LONGEST_VALID:
        raise NotForBowline("valid for more than a day")
    return data.get("InResponseTo"), until


def moment(text: str | None) -> datetime:
    if not text:
        raise NotForBowline("no time at which it ends")
    return datetime.fromtimestamp(Tools.parse_SAML_to_time(text), UTC)


def claims(saml: Saml, assertion: Any, subject: str) -> dict[str, Any]:
    """Name what is said of somebody as OpenID Connect does."""
    said = attributes(assertion)
    if saml.claim not in said:
        raise Refused(
            f"The provider didn't send your groups: the {saml.claim} attribute is "
            "missing, or you aren't in any group. Ask the provider's administrator "
            "to add the attribute to Bowline's application."
        )
    (statement,) = found(assertion, "saml:AuthnStatement")
    name = first(said, [saml.name_attribute]) if saml.name_attribute else subject
    return {
        "sub": subject,
        "preferred_username": name,
        "email": first(said, [saml.email_attribute]) or subject,
        "given_name": first(said, FIRST_NAMES),
        "family_name": first(said, LAST_NAMES),
        saml.claim: said[saml.claim],
        "auth_time": moment(statement.get("AuthnInstant")).timestamp(),
    }


def attributes(assertion: Any) -> dict[str, list[str]]:
    """Read the values of each attribute; one that is there twice has those of both."""
    said: dict[str, list[str]] = {}
    for attribute in found(assertion, "saml:AttributeStatement/saml:Attribute"):
        values = said.setdefault(attribute.get("Name"), [])
        values.extend(values_of(attribute))
    return said


def values_of(attribute: Any) -> Iterator[str]:
    for value in found(attribute, "saml:AttributeValue"):
        if text := text_of(value):
            yield text


def text_of(element: Any) -> str:
    """Return all of the text; a comment in it ends nothing. Only XML's own spaces are
    removed: a group with another one at its end is another group.
    """
    if len(element):
        raise NotForBowline("elements where a text should be")
    return "".join(element.itertext()).strip(" \t\r\n")


def first(said: dict[str, list[str]], names: Any) -> str:
    return next((said[name][0] for name in names if said.get(name)), "")
