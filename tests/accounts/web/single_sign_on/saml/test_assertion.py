"""What is asked of an assertion here, too, should python3-saml no longer do so."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree
from onelogin.saml2.response import OneLogin_Saml2_Response

from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import (
    NotForBowline,
    assertion_in,
    verified,
)
from tests.accounts.web.single_sign_on.saml.provider import Answer, encoded, signed

ANSWER = Answer("_request")


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch, provider: Saml) -> Saml:
    monkeypatch.setattr(OneLogin_Saml2_Response, "is_valid", lambda *_, **__: True)
    return provider


def element(answer: Answer) -> Any:
    return etree.fromstring(answer.assertion())


def test_an_assertion_of_the_provider_is_read(provider: Saml) -> None:
    assert assertion_in(provider, element(ANSWER)).claims["sub"] == ANSWER.subject


def test_an_assertion_of_another_issuer_is_refused(provider: Saml) -> None:
    other = ANSWER._replace(issuer="https://other.example.com")

    with pytest.raises(NotForBowline, match="another issuer"):
        assertion_in(provider, element(other))


def test_an_element_in_a_text_is_refused(provider: Saml) -> None:
    other = ANSWER._replace(subject="ann<x>.evil</x>")

    with pytest.raises(NotForBowline, match="elements where a text should be"):
        assertion_in(provider, element(other))


def test_the_signature_of_an_assertion_is_its_own(unjudged: Saml) -> None:
    answer = encoded(ANSWER.xml())

    assert verified(unjudged, answer).get("ID") == ANSWER.id


@pytest.mark.parametrize("id_", ["_other", ""])
def test_a_signature_of_another_element_is_refused(unjudged: Saml, id_: str) -> None:
    named = f'ID="{ANSWER.id}"'
    answer = ANSWER.around(signed(ANSWER.assertion()).replace(named, f'ID="{id_}"'))

    with pytest.raises(NotForBowline, match="another element is signed"):
        verified(unjudged, encoded(answer))
