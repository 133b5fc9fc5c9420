"""What Mozilla's HTTP Observatory asks of a site, and the score of each answer.

The rules and scores are its published ones, of the year 2026:
https://developer.mozilla.org/en-US/observatory/docs/tests_and_scoring
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlsplit

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
    """What a scan sees of a page."""

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
