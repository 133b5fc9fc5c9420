"""Single sign-on, as the environment and the settings page say it."""

from __future__ import annotations

import json
import re

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from accounts.web.single_sign_on.roles import granted
from bowline.environment.variables import read_environment
from bowline.single_sign_on import passwords_for, single_sign_on
from tests.accounts.web.single_sign_on.provider import PROVIDER
from tests.rows import managing_row, person

WHOLE = {
    "OIDC_ISSUER": "https://login.example.com/realms/company/",
    "OIDC_CLIENT_ID": "bowline",
    "OIDC_CLIENT_SECRET": "a-secret",
    "OIDC_ROLES": '{"platform": ["operator", "approver"], "security": ["viewer"]}',
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in WHOLE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_without_an_issuer_there_is_none() -> None:
    assert single_sign_on(read_environment()) is None
    assert passwords_for(read_environment(), None) == []


@pytest.mark.parametrize("name", ["SAML_ENTITY_ID", "SAML_METADATA_FILE"])
@pytest.mark.parametrize("issuer", ["", "https://login.example.com"])
def test_a_site_with_saml_does_not_start_and_says_what_replaces_it(
    environment: pytest.MonkeyPatch, name: str, issuer: str
) -> None:
    environment.setenv("OIDC_ISSUER", issuer)
    environment.setenv(name, "https://login.example.com/saml")

    with pytest.raises(ImproperlyConfigured) as refused:
        single_sign_on(read_environment())

    said = str(refused.value)
    assert said.startswith(f"{name} is set, but Bowline no longer supports SAML: ")
    assert "set OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, and" in said
    assert said.count(". ") == 0


def test_variables_of_saml_that_are_empty_stop_nothing(
    environment: pytest.MonkeyPatch,
) -> None:
    """docker-compose sets each of them, to nothing."""
    environment.setenv("SAML_ENTITY_ID", "")

    assert single_sign_on(read_environment())


@pytest.mark.parametrize("name", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES"])
def test_a_client_without_its_provider_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "a-secret")

    with pytest.raises(ImproperlyConfigured) as refused:
        single_sign_on(read_environment())

    assert str(refused.value) == f"{name} is set, so OIDC_ISSUER must also be set."


def test_four_variables_are_enough(environment: pytest.MonkeyPatch) -> None:
    one = single_sign_on(read_environment())

    assert one
    assert one.issuer == "https://login.example.com/realms/company"
    assert one.roles == {"platform": ("operator", "approver"), "security": ("viewer",)}
    assert {*granted(["platform", "unknown"], one.roles)} == {"approver", "operator"}
    both = granted(["platform", "security"], one.roles)
    assert {*both} == {"approver", "operator", "viewer"}
    assert one.scopes == ("openid", "profile", "email")
    assert "a-secret" not in repr(one)


def test_names_and_scopes_of_other_providers(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OIDC_NAME", "Okta")
    environment.setenv("OIDC_GROUPS_CLAIM", "roles")
    environment.setenv("OIDC_SCOPES", "openid groups")

    one = single_sign_on(read_environment())

    assert one
    assert (one.name, one.claim, one.scopes) == ("Okta", "roles", ("openid", "groups"))


@pytest.mark.parametrize("name", ["OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_ROLES"])
def test_what_is_missing_is_named(environment: pytest.MonkeyPatch, name: str) -> None:
    """Without roles of groups, no one could sign in with the provider."""
    environment.setenv(name, "")

    with pytest.raises(ImproperlyConfigured, match=f"{name} must also be set"):
        single_sign_on(read_environment())


@pytest.mark.parametrize(
    "issuer",
    [
        "login.example.com",
        "http://login.example.com",
        "https://",
        "https://a/?b=c",
        "https://[a",
    ],
)
def test_an_issuer_is_an_address_with_tls(
    environment: pytest.MonkeyPatch, issuer: str
) -> None:
    environment.setenv("OIDC_ISSUER", issuer)

    with pytest.raises(ImproperlyConfigured, match="OIDC_ISSUER must be"):
        single_sign_on(read_environment())


@pytest.mark.parametrize(
    "roles",
    ["{}", "platform=operator", "[]", '{"a": "viewer"}', '{"a": ["root"]}', "[1]"],
)
def test_roles_are_bowlines_own(environment: pytest.MonkeyPatch, roles: str) -> None:
    environment.setenv("OIDC_ROLES", roles)

    with pytest.raises(ImproperlyConfigured, match="OIDC_ROLES must be JSON"):
        single_sign_on(read_environment())


def test_a_role_that_there_is_not_is_named_with_the_value_and_the_roles(
    environment: pytest.MonkeyPatch,
) -> None:
    environment.setenv("OIDC_ROLES", '{"a": ["root"]}')

    with pytest.raises(ImproperlyConfigured) as refused:
        single_sign_on(read_environment())

    said = str(refused.value)
    assert """not '{"a": ["root"]}'.""" in said
    assert said.endswith("Roles are viewer, operator, approver, administrator.")


def test_a_group_that_is_there_twice_is_named(environment: pytest.MonkeyPatch) -> None:
    """JSON takes the last one without a word."""
    environment.setenv("OIDC_ROLES", '{"a": ["administrator"], "a": ["viewer"]}')

    with pytest.raises(ImproperlyConfigured, match="The group 'a' is in it twice"):
        single_sign_on(read_environment())


def test_a_long_value_is_shown_in_part(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("OIDC_ROLES", "[" * 100_000)

    with pytest.raises(ImproperlyConfigured) as refused:
        single_sign_on(read_environment())

    assert len(str(refused.value)) < 400


def test_roles_may_be_for_environments(environment: pytest.MonkeyPatch) -> None:
    environment.setenv(
        "OIDC_ROLES",
        '{"a": ["operator@staging", "operator@test", "approver@-"], "b": ["operator"]}',
    )

    one = single_sign_on(read_environment())

    assert one
    assert one.roles
    assert granted(["a"], one.roles) == {
        "operator": {"staging", "test"},
        "approver": {""},
    }
    assert granted(["a", "b"], one.roles)["operator"] is None


@pytest.mark.parametrize(
    ("names", "why"),
    [
        (["operator@"], "operator@ needs the name of an environment, or - for"),
        (["operator@a b"], "operator@ needs the name of an environment"),
        (["operator@<script>"], "operator@ needs the name of an environment"),
        (["operator@a@b"], "operator@ needs the name of an environment"),
        (["operator@staging,test"], "operator@ needs the name of an environment"),
        (["operator@" + "x" * 61], "operator@ needs the name of an environment"),
        (["operator@a\u202eb"], "operator@ needs the name of an environment"),
        (["operator@a\0"], "operator@ needs the name of an environment"),
        (["viewer@staging"], "The viewer role can't be limited to environments."),
        (["administrator@a"], "The administrator role can't be limited"),
        (["root@staging"], "Roles are viewer, operator, "),
        (["@staging"], "Roles are viewer, operator, "),
        (
            ["operator", "operator@staging"],
            "operator means the role in every",
        ),
        ([["operator"]], "Roles are viewer, operator, "),
    ],
)
def test_what_is_no_environment_of_a_role_is_said(
    environment: pytest.MonkeyPatch, names: list[str], why: str
) -> None:
    environment.setenv("OIDC_ROLES", json.dumps({"a": ["viewer"], "b": names}))

    with pytest.raises(ImproperlyConfigured, match=re.escape(why)):
        single_sign_on(read_environment())


def test_passwords_are_not_switched_off_without_another_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PASSWORDS_FOR", "emergency")

    with pytest.raises(ImproperlyConfigured, match="set OIDC_ISSUER, too"):
        passwords_for(read_environment(), None)
    assert passwords_for(read_environment(), PROVIDER) == ["emergency"]


@pytest.mark.django_db
def test_the_settings_page_says_who_comes_in_and_as_what(
    client: Client, settings
) -> None:
    managing_row()
    client.force_login(person("viewer"))
    page = f"{reverse('accounts:settings')}?tab=site"
    assert "by password" in client.get(page).content.decode()
    settings.SINGLE_SIGN_ON = PROVIDER
    settings.PASSWORDS_FOR = ["viewer"]

    text = " ".join(client.get(page).content.decode().split())

    assert "https://login.example.com" in text
    assert "by password only viewer" in text
    roles = client.get(reverse("accounts:settings")).content.decode()
    assert "the group platform" in roles
    assert PROVIDER.secret not in text
