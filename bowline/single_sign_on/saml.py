"""The SAML provider, as SAML_… describe it, or the metadata that it publishes."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit
from xml.etree import ElementTree

from cryptography.x509 import load_der_x509_certificate
from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import Saml
from bowline.environment.variables import Environment
from bowline.single_sign_on.variables import required, roles_of_groups

PEM = re.compile(
    r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL
)
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NAMES = {
    "md": "urn:oasis:names:tc:SAML:2.0:metadata",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
}
LONGEST = 500


class Described(NamedTuple):
    """What the provider says of itself in its metadata."""

    entity_id: str
    sso_url: str
    certificates: tuple[str, ...]


def read_saml(env: Environment) -> Saml:
    """Read SAML_…, where one of them is set."""
    file = env.SAML_METADATA_FILE
    if find_spec("onelogin") is None:
        raise ImproperlyConfigured(
            f"{'SAML_METADATA_FILE' if file else 'SAML_ENTITY_ID'} is set, and SAML "
            "isn't installed: pip install --require-hashes -r requirements-saml.txt, "
            "or docker build --build-arg SAML=true."
        )
    described = metadata_in(file) if file else by_variables(env)
    parts = urlsplit(described.sso_url)
    if parts.scheme != "https" or not parts.hostname or parts.fragment:
        raise ImproperlyConfigured(
            "SAML_SSO_URL must be where the provider signs people in by HTTP-Redirect, "
            f"such as https://login.example.com/saml, not {described.sso_url!r}."
        )
    return Saml(
        issuer=f"saml:{described.entity_id}",
        sso_url=described.sso_url,
        certificates=described.certificates,
        roles=roles_of_groups("SAML_ROLES", env.SAML_ROLES),
        name=env.SAML_NAME,
        claim=env.SAML_GROUPS_ATTRIBUTE,
        name_attribute=env.SAML_NAME_ATTRIBUTE,
        email_attribute=env.SAML_EMAIL_ATTRIBUTE,
    )


def by_variables(env: Environment) -> Described:
    entity_id = entity_id_in(env.SAML_ENTITY_ID, "SAML_ENTITY_ID")
    sso_url = required(env, "SAML_SSO_URL", because="SAML_ENTITY_ID")
    if file := env.SAML_CERTIFICATE_FILE:
        return Described(entity_id, sso_url, certificates_in(read_metadata(file), file))
    text = required(env, "SAML_CERTIFICATE", because="SAML_ENTITY_ID")
    return Described(entity_id, sso_url, certificates_in(text, "SAML_CERTIFICATE"))


def read_metadata(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ImproperlyConfigured(f"{file} can't be read: {error}.") from error


def entity_id_in(text: str, where: str) -> str:
    if not 0 < len(text) <= LONGEST - len("saml:") or text != text.strip():
        raise ImproperlyConfigured(
            f"{where} has no entity ID of a provider, such as "
            "https://login.example.com/saml."
        )
    return text


def certificates_in(text: str, where: str) -> tuple[str, ...]:
    """Read certificates, in PEM or one in base64: two while the provider changes it."""
    return decoded(PEM.findall(text) or [text], where)


def decoded(texts: Iterable[str], where: str) -> tuple[str, ...]:
    """Return certificates as base64 in one line each; raise where one is none."""
    found = []
    for text in texts:
        one = "".join(text.replace("\\n", "").split())
        try:
            load_der_x509_certificate(b64decode(one, validate=True))
        except (binascii.Error, ValueError) as error:
            raise ImproperlyConfigured(
                f"{where} has no certificate of the provider: give it as PEM, from "
                "-----BEGIN CERTIFICATE----- on."
            ) from error
        found.append(one)
    if not found:
        raise ImproperlyConfigured(f"{where} has no certificate that signs.")
    return tuple(dict.fromkeys(found))


def metadata_in(file: str) -> Described:
    """Read the metadata of one provider, which its administrator downloads."""
    try:
        root = ElementTree.fromstring(read_metadata(file))
    except ElementTree.ParseError as error:
        raise ImproperlyConfigured(f"{file} isn't valid XML: {error}.") from error
    providers = [
        entity
        for entity in root.iter(f"{{{NAMES['md']}}}EntityDescriptor")
        if entity.find("md:IDPSSODescriptor", NAMES) is not None
    ]
    if len(providers) != 1:
        raise ImproperlyConfigured(
            f"{file} must be the metadata of one SAML provider; it describes "
            f"{len(providers)}."
        )
    (entity,) = providers
    services = entity.findall("md:IDPSSODescriptor/md:SingleSignOnService", NAMES)
    urls = [
        one.get("Location", "") for one in services if one.get("Binding") == REDIRECT
    ]
    if not urls:
        raise ImproperlyConfigured(
            f"{file} names no address for sign-ins by HTTP-Redirect. Switch that on at "
            "the provider."
        )
    keys = entity.findall("md:IDPSSODescriptor/md:KeyDescriptor", NAMES)
    texts = [
        certificate.text or ""
        for key in keys
        if key.get("use", "signing") == "signing"
        for certificate in key.iterfind(".//ds:X509Certificate", NAMES)
    ]
    return Described(
        entity_id_in(entity.get("entityID", ""), file), urls[0], decoded(texts, file)
    )
