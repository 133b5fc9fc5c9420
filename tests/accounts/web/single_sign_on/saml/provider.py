"""A SAML provider as Bowline hears it: it signs what a test wants said."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import reverse
from onelogin.saml2.utils import OneLogin_Saml2_Utils as Tools

from accounts.web.single_sign_on.provider import Saml

ENTITY_ID = "https://login.example.com/saml"
SITE = "https://bowline.example.com"
FINISH = "/sign-in/saml/finish/"
ACS = "/sign-in/saml/acs/"
NAMES = (
    'xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" '
    'xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
)


class Key(NamedTuple):
    pem: str
    certificate: str
    """In PEM."""

    @property
    def in_one_line(self) -> str:
        return "".join(self.certificate.splitlines()[1:-1])


def key(name: str = "provider") -> Key:
    """Return the key of that name, made once for all tests."""
    return made(name)


@cache
def made(name: str) -> Key:
    """Make a key and a certificate that it signed itself."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(private, hashes.SHA256())
    )
    return Key(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode(),
        certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def saml(**fields: Any) -> Saml:
    plain: dict[str, Any] = {
        "issuer": f"saml:{ENTITY_ID}",
        "sso_url": f"{ENTITY_ID}/sso",
        "certificates": (key().in_one_line,),
        "roles": {
            "platform": ("operator", "approver"),
            "security": ("viewer",),
            "admins": ("administrator",),
        },
        "name": "Corp",
        "claim": "groups",
        "name_attribute": "",
        "email_attribute": "email",
    }
    return Saml(**{**plain, **fields})


def instant(seconds: float = 0) -> str:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name: str, values: tuple[str, ...]) -> str:
    inner = "".join(
        f"<saml:AttributeValue>{escape(value)}</saml:AttributeValue>"
        for value in values
    )
    return f'<saml:Attribute Name="{name}">{inner}</saml:Attribute>'


class Answer(NamedTuple):
    """An answer of the provider; what is empty is left out."""

    request: str
    """The ID of what it answers."""
    subject: str = "ann"
    groups: tuple[str, ...] = ("platform",)
    more: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Further attributes."""
    id: str = "_assertion-1"
    issuer: str = ENTITY_ID
    audience: str = f"{SITE}/sign-in/saml/metadata/"
    recipient: str = f"{SITE}{ACS}"
    destination: str = f"{SITE}{ACS}"
    inner_request: str = "as the outer one"
    starts: float = -60
    ends: float = 300
    asked: float = 0
    """When it asked who somebody is, in seconds from now."""
    format: str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
    status: str = "Success"
    signed_by: str = "provider"
    sign: Callable[[str, str], str] | None = None
    """Instead of signing the assertion with the key of that name."""
    algorithm: str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"

    def assertion(self) -> str:
        groups = attribute("groups", self.groups) if self.groups else ""
        said = groups + "".join(attribute(*one) for one in self.more)
        inner = (
            self.request if self.inner_request.startswith("as") else self.inner_request
        )
        ends = f' NotOnOrAfter="{instant(self.ends)}"' if self.ends else ""
        confirmation = (
            attributes_of(InResponseTo=inner, Recipient=self.recipient) + ends
        )
        audience = (
            f"<saml:AudienceRestriction><saml:Audience>{self.audience}</saml:Audience>"
            "</saml:AudienceRestriction>"
            if self.audience
            else ""
        )
        return (
            f'<saml:Assertion {NAMES} ID="{self.id}" Version="2.0" '
            f'IssueInstant="{instant()}"><saml:Issuer>{self.issuer}</saml:Issuer>'
            f'<saml:Subject><saml:NameID Format="{self.format}">{self.subject}'
            "</saml:NameID><saml:SubjectConfirmation "
            'Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
            f"<saml:SubjectConfirmationData{confirmation}/></saml:SubjectConfirmation>"
            f'</saml:Subject><saml:Conditions NotBefore="{instant(self.starts)}"{ends}>'
            f"{audience}</saml:Conditions>"
            f'<saml:AuthnStatement AuthnInstant="{instant(self.asked)}">'
            "<saml:AuthnContext><saml:AuthnContextClassRef>"
            "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
            "</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"
            + (
                f"<saml:AttributeStatement>{said}</saml:AttributeStatement>"
                * bool(said)
            )
            + "</saml:Assertion>"
        )

    def xml(self) -> str:
        assertion = self.assertion()
        by = self.sign or (lambda text, name: signed(text, name, self.algorithm))
        return self.around(by(assertion, self.signed_by))

    def around(self, assertion: str) -> str:
        where = attributes_of(InResponseTo=self.request, Destination=self.destination)
        return (
            f'<samlp:Response {NAMES} ID="_response-1" Version="2.0" '
            f'IssueInstant="{instant()}"{where}><saml:Issuer>{self.issuer}'
            "</saml:Issuer><samlp:Status><samlp:StatusCode "
            f'Value="urn:oasis:names:tc:SAML:2.0:status:{self.status}"/>'
            f"</samlp:Status>{assertion}</samlp:Response>"
        )


def attributes_of(**named: str) -> str:
    return "".join(f' {name}="{value}"' for name, value in named.items() if value)


def signed(xml: str, by: str = "provider", algorithm: str = "") -> str:
    """Sign an element as a provider does: within it, after its issuer."""
    kept = key(by)
    options = {"sign_algorithm": algorithm} if algorithm else {}
    text = Tools.add_sign(xml, kept.pem, kept.certificate, **options)
    return text.decode() if isinstance(text, bytes) else text


def begin(client: Client, **asked: str) -> ElementTree.Element:
    """Follow the button; return the request that the browser takes to the provider."""
    sent = client.get(reverse("saml"), asked)
    assert sent.status_code == 302, sent.content
    location = urlsplit(sent["Location"])
    assert location.netloc == "login.example.com"
    text = parse_qs(location.query)["SAMLRequest"][0]
    return ElementTree.fromstring(zlib.decompress(base64.b64decode(text), -15))


def post(xml: str, client: Client | None = None, **more: str) -> Any:
    """Send the form that another site lets the browser send: without a session."""
    client = client or Client(enforce_csrf_checks=True)
    return client.post(ACS, {"SAMLResponse": encoded(xml), **more})


def encoded(xml: str) -> str:
    return base64.b64encode(xml.encode()).decode()


def sign_in(client: Client, **said: Any) -> Any:
    """Sign in, or give the page that refuses it."""
    asked = {name: said.pop(name) for name in ("next", "confirm") if name in said}
    request = begin(client, **asked).attrib["ID"]
    taken = post(Answer(request, **said).xml())
    if taken.status_code != 302:
        return taken
    assert taken["Location"] == FINISH
    return client.get(FINISH)


@pytest.fixture
def provider(settings) -> Saml:
    settings.SITE_URL = SITE
    settings.SAML = saml()
    return settings.SAML
