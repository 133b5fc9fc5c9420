"""What a document may be, and may ask for, before it is known who signed it.

A signature names the transforms that xmlsec carries out before it compares a digest,
XSLT and XPath among them, and canonical XML costs the square of an element's attributes
and of the namespaces that it is in. So a few kilobytes of anybody's could take minutes.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants as Known

CANONICAL = {
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
    "http://www.w3.org/2006/12/xml-c14n11",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
}
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
ALGORITHMS = {
    "CanonicalizationMethod": CANONICAL,
    "Transform": {*CANONICAL, ENVELOPED},
}
"""Those of SAML (core, 5.4.3 and 5.4.4), and the older canonical XML."""
MOST = {"Signature": 2, "Reference": 2, "Transform": 4, "Object": 0}
"""One signature of the assertion and one of the response, each with one reference. An
object could hold a manifest: more references, whatever becomes of them.
"""
MOST_ELEMENTS = 10_000
"""One for each group, and some fifty."""
MOST_AT_ONE = 32
"""Elements within each other, of which an assertion has nine, namespaces that are
declared there, attributes of one, and prefixes in an attribute.
"""
EVENTS = ("start", "end", "start-ns", "end-ns")


class NotForBowline(ValueError):
    """What is wrong, for the log."""


def bounded(document: Any) -> None:
    """Raise NotForBowline where to verify it could cost far more than to read it."""
    bounded_shape(document)
    bounded_signatures(document)


def bounded_shape(document: Any) -> None:
    elements = depth = namespaces = 0
    for event, element in etree.iterwalk(document, events=EVENTS):
        match event:
            case "start":
                elements, depth = elements + 1, depth + 1
                bounded_number(len(element.attrib), MOST_AT_ONE, "attributes")
                bounded_number(elements, MOST_ELEMENTS, "elements")
                bounded_number(depth, MOST_AT_ONE, "elements within each other")
            case "end":
                depth -= 1
            case "start-ns":
                namespaces += 1
                bounded_number(namespaces, MOST_AT_ONE, "namespaces")
            case "end-ns":
                namespaces -= 1


def bounded_number(found: int, most: int, of: str) -> None:
    if found > most:
        raise NotForBowline(f"more than {most} {of}")


def bounded_signatures(document: Any) -> None:
    found: Counter[str] = Counter()
    for element in document.iter(f"{{{Known.NS_DS}}}*"):
        name = etree.QName(element).localname
        found[name] += 1
        if name in MOST:
            bounded_number(found[name], MOST[name], f"of {name}")
        if name in ALGORITHMS and element.get("Algorithm") not in ALGORITHMS[name]:
            raise NotForBowline(f"a {name} that SAML hasn't")
        for inner in element:  # InclusiveNamespaces of a transform
            prefixes = inner.get("PrefixList", "").split()
            bounded_number(len(prefixes), MOST_AT_ONE, "prefixes")
