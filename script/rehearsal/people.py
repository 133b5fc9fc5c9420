"""Three people of a rehearsed month: one plans, one approves, one only reads. The first
two call the API, the last one opens pages.
"""

from __future__ import annotations

import http.cookiejar
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen

PATIENCE = 90.0
"""Seconds for a site to come back that somebody killed."""
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
AWAY = (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE)


class Refused(Exception):
    """The site refused, and says why."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        self.status, self.problem = status, problem
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")


def patiently(ask: Callable[[], Any]) -> Any:
    """Ask again while the site is away, or wants less to be asked."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return ask()
        except HTTPError as error:
            answer = error.read()
            if error.code == HTTPStatus.TOO_MANY_REQUESTS:
                time.sleep(float(error.headers.get("Retry-After", "1")))
            elif error.code not in AWAY or time.monotonic() > deadline:
                raise Refused(error.code, problem(answer)) from error
        except (OSError, HTTPException):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.5)


def problem(answer: bytes) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except ValueError:
        return {"detail": answer[:300].decode(errors="replace")}
    return found if isinstance(found, dict) else {"detail": str(found)}


class Caller:
    """Somebody with a token."""

    def __init__(self, site: str, token: str) -> None:
        self.site, self.token = site, token
        self.done = Counter[str]()
        """How often each change was made, by method and the path's last word."""

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call an operation; a change that the site did not answer is sent again, by
        the same key.
        """
        key = uuid.uuid4().hex

        def ask() -> bytes:
            request = Request(f"{self.site}/api/v1{path}", method=method)
            request.add_header("Authorization", f"Bearer {self.token}")
            if method != "GET":
                request.add_header("Idempotency-Key", key)
                request.add_header("Content-Type", "application/json")
                request.data = b"" if body is None else json.dumps(body).encode()
            with urlopen(request, timeout=30) as answer:
                return bytes(answer.read())

        found = patiently(ask)
        if method != "GET":
            self.done[f"{method} {path.rpartition('/')[2]}"] += 1
        if path.endswith("/download"):
            return found
        return json.loads(found) if found else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self.call("POST", path, body or None)

    def all_of(self, path: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        while True:
            page = self.get(f"{path}?limit=200{cursor}")
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = f"&{urlencode({'cursor': page['next']})}"


class Reader:
    """Somebody with a browser, who signs in each day."""

    def __init__(self, site: str, name: str, password: str) -> None:
        self.site, self.name, self.password = site, name, password
        self.opened = 0
        self.slowest = 0.0

    def sign_in(self) -> None:
        jar = http.cookiejar.CookieJar()
        self.browser = build_opener(HTTPCookieProcessor(jar))
        form = {"username": self.name, "password": self.password}
        found = TOKEN.search(self.open("/sign-in/"))
        assert found, "the sign-in page has no form"
        form["csrfmiddlewaretoken"] = found[1]
        shown = self.open("/sign-in/", urlencode(form).encode())
        assert 'action="/sign-out/"' in shown, "the sign-in was refused"

    def open(self, path: str, form: bytes | None = None) -> str:
        began = time.monotonic()

        def ask() -> str:
            with self.browser.open(f"{self.site}{path}", form, timeout=30) as answer:
                return str(answer.read().decode())

        shown = patiently(ask)
        self.opened += 1
        self.slowest = max(self.slowest, time.monotonic() - began)
        return str(shown)
