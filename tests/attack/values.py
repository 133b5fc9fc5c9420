"""Texts that try to be more than text: to a page, a database, a shell or a parser."""

from __future__ import annotations

from collections.abc import Callable

PLANTED = "<planted"
"""Markup that no page has of its own."""
COMPUTED = "31338"
"""What the values below would become, were they templates or formats."""

VALUES = (
    "<planted>",
    "\"'><planted onload=alert(1)>",
    "</textarea></title></script><planted>",
    "<planted hx-get=/ hx-trigger=load>",
    "&lt;planted&gt;",
    "{{ 31337|add:1 }}",
    "{% now 'Y' %}{% planted %}",
    "{{ settings.SECRET_KEY }}",
    "${31337+1}",
    "#{31337+1}",
    "{31337:d}{0.__class__}",
    "%s%n%(x)d%",
    "'; DROP TABLE accounts_run; --",
    "' OR 1=1 --",
    "1) UNION SELECT password FROM auth_user --",
    "\\",
    "$(touch planted)",
    "`touch planted`",
    "; touch planted #",
    "a' ; touch planted '",
    'a" && touch planted "',
    "| touch planted",
    "-rf",
    "--permissions-boundary=x",
    "~/../../etc/passwd",
    "../../../../etc/passwd",
    "%2e%2e%2fetc%2fpasswd",
    "file:///etc/passwd",
    "//planted.example/",
    "javascript:alert(1)",
    "a\r\nSet-Cookie: planted=1",
    "a\nb",
    "a\x00b",
    "\u202egnp.exe",
    "a\u200bb\u2060c",
    "a\u2028b\x85c",
    "x" * 20_000,
    "9" * 400,
    "-1",
    "\U0001f525" * 30,
    "\ufeff\ufffe",
    "!!python/object/apply:os.system [id]",
    "&a [*a]",
    "- a: {b",
    '{"a": [null]}',
    "null",
    "nan",
    "1e999",
    "٣",
    "a\nEND_OF_TEMPLATE\ntouch planted",
    "%{if true}planted%{endif}",
    "a,ParameterKey=b",
    "a\x1b[2Jb\x9b2J",
    "a\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<planted>",
)
LETTERS = ("a", "Z9", "a b", "a=b:c/d@e", "a+b,c.d@e-f_g", "yes", "012345670123", "1_0")
"""Accepted by some rules, and read as something else without quotes."""


def accepted(rule: Callable[[str], str]) -> list[str]:
    """List what a rule accepts of them, as it returns it."""
    taken = []
    for value in (*VALUES, *LETTERS):
        try:
            taken.append(rule(value))
        except ValueError:
            continue
    return list(dict.fromkeys(taken))
