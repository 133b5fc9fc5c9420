"""The SAML provider, as the environment and its metadata say it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from bowline.single_sign_on import saml as reading
from bowline.single_sign_on.described import env_saml
from bowline.single_sign_on.variables import env_passwords_for
from tests.accounts.web.single_sign_on.saml.provider import ENTITY_ID, key, saml

ROOT = Path(__file__).parent.parent.parent.parent
METADATA = """<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"
  xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="{entity_id}">
  <md:IDPSSODescriptor
    protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
    <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:KeyDescriptor use="encryption"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      AAAA</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>
    <md:SingleSignOnService Location="https://login.example.com/post"
      Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/>
    <md:SingleSignOnService Location="https://login.example.com/saml/sso"
      Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{binding}"/>
  </md:IDPSSODescriptor>
</md:EntityDescriptor>"""


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SAML_ENTITY_ID", ENTITY_ID)
    monkeypatch.setenv("SAML_SSO_URL", f"{ENTITY_ID}/sso")
    monkeypatch.setenv("SAML_CERTIFICATE", key().certificate)
    return monkeypatch


@pytest.fixture
def metadata(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    file = tmp_path / "metadata.xml"
    monkeypatch.setenv("SAML_METADATA_FILE", str(file))
    file.write_text(described())
    return file


def described(**fields: str) -> str:
    plain = {
        "entity_id": ENTITY_ID,
        "certificate": key().in_one_line,
        "binding": "Redirect",
    }
    return METADATA.format(**{**plain, **fields})


def test_without_a_provider_there_is_none() -> None:
    assert env_saml() is None


def test_three_variables_are_enough(environment: pytest.MonkeyPatch) -> None:
    one = env_saml()

    assert one
    assert (one.entity_id, one.sso_url) == (ENTITY_ID, f"{ENTITY_ID}/sso")
    assert one.certificates == (key().in_one_line,)
    assert (one.name, one.claim, one.roles) == ("SAML", "groups", None)
    assert env_passwords_for(None, one) == []


def test_names_attributes_and_roles(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("SAML_NAME", "Corp")
    environment.setenv("SAML_GROUPS_ATTRIBUTE", "roles")
    environment.setenv("SAML_NAME_ATTRIBUTE", "uid")
    environment.setenv("SAML_ROLES", '{"a": ["viewer"]}')

    one = env_saml()

    assert one
    assert (one.name, one.claim, one.name_attribute) == ("Corp", "roles", "uid")
    assert one.roles == {"a": ("viewer",)}


def test_a_file_has_both_certificates_while_the_provider_changes_it(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "certificates.pem"
    file.write_text(key().certificate + key("next").certificate)
    environment.delenv("SAML_CERTIFICATE")
    environment.setenv("SAML_CERTIFICATE_FILE", str(file))

    one = env_saml()

    assert one
    assert one.certificates == (key().in_one_line, key("next").in_one_line)


@pytest.mark.parametrize("certificate", ["in one line", "with escaped line breaks"])
def test_a_variable_has_the_certificate_as_others_write_it(
    environment: pytest.MonkeyPatch, certificate: str
) -> None:
    one_line = certificate == "in one line"
    written = key().certificate.replace("\n", "\\n")
    environment.setenv("SAML_CERTIFICATE", key().in_one_line if one_line else written)

    one = env_saml()

    assert one
    assert one.certificates == (key().in_one_line,)


@pytest.mark.parametrize("name", ["SAML_SSO_URL", "SAML_CERTIFICATE"])
def test_what_is_missing_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    environment.delenv(name)

    with pytest.raises(ImproperlyConfigured, match=f"{name} must also be set"):
        env_saml()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("SAML_SSO_URL", "http://login.example.com", "SAML_SSO_URL must be"),
        ("SAML_SSO_URL", "login.example.com", "SAML_SSO_URL must be"),
        ("SAML_CERTIFICATE", "AAAA", "SAML_CERTIFICATE has no certificate"),
        ("SAML_CERTIFICATE", "%", "SAML_CERTIFICATE has no certificate"),
        ("SAML_CERTIFICATE_FILE", "/nowhere.pem", "/nowhere.pem can't be read"),
        ("SAML_ENTITY_ID", "x" * 500, "SAML_ENTITY_ID has no entity ID"),
        ("SAML_ROLES", "[]", "SAML_ROLES must be JSON"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(
    environment: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    environment.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=said):
        env_saml()


def test_the_metadata_of_the_provider_are_enough(metadata: Path) -> None:
    one = env_saml()

    assert one
    assert (one.entity_id, one.sso_url) == (ENTITY_ID, f"{ENTITY_ID}/sso")
    assert one.certificates == (key().in_one_line,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no XML", "isn't valid XML"),
        ("<a/>", "it describes 0"),
        (described(binding="Artifact"), "names no address"),
        (described(entity_id=""), "has no entity ID"),
        (described(certificate="AAAA"), "has no certificate"),
    ],
    ids=["no XML", "no provider", "no redirect", "no name", "no certificate"],
)
def test_metadata_that_say_too_little_are_refused(
    metadata: Path, text: str, said: str
) -> None:
    metadata.write_text(text)

    with pytest.raises(ImproperlyConfigured, match=said):
        env_saml()


def test_without_the_libraries_it_says_what_to_install(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setattr(reading, "find_spec", lambda name: None)

    with pytest.raises(ImproperlyConfigured, match=r"-r requirements-saml\.txt, or"):
        env_saml()


def test_passwords_may_be_off_with_saml_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORDS_FOR", "emergency")

    assert env_passwords_for(None, saml()) == ["emergency"]


def started(**environment: str) -> subprocess.CompletedProcess[str]:
    """Load the site's settings and addresses in a fresh interpreter."""
    program = (
        "import django, sys; django.setup(); import bowline.urls;"
        "print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    plain = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "bowline.settings",
        "SECRET_KEY": "only-for-tests-and-never-for-a-site",
        "DATABASE_URL": "sqlite:///:memory:",
    }
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=plain | environment,
        capture_output=True,
        text=True,
    )


def test_without_saml_none_of_its_libraries_is_loaded() -> None:
    loaded = started().stdout.split()

    assert "django" in loaded
    assert not {"lxml", "onelogin", "xmlsec"} & {*loaded}


def test_with_saml_the_site_has_its_addresses_and_must_know_its_own() -> None:
    described = {
        "SAML_ENTITY_ID": ENTITY_ID,
        "SAML_SSO_URL": f"{ENTITY_ID}/sso",
        "SAML_CERTIFICATE": key().certificate,
    }

    without = started(**described)
    complete = started(**described, SITE_URL="https://bowline.example.com")

    assert "set SITE_URL" in without.stderr
    assert "onelogin" in complete.stdout.split()
