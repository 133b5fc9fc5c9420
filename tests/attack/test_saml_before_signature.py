"""Tried: send, as nobody, an answer of SAML that costs minutes to verify: transforms
that are programs (XSLT, XPath), far too many of them, further references and manifests,
and an element with thousands of attributes, namespaces, prefixes or depths, of which
canonical XML costs the square.

Refused: each, before its signature is verified, as is an answer that is far too long
before it is read. Only enveloped signatures and canonical XML are carried out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import xmlsec

from accounts.web.single_sign_on.provider import Saml
from accounts.web.single_sign_on.saml.assertion import LONGEST, verified
from accounts.web.single_sign_on.saml.bounds import NotForBowline
from tests.accounts.web.single_sign_on.saml.provider import Answer, encoded, provider

__all__ = ["provider"]

ANSWER = Answer("_request")
EXCLUSIVE = xmlsec.Transform.EXCL_C14N.href
CANONICAL = f'<ds:Transform Algorithm="{EXCLUSIVE}"/>'
XSLT = """<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:template match="/">anything</xsl:template>
</xsl:stylesheet></ds:Transform>"""
XPATH = """<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">
<ds:XPath>count(//*) &gt; 0</ds:XPath></ds:Transform>"""
EMPTY = '<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>'
ATTRIBUTE = ' a{0}=""'
NAMESPACE = ' xmlns:n{0}="u:{0}"'
REFERENCE = f"""<ds:Reference URI="#{ANSWER.id}"><ds:Transforms>{CANONICAL}
</ds:Transforms><ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
<ds:DigestValue>AA==</ds:DigestValue></ds:Reference>"""


def before(mark: str, more: str) -> str:
    """Put more into what the provider signed, before this."""
    return ANSWER.xml().replace(mark, more + mark)


def saying(inner: str) -> str:
    """Say more of somebody in what the provider signed."""
    return before(
        "</saml:AttributeStatement>",
        f'<saml:Attribute Name="x"><saml:AttributeValue>{inner}'
        "</saml:AttributeValue></saml:Attribute>",
    )


def numbered(text: str, count: int) -> str:
    return "".join(text.format(number) for number in range(count))


def prefixes(count: int) -> str:
    listed = numbered("p{} ", count)
    return ANSWER.xml().replace(
        CANONICAL,
        f'<ds:Transform Algorithm="{EXCLUSIVE}"><ec:InclusiveNamespaces '
        f'xmlns:ec="{EXCLUSIVE}" PrefixList="{listed}"/></ds:Transform>',
    )


ANSWERS: dict[str, Callable[[], str]] = {
    "XSLT": lambda: before("</ds:Transforms>", XSLT),
    "XPath": lambda: before("</ds:Transforms>", XPATH),
    "a transform of no name": lambda: before("</ds:Transforms>", "<ds:Transform/>"),
    "SignedInfo's own XSLT": lambda: ANSWER.xml().replace(
        f'<ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"',
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/TR/1999/'
        'REC-xslt-19991116"',
    ),
    "transforms": lambda: before("</ds:Transforms>", CANONICAL * 3),
    "references": lambda: before("</ds:SignedInfo>", REFERENCE * 2),
    "a manifest": lambda: before(
        "</ds:Signature>",
        f"<ds:Object><ds:Manifest>{REFERENCE}</ds:Manifest></ds:Object>",
    ),
    "signatures": lambda: before("<saml:Subject>", EMPTY * 2),
    "prefixes": lambda: prefixes(33),
    "attributes": lambda: saying(f"<a{numbered(ATTRIBUTE, 33)}/>"),
    "namespaces": lambda: saying(f"<a{numbered(NAMESPACE, 33)}/>"),
    "namespaces, over and over": lambda: saying(
        '<a xmlns:n="u:1" xmlns:m="u:2">' * 20 + "</a>" * 20
    ),
    "depth": lambda: saying(f"{'<a>' * 33}{'</a>' * 33}"),
    "elements": lambda: saying("<a/>" * 10_001),
}


@pytest.fixture
def carried_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List what xmlsec was asked for."""
    asked: list[str] = []
    real = xmlsec.SignatureContext

    def context(*given: Any) -> Any:
        asked.append("a signature")
        return real(*given)

    monkeypatch.setattr(xmlsec, "SignatureContext", context)
    return asked


def refused(saml: Saml, answer: str) -> bool:
    try:
        verified(saml, answer)
    except NotForBowline:
        return True
    except Exception:  # after its signature was verified
        logging.exception("not refused for what it would cost")
    return False


def test_what_would_cost_minutes_is_refused_before_it_is_carried_out(
    provider: Saml, carried_out: list[str]
) -> None:
    answers = {name: encoded(made()) for name, made in ANSWERS.items()}
    carried_out.clear()

    taken = [name for name, answer in answers.items() if not refused(provider, answer)]

    assert taken == []
    assert carried_out == []


def test_what_is_far_too_long_is_not_read(
    provider: Saml, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    monkeypatch.setattr(
        "accounts.web.single_sign_on.saml.assertion.OneLogin_Saml2_Response",
        lambda _settings, text: read.append(text),
    )

    with pytest.raises(NotForBowline, match="far too long"):
        verified(provider, "A" * (LONGEST + 1))

    assert read == []
