"""Tried: load pages, frames, images, and scripts of the site from another site, read
them there, add a script or a form to a page, and set or read cookies without TLS.

Refused: every page's headers allow only what the site itself serves, in no frame and
for no other origin; cookies are secure and bound to this host. By the published scoring
of Mozilla's HTTP Observatory that is 135 points, the grade A+.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser

from script.servers import LOOPBACK
from tests.accounts.web.browsing import complaints, signed_in
from tests.attack.behind_nginx import NAME, Front
from tests.attack.behind_nginx import nginx as nginx
from tests.attack.behind_nginx import site_behind_nginx as site_behind_nginx
from tests.attack.test_no_store import administrator as administrator
from tests.attack.test_no_store import plain_paths
from tests.rows import account_row, managing_row, person

SIX_MONTHS = 15_768_000
BONUS_FROM = 90
"""A site gets the points above 100 only if it has as many without them."""
GRADES = {100: "A+", 90: "A", 85: "A-", 80: "B+", 70: "B", 65: "B-", 60: "C+"}
BROAD = {"*", "http:", "https:", "ftp:", "http://*", "https://*"}
INLINE = {"'unsafe-inline'", "data:"}
PRIVATE = {
    "no-referrer",
    "same-origin",
    "strict-origin",
    "strict-origin-when-cross-origin",
}
SCRIPT = re.compile(r"<script\b([^>]*)>", re.IGNORECASE)
SOURCE = re.compile(r"""\bsrc=["']([^"']*)""")


class Seen(NamedTuple):
    """What a scan sees of a page. The rules and scores below are published, of 2026:
    https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring
    """

    headers: Mapping[str, str]
    """By name in lower case."""
    cookies: tuple[str, ...]
    """All that was set, on the way as well."""
    page: str
    redirected: tuple[str, ...] = ()
    """Where plain HTTP was sent."""


class Result(NamedTuple):
    said: str
    score: int


def directives(seen: Seen) -> dict[str, set[str]]:
    policy = seen.headers.get("content-security-policy", "")
    parts = (part.split() for part in policy.split(";") if part.strip())
    return {name.lower(): {*sources} for name, *sources in parts}


def policy(seen: Seen) -> Result:
    """Content Security Policy."""
    found = directives(seen)
    if not found:
        return Result("no policy", -25)
    by_default = found.get("default-src", {"*"})
    scripts, objects, styles = (
        found.get(f"{kind}-src", by_default) for kind in ("script", "object", "style")
    )
    every = {source for sources in found.values() for source in sources}
    if scripts & (BROAD | INLINE) or objects & BROAD:
        return Result("scripts or objects from anywhere", -20)
    if any(source.startswith(("http:", "ftp:")) for source in every):
        return Result("something without TLS", -20)
    if "'unsafe-eval'" in scripts | styles:
        return Result("eval", -10)
    if styles & (BROAD | INLINE):
        return Result("inline styles", 0)
    if by_default == {"'none'"}:
        return Result("nothing unsafe, and nothing by default", 10)
    return Result("nothing unsafe", 5)


def cookies(seen: Seen) -> Result:
    if not seen.cookies:
        return Result("no cookies", 0)
    worst = Result("secure, and of this site only", 5)
    for text in seen.cookies:
        for name, one in SimpleCookie(text).items():
            is_session = any(part in name.lower() for part in ("login", "sess"))
            if not one["secure"]:
                return Result(f"{name} isn't secure", -40 if is_session else -20)
            if is_session and not one["httponly"]:
                return Result(f"scripts read {name}", -30)
            if "csrf" in name.lower() and not one["samesite"]:
                return Result(f"{name} is sent by other sites", -20)
            if not one["samesite"]:
                worst = Result("secure", 0)
    return worst


def sharing(seen: Seen) -> Result:
    """Cross-origin resource sharing."""
    shared = seen.headers.get("access-control-allow-origin")
    with_cookies = seen.headers.get("access-control-allow-credentials") == "true"
    if shared and with_cookies:
        return Result("with credentials", -50)
    return Result("shared" if shared else "not shared", 0)


def redirection(seen: Seen) -> Result:
    if not seen.redirected:
        return Result("plain HTTP isn't sent to HTTPS", -20)
    if urlsplit(seen.redirected[0]).scheme != "https":
        return Result("not to HTTPS at first", -10)
    return Result("to HTTPS at first", 0)


def referrer(seen: Seen) -> Result:
    """Referrer-Policy."""
    found = seen.headers.get("referrer-policy")
    if found is None:
        return Result("not set", 0)
    named = {one.strip() for one in found.split(",")}
    return Result("private", 5) if named <= PRIVATE else Result("not private", -5)


def transport(seen: Seen) -> Result:
    """Strict-Transport-Security."""
    found = seen.headers.get("strict-transport-security", "")
    seconds = re.search(r"max-age=(\d+)", found)
    if seconds is None:
        return Result("not set", -20)
    if int(seconds[1]) < SIX_MONTHS:
        return Result("less than six months", -10)
    return Result("at least six months", 0)


def integrity(seen: Seen) -> Result:
    """Subresource integrity, which scripts of the site itself need not have."""
    tags = SCRIPT.findall(seen.page)
    foreign = [
        tag
        for tag in tags
        if (source := SOURCE.search(tag)) and urlsplit(source[1]).netloc
    ]
    if any("https://" not in tag for tag in foreign):
        return Result("foreign scripts without TLS", -50)
    if any("integrity=" not in tag for tag in foreign):
        return Result("foreign scripts without a hash", -5)
    return Result("all scripts are the site's own", 0)


def sniffing(seen: Seen) -> Result:
    """X-Content-Type-Options."""
    found = seen.headers.get("x-content-type-options", "")
    return Result("nosniff", 0) if found == "nosniff" else Result("not set", -5)


def framing(seen: Seen) -> Result:
    """X-Frame-Options, or better, frame-ancestors."""
    if not directives(seen).get("frame-ancestors", {"*"}) & BROAD:
        return Result("by the policy", 5)
    found = seen.headers.get("x-frame-options", "").upper()
    known = found in ("DENY", "SAMEORIGIN")
    return Result("by its own header", 0) if known else Result("by anyone", -20)


def resources(seen: Seen) -> Result:
    """Cross-Origin-Resource-Policy."""
    found = seen.headers.get("cross-origin-resource-policy")
    scores = {None: 0, "cross-origin": 0, "same-site": 10, "same-origin": 10}
    return Result(found or "not set", scores.get(found, -5))


RULES: dict[str, Callable[[Seen], Result]] = {
    "Content Security Policy": policy,
    "Cookies": cookies,
    "Cross-origin resource sharing": sharing,
    "Redirection": redirection,
    "Referrer policy": referrer,
    "Strict Transport Security": transport,
    "Subresource integrity": integrity,
    "X-Content-Type-Options": sniffing,
    "X-Frame-Options": framing,
    "Cross-Origin Resource Policy": resources,
}


def results(seen: Seen) -> dict[str, Result]:
    return {name: rule(seen) for name, rule in RULES.items()}


def score(found: Mapping[str, Result]) -> int:
    without = max(0, 100 + sum(min(0, one.score) for one in found.values()))
    bonus = sum(max(0, one.score) for one in found.values())
    return without + bonus if without >= BONUS_FROM else without


def grade(points: int) -> str:
    return next((name for least, name in GRADES.items() if points >= least), "D or F")


ROOT = Path(__file__).parents[2]
WITH_TLS = {"Cookies", "Redirection", "Strict Transport Security"}
"""What depends on nginx, or on HTTPS."""
BEST = {
    "Content Security Policy": 10,
    "Cookies": 5,
    "Referrer policy": 5,
    "X-Frame-Options": 5,
    "Cross-Origin Resource Policy": 10,
}
"""The most that each rule gives, but for two: that browsers are shipped with the host's
name is for the owner of its domain to ask for, and a hash of one's own script says
nothing that TLS doesn't.
"""


def seen_behind(front: Front, path: str) -> Seen:
    """Scan as the Observatory does: by plain HTTP, then where that leads."""
    with closing(HTTPConnection(LOOPBACK, front.http)) as plain:
        plain.request("GET", path, headers={"Host": NAME})
        answer = plain.getresponse()
        answer.read()
    sent = answer.getheader("Location")
    assert sent == f"https://{NAME}{path}"
    redirected, cookies = [sent], []
    while True:
        _, headers, page = front.ask(path)
        lower = {name.lower(): value for name, value in headers.items()}
        cookies += [lower["set-cookie"]] if "set-cookie" in lower else []
        if "location" not in lower:
            return Seen(lower, tuple(cookies), page, tuple(redirected))
        path = lower["location"]
        redirected.append(f"https://{NAME}{path}")


def test_the_site_behind_nginx_has_the_best_grade(site_behind_nginx: Front) -> None:
    found = results(seen_behind(site_behind_nginx, "/"))

    assert {name: one.score for name, one in found.items() if one.score} == BEST
    assert (score(found), grade(score(found))) == (135, "A+")


@pytest.mark.parametrize(
    "path", ["/healthz", "/no/such/page", "/api/v1/accounts", "/static/x"]
)
def test_what_is_no_page_is_as_strict(site_behind_nginx: Front, path: str) -> None:
    _, headers, _ = site_behind_nginx.ask(path)

    assert "access-control-allow-origin" not in {name.lower() for name in headers}
    if path != "/healthz":  # it is answered before all that could hang
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


def test_cookies_belong_to_this_host_alone(site_behind_nginx: Front) -> None:
    """Browsers take a cookie of such a name only with TLS, for / and for no domain."""
    (cookie,) = seen_behind(site_behind_nginx, "/").cookies

    assert cookie.startswith("__Host-csrf=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {*cookie.split("; ")}


@pytest.mark.django_db
def test_every_page_has_the_same_headers(administrator: Client) -> None:
    pages = {path: administrator.get(path) for path in plain_paths()}
    wrong = {
        path: found
        for path, answer in pages.items()
        if (found := {k: v for k, v in of_page(answer).items() if v != BEST.get(k, 0)})
    }

    assert len(pages) > 100
    assert wrong == {}


def of_page(answer: Any) -> dict[str, int]:
    page = "" if answer.streaming else answer.content.decode(errors="replace")
    lower = {name.lower(): value for name, value in answer.headers.items()}
    found = results(Seen(lower, (), page))
    return {name: one.score for name, one in found.items() if name not in WITH_TLS}


def test_the_policy_says_where_forms_and_what_is_embedded_may_lead(
    client: Client, db: None
) -> None:
    answer = client.get("/sign-in/")
    found = directives(Seen({"content-security-policy": answer.headers[CSP]}, (), ""))

    assert {name: found[name] for name in ("base-uri", "frame-ancestors")} == {
        "base-uri": {"'none'"},
        "frame-ancestors": {"'none'"},
    }
    assert found["form-action"] == {"'self'"}
    assert found["object-src"] == {"'none'"}
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"


PAGES = (
    "/",
    "/accounts/",
    "/api/v1/docs",
    "/help/docs/",
    "/managing/",
    "/runs/",
    "/bundles/",
    "/settings/",
    "/admin/",
)


def test_no_page_needs_more_than_the_policy_allows(
    browser: Browser, live_server: Any, transactional_db: None
) -> None:
    """Chromium complains of what it did not load, or run."""
    managing_row()
    account_row()
    person("administrator", is_staff=True)
    page = signed_in(browser, live_server, "administrator")
    told = complaints(page)
    for path in PAGES:
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 200, path

    assert told == []


CSP = "Content-Security-Policy"
GOOD = Seen(
    {
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "same-origin",
        "strict-transport-security": "max-age=31536000",
        "x-content-type-options": "nosniff",
        "cross-origin-resource-policy": "same-origin",
    },
    ("a=1; Secure; HttpOnly; SameSite=Lax",),
    '<script src="/static/a.js"></script>',
    ("https://bowline.example.com/",),
)


@pytest.mark.parametrize(
    ("name", "changed", "points"),
    [
        ("Content Security Policy", {"content-security-policy": ""}, -25),
        ("Content Security Policy", {CSP.lower(): "default-src 'self'"}, 5),
        ("Content Security Policy", {CSP.lower(): "script-src 'unsafe-inline'"}, -20),
        ("Content Security Policy", {CSP.lower(): "default-src https:"}, -20),
        (
            "Content Security Policy",
            {CSP.lower(): "default-src 'self' 'unsafe-eval'"},
            -10,
        ),
        ("Content Security Policy", {CSP.lower(): "default-src 'self' http://a"}, -20),
        (
            "Content Security Policy",
            {CSP.lower(): "default-src 'none'; style-src 'unsafe-inline'"},
            0,
        ),
        (
            "Cross-origin resource sharing",
            {
                "access-control-allow-origin": "https://a",
                "access-control-allow-credentials": "true",
            },
            -50,
        ),
        ("Referrer policy", {"referrer-policy": "unsafe-url"}, -5),
        ("Strict Transport Security", {"strict-transport-security": "max-age=9"}, -10),
        ("Strict Transport Security", {"strict-transport-security": ""}, -20),
        ("X-Content-Type-Options", {"x-content-type-options": ""}, -5),
        ("X-Frame-Options", {CSP.lower(): "default-src 'none'"}, -20),
        ("Cross-Origin Resource Policy", {"cross-origin-resource-policy": "any"}, -5),
    ],
)
def test_the_rules_notice_a_worse_header(
    name: str, changed: dict[str, str], points: int
) -> None:
    worse = GOOD._replace(headers={**GOOD.headers, **changed})

    assert RULES[name](worse).score == points


@pytest.mark.parametrize(
    ("cookie", "points"),
    [
        ("session=1; HttpOnly; SameSite=Lax", -40),
        ("a=1; SameSite=Lax", -20),
        ("session=1; Secure; SameSite=Lax", -30),
        ("csrf=1; Secure; HttpOnly", -20),
        ("a=1; Secure", 0),
    ],
)
def test_the_rules_notice_a_worse_cookie(cookie: str, points: int) -> None:
    assert RULES["Cookies"](GOOD._replace(cookies=(cookie,))).score == points


def test_the_rules_notice_foreign_scripts_and_plain_http() -> None:
    foreign = '<script src="{}//cdn.example.com/a.js"></script>'

    assert integrity(GOOD._replace(page=foreign.format("https:"))).score == -5
    assert integrity(GOOD._replace(page=foreign.format(""))).score == -50
    assert RULES["Redirection"](GOOD._replace(redirected=())).score == -20
    assert RULES["Redirection"](GOOD._replace(redirected=("http://a",))).score == -10
    assert score(results(GOOD)) == 135


def test_bonuses_count_for_good_sites_only() -> None:
    assert score({"a": Result("", -20), "b": Result("", 10)}) == 80
    assert score({"a": Result("", -5), "b": Result("", 10)}) == 105
    assert (grade(80), grade(105), grade(10)) == ("B+", "A+", "D or F")


SETS_COOKIE = re.compile(r"\.set_(?:signed_)?cookie\(.*?\n    \)", re.DOTALL)


def test_every_cookie_of_its_own_is_secure_with_tls() -> None:
    code = [
        (path, found)
        for folder in ("accounts", "bowline")
        for path in (ROOT / folder).rglob("*.py")
        for found in SETS_COOKIE.findall(path.read_text())
    ]

    assert [path.name for path, found in code if "secure=" not in found] == []
    assert code
    assert settings.CSRF_COOKIE_HTTPONLY
