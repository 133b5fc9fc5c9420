"""Answers that the provider did not give: made of one that it did."""

from __future__ import annotations

import re

from tests.accounts.web.single_sign_on.saml.provider import Answer, key, signed

SIGNATURE = re.compile(r"<ds:Signature.*?</ds:Signature>", re.DOTALL)


def forged(answer: Answer, subject: str = "root") -> str:
    """Make the assertion that an attacker would like: unsigned, about somebody else."""
    return answer._replace(subject=subject, groups=("admins",), id="_evil").assertion()


def unsigned(answer: Answer) -> str:
    return answer._replace(sign=lambda xml, _: xml).xml()


def by_another_key(answer: Answer) -> str:
    return answer._replace(signed_by="mallory").xml()


def by_another_key_that_it_brings(answer: Answer) -> str:
    """Name the right certificate next to a signature of another key."""
    ours, theirs = key().in_one_line, key("mallory").in_one_line
    return by_another_key(answer).replace(theirs, ours)


def response_only(answer: Answer) -> str:
    return signed(unsigned(answer))


def changed(answer: Answer) -> str:
    return answer.xml().replace(">ann<", ">root<")


def another_group(answer: Answer) -> str:
    return answer.xml().replace(">platform<", ">admins<")


def another_request(answer: Answer) -> str:
    """Answer this request with what was signed for another one."""
    return answer._replace(inner_request="_of-mallory").xml()


def two_assertions(answer: Answer) -> str:
    good = signed(answer.assertion())
    return answer.around(forged(answer) + good)


def wrapped(answer: Answer, *, inside: str) -> str:
    """Put the signed assertion where only the signature is looked for (XSW)."""
    good = signed(answer.assertion())
    evil = forged(answer)
    if inside == "extensions":
        hidden = f"<samlp:Extensions>{good}</samlp:Extensions>"
        return answer.around(evil).replace("<samlp:Status>", f"{hidden}<samlp:Status>")
    if inside == "object":
        signature = SIGNATURE.findall(good)[0]
        bare = good.replace(signature, "")
        held = signature.replace(
            "</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>"
        )
        return answer.around(evil.replace("</saml:Issuer>", f"</saml:Issuer>{held}", 1))
    if inside == "the evil one":
        return answer.around(
            evil.replace("</saml:Assertion>", f"{good}</saml:Assertion>")
        )
    # With the ID of the signed one: which of both does the reference mean?
    same = evil.replace('ID="_evil"', f'ID="{answer.id}"')
    signature = SIGNATURE.findall(good)[0]
    both = same.replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1)
    return answer.around(both).replace(
        "<samlp:Status>", f"<samlp:Extensions>{good}</samlp:Extensions><samlp:Status>"
    )


def signature_moved(answer: Answer) -> str:
    """Put the signature of one assertion into another."""
    signature = SIGNATURE.findall(signed(answer.assertion()))[0]
    evil = forged(answer).replace("</saml:Issuer>", f"</saml:Issuer>{signature}", 1)
    return answer.around(evil)


def whole_document(answer: Answer) -> str:
    """Let the reference mean the whole document, or nothing."""
    return answer.xml().replace(f'URI="#{answer.id}"', 'URI=""')


def with_the_certificate_as_password(answer: Answer) -> str:
    rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    return answer.xml().replace(
        rsa, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    )


def file(answer: Answer) -> str:
    doctype = '<!DOCTYPE x [<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    return doctype + unsigned(answer).replace(">ann<", ">&f;<")


def doctype(answer: Answer) -> str:
    return f"<!DOCTYPE x>{answer.xml()}"


def billion(answer: Answer) -> str:
    entities = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)
    )
    return f"<!DOCTYPE x [{entities}]>" + unsigned(answer).replace(">ann<", ">&a9;<")


FORGERIES = (
    unsigned,
    by_another_key,
    by_another_key_that_it_brings,
    response_only,
    changed,
    another_group,
    another_request,
    two_assertions,
    signature_moved,
    whole_document,
    with_the_certificate_as_password,
    file,
    doctype,
    billion,
)
