"""Tried: become somebody by an answer of the SAML provider that is unsigned, signed by
another key, by a weak algorithm or around something else, changed or commented into
after it was signed, too old, too early, or for another site, request or browser; use
one twice, in two processes at once; be somebody of OpenID Connect; break the parser; be
led to another site; fill the database.

Refused: each; only what the provider's key signed is read, once, in the browser that
began the sign-in. What proves nothing is not kept, and RelayState is not read.
"""

from __future__ import annotations

import base64
import logging
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.test import Client

from accounts.models import Identity, SamlAnswer
from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import LONGEST
from tests.accounts.web.single_sign_on.provider import PROVIDER, text, who
from tests.accounts.web.single_sign_on.saml.forgeries import FORGERIES, wrapped
from tests.accounts.web.single_sign_on.saml.provider import (
    ACS,
    ENTITY_ID,
    FINISH,
    Answer,
    begin,
    key,
    post,
    provider,
    saml,
    sign_in,
    signed,
)
from tests.rows import person

__all__ = ["provider"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_what_the_provider_did_not_sign_is_refused(
    client: Client, provider: Saml, forge: Any
) -> None:
    answer = Answer(begin(client).attrib["ID"])

    taken = post(forge(answer))

    assert_nobody_came(client, taken)


@pytest.mark.parametrize(
    "inside", ["extensions", "object", "the evil one", "another with its ID"]
)
def test_a_signed_assertion_around_which_another_is_wrapped_is_refused(
    client: Client, provider: Saml, inside: str
) -> None:
    answer = Answer(begin(client).attrib["ID"])

    taken = post(wrapped(answer, inside=inside))

    assert_nobody_came(client, taken)


@pytest.mark.parametrize(
    "said",
    [
        {"audience": "https://other.example.com"},
        {"audience": ""},
        {"recipient": "https://other.example.com/sign-in/saml/acs/"},
        {"recipient": ""},
        {"destination": "https://other.example.com/sign-in/saml/acs/"},
        {"destination": "https://bowline.example.com/sign-in/saml/acs/../"},
        {"issuer": "https://evil.example.com"},
        {"inner_request": ""},
        {"ends": 0},
        {"ends": -600},
        {"starts": 600, "ends": 900},
        {"ends": 10 * 365 * 86_400},
        {"algorithm": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {"subject": ""},
        {"subject": "x" * 256},
        {"subject": "a\N{RIGHT-TO-LEFT OVERRIDE}b"},
        {"subject": "<saml:Issuer>ann</saml:Issuer>"},
    ],
    ids=lambda said: " ".join(f"{name}={value!s:.40}" for name, value in said.items()),
)
def test_an_assertion_that_is_not_for_now_and_here_is_refused(
    client: Client, provider: Saml, said: dict[str, Any]
) -> None:
    answer = Answer(begin(client).attrib["ID"], **said)

    taken = post(answer.xml())

    assert_nobody_came(client, taken)


def assert_nobody_came(client: Client, taken: Any) -> None:
    assert taken.status_code == 403, taken
    assert client.get(FINISH).status_code == 403
    assert who(client) == ""
    assert not User.objects.exists()
    assert not SamlAnswer.objects.exists()


@pytest.mark.parametrize("text_sent", ["", "%%%", "a" * 1_001, "x" * (LONGEST + 1)])
def test_what_is_no_answer_is_a_sentence(provider: Saml, text_sent: str) -> None:
    taken = Client().post(ACS, {"SAMLResponse": text_sent})

    assert taken.status_code == 403
    assert "Corp didn't complete the sign-in." in text(taken)
    assert not SamlAnswer.objects.exists()


@pytest.mark.parametrize("comment", ["<!-- -->", "<?x y?>"])
def test_a_comment_in_a_name_ends_it_not(
    client: Client, provider: Saml, comment: str
) -> None:
    """The signature is the same with a comment, and some readers stop at it."""
    person("administrator", username="ann")
    answer = Answer(
        begin(client).attrib["ID"], subject="ann.evil", groups=("platform",)
    )
    xml = answer.xml()
    assert ">ann.evil<" in xml

    post(xml.replace(">ann.evil<", f">ann{comment}.evil<"))
    client.get(FINISH)

    assert who(client) in ("", "ann.evil")
    assert not Identity.objects.exclude(subject="ann.evil").exists()


def test_a_comment_in_a_group_gives_no_other_group(
    client: Client, provider: Saml
) -> None:
    answer = Answer(begin(client).attrib["ID"], groups=("admins-of-lunch",))

    post(answer.xml().replace(">admins-of-lunch<", ">admins<!-- -->-of-lunch<"))

    assert client.get(FINISH).status_code == 403
    assert not User.objects.exists()


def test_a_group_with_a_space_that_is_not_of_xml_is_another_group(
    client: Client, provider: Saml
) -> None:
    groups = ("admins\N{NO-BREAK SPACE}", "\N{EM SPACE}admins")

    assert sign_in(client, groups=groups).status_code == 403
    assert not User.objects.exists()


def test_an_answer_is_used_once(client: Client, provider: Saml) -> None:
    xml = Answer(begin(client).attrib["ID"]).xml()
    post(xml)
    client.get(FINISH)
    assert who(client) == "ann"
    client.post("/sign-out/")

    again = post(xml)

    assert again.status_code == 403
    assert "This sign-in was already used." in text(again)
    assert client.get(FINISH).status_code == 403
    assert who(client) == ""


def test_an_assertion_with_another_request_around_it_is_used_once(
    client: Client, provider: Saml
) -> None:
    """The same assertion again, as the answer of another sign-in of the attacker."""
    first = Answer(begin(client).attrib["ID"])
    post(first.xml())
    mallory = Client()
    second = first._replace(request=begin(mallory).attrib["ID"])

    taken = post(second.around(signed(first.assertion())))

    assert taken.status_code == 403
    assert mallory.get(FINISH).status_code == 403


def test_two_answers_to_one_request_are_one(client: Client, provider: Saml) -> None:
    request = begin(client).attrib["ID"]
    post(Answer(request).xml())

    assert post(Answer(request, id="_2", subject="bob").xml()).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_taken(client: Client, provider: Saml) -> None:
    xml = Answer(begin(client).attrib["ID"]).xml()
    both, statuses = Barrier(2), []

    def send() -> None:
        both.wait(20)
        statuses.append(post(xml).status_code)
        connections.close_all()

    threads = [Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [302, 403]
    assert SamlAnswer.objects.count() == 1


def test_an_answer_to_somebody_elses_sign_in_is_refused(
    client: Client, provider: Saml
) -> None:
    """A victim is led to where the attacker's own sign-in would be finished."""
    mallory = Client()
    post(Answer(begin(mallory).attrib["ID"], subject="mallory").xml())
    begin(client)

    assert client.get(FINISH).status_code == 403
    assert who(client) == ""


def test_an_answer_of_the_other_protocol_finishes_nothing(
    client: Client, provider: Saml, settings
) -> None:
    settings.SINGLE_SIGN_ON = PROVIDER
    session = client.session
    session["single_sign_on"] = {
        "by": "single-sign-on",
        "nonce": "_request",
        "back": "/",
        "confirms": False,
    }
    session.save()
    post(Answer("_request").xml())

    assert client.get(FINISH).status_code == 403
    assert who(client) == ""


def test_a_subject_of_openid_connect_is_somebody_else_at_the_same_address(
    client: Client, provider: Saml
) -> None:
    """Some providers have one address for both, and people may choose a NameID."""
    root = person("administrator", username="root")
    Identity.objects.create(
        person=root, issuer=ENTITY_ID, subject="7", seen_at="2026-01-01T00:00Z"
    )

    sign_in(client, subject="7")

    assert who(client) == "7"


def test_nobody_becomes_somebody_else_by_a_name_or_a_mail_address(
    client: Client, provider: Saml
) -> None:
    olga = person("administrator", username="olga", email="olga@example.com")

    answer = sign_in(client, subject="OLGA", more=(("email", (olga.email,)),))

    assert "A local user named OLGA already exists" in text(answer)
    assert who(client) == ""


@pytest.mark.parametrize("state", ["https://evil.example.com/", "//evil.example.com"])
def test_it_leads_to_no_other_site(client: Client, provider: Saml, state: str) -> None:
    answer = Answer(begin(client, next=state).attrib["ID"])

    taken = post(answer.xml(), RelayState=state)

    assert taken["Location"] == FINISH
    assert client.get(FINISH)["Location"] == "/"


def test_the_log_says_why_and_nothing_that_was_sent(
    client: Client, provider: Saml, caplog: pytest.LogCaptureFixture
) -> None:
    issuer = "https://evil.example.com/planted"

    post(Answer(begin(client).attrib["ID"], issuer=issuer).xml())

    assert "SAML failed: OneLogin_Saml2_ValidationError WRONG_ISSUER" in caplog.text
    assert "planted" not in caplog.text


def test_a_former_certificate_counts_no_more(
    client: Client, provider: Saml, settings
) -> None:
    both = (key("next").in_one_line, key().in_one_line)
    settings.SAML = saml(certificates=both)
    sign_in(client, signed_by="next")
    assert who(client) == "ann"

    settings.SAML = saml(certificates=both[:1])

    assert sign_in(Client(), id="_2").status_code == 403


def test_a_document_in_another_encoding_is_not_read_otherwise(
    client: Client, provider: Saml
) -> None:
    xml = (
        '<?xml version="1.0" encoding="UTF-7"?>'
        + Answer(begin(client).attrib["ID"]).xml()
    )

    taken = Client().post(
        ACS, {"SAMLResponse": base64.b64encode(xml.encode()).decode()}
    )

    assert taken.status_code == 403
