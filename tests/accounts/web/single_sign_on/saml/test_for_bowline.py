"""An assertion that is not for Bowline, or valid for too long, is denied by Bowline
itself: python3-saml accepts what leaves out an audience, a recipient or an end.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest
from lxml import etree

from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import (
    NotForBowline,
    assertion_in,
    verified,
)
from tests.accounts.web.single_sign_on.saml.provider import SITE, Answer

ANSWER = Answer("_request")
DAY = 86_400


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"audience": ""}, "another audience"),
        ({"audience": "https://other.example.com"}, "another audience"),
        ({"recipient": ""}, "another recipient"),
        ({"recipient": f"{SITE}/"}, "another recipient"),
        ({"ends": 0}, "no time at which it ends"),
        ({"ends": -60}, "expired"),
        ({"ends": DAY + 60}, "valid for more than a day"),
    ],
)
def test_it_names_bowline_and_ends_soon(
    said: dict[str, Any], wrong: str, provider: Saml
) -> None:
    element = etree.fromstring(ANSWER._replace(**said).assertion())

    with pytest.raises(NotForBowline, match=wrong):
        assertion_in(provider, element)


def test_the_answer_is_sent_to_exactly_bowlines_address(provider: Saml) -> None:
    """python3-saml takes any that begins like it."""
    longer = ANSWER._replace(destination=f"{ANSWER.destination}../")

    with pytest.raises(NotForBowline, match="another destination"):
        verified(provider, base64.b64encode(longer.xml().encode()).decode())
