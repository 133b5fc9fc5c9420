"""What providers do sign is within the bounds."""

from __future__ import annotations

from typing import Any

import xmlsec
from lxml import etree

from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import verified
from tests.accounts.web.single_sign_on.saml.provider import (
    Answer,
    encoded,
    key,
    signed,
)

KINDS = ("C14N", "C14N11", "EXCL_C14N")
NAMES = [f"{kind}{comments}" for kind in KINDS for comments in ("", "_COMMENTS")]
ANSWER = Answer("_request")
TYPED = (
    '<saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">'
)


def signed_by(canonical: Any) -> str:
    """Sign the assertion with another canonical XML than exclusive."""
    element = etree.fromstring(ANSWER.assertion())
    rsa, sha = xmlsec.Transform.RSA_SHA256, xmlsec.Transform.SHA256
    signature = xmlsec.template.create(element, canonical, rsa, ns="ds")
    element.insert(1, signature)
    uri = f"#{ANSWER.id}"
    reference = xmlsec.template.add_reference(signature, sha, uri=uri)
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, canonical)
    xmlsec.tree.add_ids(element, ["ID"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key().pem, xmlsec.KeyFormat.PEM, None)
    context.sign(signature)
    return etree.tostring(element).decode()


def test_each_canonical_xml_of_saml_is_verified(provider: Saml) -> None:
    signatures = {name: signed_by(getattr(xmlsec.Transform, name)) for name in NAMES}

    ids = {
        name: verified(provider, encoded(ANSWER.around(text))).get("ID")
        for name, text in signatures.items()
    }

    assert ids == dict.fromkeys(NAMES, ANSWER.id)


def test_a_response_may_be_signed_as_well_as_its_assertion(provider: Saml) -> None:
    answer = encoded(signed(ANSWER.xml()))

    assert verified(provider, answer).get("ID") == ANSWER.id


def test_thousands_of_groups_have_room(provider: Saml) -> None:
    """Each with its type, as Shibboleth and Keycloak write it."""
    many = ANSWER._replace(groups=tuple(f"group-{number}" for number in range(2_000)))
    typed = many.assertion().replace("<saml:AttributeValue>", TYPED)

    answer = encoded(many.around(signed(typed)))

    assert verified(provider, answer).get("ID") == ANSWER.id
