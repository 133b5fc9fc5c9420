"""Tried: become a colleague by a name or a mail address at the provider of the single
sign-on, or by a subject of another provider; replay its answer, or use that of another
sign-in, client, issuer or time, or about nobody; keep a role after the group is gone;
confirm with a sign-in of an hour ago, or with somebody else's; be led to another site.

Refused: only issuer and subject say who somebody is; state, verifier and nonce belong
to one browser and one sign-in; each sign-in gives exactly the roles of the groups, and
without one ends all sessions; roles and settings need a sign-in that the provider asked
for just now; it leads to this site only.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from accounts.models import Activity, Identity
from accounts.people.roles import roles_of
from tests.accounts.web.single_sign_on.provider import (
    ISSUER,
    Emulated,
    begin,
    come_back,
    sign_in,
    text,
    who,
)
from tests.attack.values import COMPUTED, PLANTED, VALUES
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db
What = Activity.What


def test_who_lost_the_group_is_signed_out_everywhere(
    client: Client, provider: Emulated
) -> None:
    elsewhere = Client()
    sign_in(elsewhere, provider.of("ann", "platform"))

    answer = sign_in(client, provider.of("ann", "marketing"))

    assert answer.status_code == 403
    assert who(client) == who(elsewhere) == ""
    assert roles_of(User.objects.get()) == ()


@pytest.mark.parametrize(
    "name",
    [
        "olga\N{HANGUL FILLER}",
        "olga\N{RIGHT-TO-LEFT OVERRIDE}",
        "a b",
        "x" * 151,
        "<b>",
        "o\nlga",
    ],
)
def test_a_name_that_cannot_be_shown_is_refused(
    client: Client, provider: Emulated, name: str
) -> None:
    answer = sign_in(client, provider.of("1", "platform", preferred_username=name))

    assert answer.status_code == 403
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "name", ["olga", "OLGA", "ｏｌｇａ", "ol\N{MATHEMATICAL BOLD SMALL G}a"]
)
def test_nobody_becomes_somebody_else_by_a_name_or_a_mail_address(
    client: Client, provider: Emulated, name: str
) -> None:
    olga = person("administrator", username="olga", email="olga@example.com")

    answer = sign_in(
        client,
        provider.of("7", "security", preferred_username=name, email=olga.email),
    )

    assert answer.status_code == 403
    called = unicodedata.normalize("NFKC", name)
    assert f"A local user named {called} already exists" in text(answer)
    assert who(client) == ""
    sign_in(client, provider.of("8", "security", email=olga.email))
    assert who(client) == "8"


@pytest.mark.parametrize("name", ["ol\N{CYRILLIC SMALL LETTER GHE}a", "οlga", "оlga"])
def test_a_name_of_two_alphabets_that_look_alike_is_refused(
    client: Client, provider: Emulated, name: str
) -> None:
    answer = sign_in(client, provider.of("7", "platform", preferred_username=name))

    assert answer.status_code == 403
    assert "mixes alphabets with letters that look alike" in text(answer)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", ["ольга", "jürgen", "山田たろう", "olga@example.com"])
def test_a_name_of_any_one_alphabet_is_taken(
    client: Client, provider: Emulated, name: str
) -> None:
    sign_in(client, provider.of("7", "platform", preferred_username=name))

    assert who(client) == name


def test_a_group_that_looks_like_one_with_a_role_has_none(
    client: Client, provider: Emulated
) -> None:
    groups = ["Admins", "admins ", "аdmins", "ａdmins", "admins\N{ZERO WIDTH SPACE}"]

    assert sign_in(client, provider.of("7", *groups)).status_code == 403
    assert not User.objects.exists()


def test_a_subject_of_another_provider_is_somebody_else(
    client: Client, provider: Emulated
) -> None:
    sign_in(client, provider.of("ann", "platform"))
    Identity.objects.update(issuer="https://old.example.com")

    assert sign_in(Client(), provider.of("ann", "platform")).status_code == 403


def test_the_address_that_the_provider_sent_works_once(
    client: Client, provider: Emulated
) -> None:
    query = begin(client, provider.of("ann", "platform"))
    come_back(client, query)
    client.post(reverse("sign-out"))

    assert come_back(client, query).status_code == 401
    assert who(client) == ""


def test_an_answer_to_somebody_elses_sign_in_is_refused(
    client: Client, provider: Emulated
) -> None:
    query = begin(Client(), provider.of("mallory", "platform"))

    assert come_back(client, query).status_code == 401
    assert who(client) == ""


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "of-another-sign-in"},
        {"nonce": ""},
        {"iss": "https://evil.example.com"},
        {"aud": "another-client"},
        {"exp": time.time() - 3600},
    ],
    ids=["nonce", "no nonce", "issuer", "audience", "expired"],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(
    client: Client, provider: Emulated, claims: dict[str, Any]
) -> None:
    answer = sign_in(client, provider.of("ann", "platform", **claims))

    assert answer.status_code in (401, 403)
    assert not User.objects.exists()


def refusals(provider: Emulated, wanted: Iterable[dict[str, Any]]) -> list[int]:
    """Sign in with each of these claims in a browser of its own."""
    return [
        sign_in(Client(), provider.of("ann", "platform", **claims)).status_code
        for claims in wanted
    ]


def test_a_token_of_another_time_or_for_another_party_is_refused(
    provider: Emulated,
) -> None:
    """OpenID Connect Core 3.1.3.7, where django-allauth asks for less."""
    later = time.time() + 3600
    both = ["bowline", "another-client"]
    wrong = [
        {"exp": ""},
        {"iat": ""},
        {"iat": later},
        {"iat": "later"},
        {"nbf": later},
        {"azp": "another-client"},
        {"aud": both},
        {"aud": both, "azp": "another-client"},
    ]

    assert refusals(provider, wrong) == [401] * len(wrong)
    assert not User.objects.exists()


def test_only_the_issuer_of_the_settings_says_who_somebody_is(
    provider: Emulated,
) -> None:
    """Discovery 4.3: what one address describes may belong to another issuer."""
    statuses = []
    for issuer in (f"{ISSUER}/other", "https://evil.example.com", f"{ISSUER}/"):
        provider.issuer = issuer
        statuses += refusals(provider, [{"iss": issuer}])

    assert statuses == [401, 401, 302]


def test_a_token_for_several_parties_names_the_one_it_was_made_for(
    provider: Emulated,
) -> None:
    soon = time.time() + 30
    right = [
        {"aud": ["bowline", "another-client"], "azp": "bowline"},
        {"aud": ["bowline"]},
        {"nbf": soon, "iat": soon},
    ]

    assert refusals(provider, right) == [302] * len(right)


def test_a_subject_is_a_text_that_can_be_kept_and_shown(provider: Emulated) -> None:
    subjects = [None, 7, ["ann"], " ", "ann ", "a\0n", "a\u202en", "x" * 256]
    wrong = [{"sub": subject, "preferred_username": "ann"} for subject in subjects]

    assert all(status in (401, 403) for status in refusals(provider, wrong))
    assert not User.objects.exists()
    assert refusals(provider, [{"sub": "x" * 255}]) == [302]


def test_hostile_names_groups_and_subjects_are_refused_or_text(
    provider: Emulated,
) -> None:
    taken = 0
    for number, value in enumerate(VALUES):
        for claims in (
            {"preferred_username": value},
            {"name": value, "email": value, "preferred_username": f"name{number}"},
            {"sub": value, "preferred_username": f"subject{number}"},
            {"groups": ["platform", value], "preferred_username": f"group{number}"},
        ):
            client, subject = Client(), f"{number} {sorted(claims)}"
            answer = sign_in(client, provider.of(subject, "platform", **claims))
            assert answer.status_code in (302, 401, 403), claims
            assert PLANTED not in answer.content.decode()
            if answer.status_code == 302:
                taken += 1
                page = client.get("/you/").content.decode()
                assert PLANTED not in page
                assert COMPUTED not in page

    assert taken > len(VALUES)
    entries = [str(entry) for entry in Activity.objects.all()]
    assert all(len(entry.splitlines()) == 1 for entry in entries)


def test_user_info_about_somebody_else_is_refused(
    client: Client, provider: Emulated
) -> None:
    provider.userinfo = {"sub": "root", "groups": ["admins"]}

    assert sign_in(client, provider.of("ann", "platform")).status_code == 401


@pytest.mark.parametrize("path", ["/sign-in/", "/admin/login/"])
def test_the_others_have_no_password(
    client: Client, provider: Emulated, settings, path: str
) -> None:
    settings.PASSWORDS_FOR = ["emergency"]
    person("administrator", username="olga")

    answer = client.post(path, {"username": "olga", "password": PASSWORD}, follow=True)

    assert who(client) == ""
    assert answer.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_sessions_that_began_by_password_end_with_the_passwords(
    client: Client, provider: Emulated, settings
) -> None:
    olga = person("viewer", username="olga")
    client.post(reverse("sign-in"), {"username": "olga", "password": PASSWORD})
    assert who(client) == "olga"

    settings.PASSWORDS_FOR = ["emergency"]

    assert who(client) == ""
    assert olga.is_active


@pytest.mark.parametrize("back", ["//evil.example.com/", "https://evil.example.com"])
def test_it_leads_to_no_other_site(
    client: Client, provider: Emulated, back: str
) -> None:
    answer = sign_in(client, provider.of("ann", "platform"), next=back)

    assert answer["Location"] == "/"


def settings_page(client: Client) -> Any:
    policy = {"environment": "", "second_approver": "on"}
    return client.post(reverse("accounts:second-approver"), policy)


def test_a_sign_in_long_ago_at_the_provider_confirms_nothing(
    client: Client, provider: Emulated
) -> None:
    earlier = int(time.time()) - 3600
    sign_in(client, provider.of("ann", "admins", auth_time=earlier))

    asked = settings_page(client)

    assert asked["Location"].startswith(reverse("confirm"))
    page = text(client.get(asked["Location"]))
    assert "Confirm with Example" in page
    assert "Password" not in page
    query = begin(client, provider, confirm="", next="/settings/")
    assert (query["prompt"], query["max_age"]) == ("login", "0")
    assert come_back(client, query).status_code == 403  # it was not asked again

    query = begin(client, provider.of("ann", "admins"), confirm="", next="/settings/")
    assert come_back(client, query)["Location"] == "/settings/"
    assert not settings_page(client)["Location"].startswith(reverse("confirm"))


def test_nobody_confirms_for_somebody_else(client: Client, provider: Emulated) -> None:
    sign_in(Client(), provider.of("bob", "admins"))
    sign_in(client, provider.of("ann", "admins", auth_time=0))

    query = begin(client, provider.of("bob", "admins"), confirm="")

    answer = come_back(client, query)
    assert answer.status_code == 403
    assert "returned a different user" in text(answer)
    assert who(client) == "ann"
    assert settings_page(client)["Location"].startswith(reverse("confirm"))
