"""A strict AWS: a proxy in front of the emulator, with behaviours of real AWS.

Each behaviour is switched on by itself. What is random depends on the seed and on the
call alone, never on the order in which threads happen to ask.
"""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from tests.strict_aws.answer import Answer
from tests.strict_aws.request import Request

ACCOUNT_KEY = re.compile(r"\d{12}")
ASSUMED = re.compile(rb"<AccessKeyId>(\w+)</AccessKeyId>")
ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::(\d{12}):role/(?:.+/)?([^/]+)")


class Sent(NamedTuple):
    """A call as it goes over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class Behaviour:
    """Something that real AWS does: it answers instead, or changes an answer."""

    def sent(self, sent: Sent) -> Sent:
        """Change what AWS hears."""
        return sent

    def instead(self, request: Request, aws: StrictAws) -> Answer | None:
        """Answer before AWS hears of it; None: let it through."""
        return None

    def changed(self, request: Request, answer: Answer, aws: StrictAws) -> Answer:
        """Change what AWS answered."""
        return answer


@dataclass
class StrictAws:
    """What the proxy knows of the AWS behind it."""

    upstream: str
    own_account: str
    """Where Bowline's own access key belongs."""
    behaviours: tuple[Behaviour, ...]
    seed: int = 0
    endpoint: str = ""
    log: list[str] = field(default_factory=list)
    """Each call that was answered, as `account service:Operation status`."""
    holders: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Whose an assumed role's access key is: account and role."""
    made: dict[tuple[str, str, str], float] = field(default_factory=dict)
    """When (account, kind, name) was made."""
    written: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    """When something was written in (account, service)."""
    permitted: dict[tuple[str, str], float] = field(default_factory=dict)
    """When what (account, role) may do, or who may assume it, was last changed."""
    asked: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request, forward: Forward) -> Answer:
        answer = None
        for behaviour in self.behaviours:
            if answer := behaviour.instead(request, self):
                break
        else:
            answer = forward()
            self.remember(request, answer)
            for behaviour in self.behaviours:
                answer = behaviour.changed(request, answer, self)
        name = f"{request.service}:{request.operation}"
        self.log.append(f"{self.account(request)} {name} {answer.status}")
        return answer

    def account(self, request: Request) -> str:
        if ACCOUNT_KEY.fullmatch(request.key):
            return request.key
        return self.holders.get(request.key, (self.own_account, ""))[0]

    def holder(self, request: Request) -> tuple[str, str]:
        """Give the account and the role that asks; no role where it is a user."""
        return self.holders.get(request.key, (self.account(request), ""))

    def remember(self, request: Request, answer: Answer) -> None:
        if not answer.done:
            return
        if request.operation == "AssumeRole":
            found = ROLE_ARN.fullmatch(request.parameters["RoleArn"])
            key = ASSUMED.search(answer.body)
            if found and key:
                self.holders[key[1].decode()] = (found[1], found[2])
        if not request.is_write:
            return
        account, now = self.account(request), time.monotonic()
        self.written.setdefault((account, request.service), []).append(now)
        for kind, parameter in MADE_BY.get(request.operation, {}).items():
            name = request.parameters[parameter]
            self.made[account, kind, name] = now
        if request.role:
            self.permitted[account, request.role] = now

    def age(self, account: str, kind: str, name: str) -> float:
        """Say how old something is; for ever where it was not made through here."""
        return time.monotonic() - self.made.get((account, kind, name), -1e9)

    def writes(self, request: Request) -> list[float]:
        """Say how long ago each write was, in the service that is read."""
        now = time.monotonic()
        times = self.written.get((self.account(request), request.service), [])
        return [now - then for then in list(times)]

    def since_permitted(self, account: str, role: str) -> float:
        return time.monotonic() - self.permitted.get((account, role), -1e9)

    def chance(self, request: Request, share: float, what: str) -> bool:
        """Draw: the same for the same seed, call and repetition of it."""
        key = f"{self.seed} {what} {self.account(request)} {request.text}"
        with self.lock:
            self.asked[key] += 1
            number = self.asked[key]
        return random.Random(f"{key} {number}").random() < share

    def as_root(self, account: str, operation: str, **parameters: str) -> bytes:
        """Ask IAM behind the proxy as the account's root; nothing where it refuses."""
        scope = f"Credential={account}/20260101/us-east-1/iam/aws4_request"
        headers = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, "
            "Signature=0",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        form = {"Action": operation, "Version": "2010-05-08", **parameters}
        answer = send(self.upstream, "POST", "/", headers, urlencode(form).encode())
        return answer.body if answer.done else b""


MADE_BY = {
    "CreateRole": {"role": "RoleName"},
    "CreatePolicy": {"policy": "PolicyName"},
    "CreateInstanceProfile": {"profile": "InstanceProfileName"},
    "CreateAccessEntry": {"entry": "principalArn"},
}


Forward = Callable[[], Answer]
"""Sends a request on as it came."""


def send(
    upstream: str, method: str, path: str, headers: dict[str, str], body: bytes
) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(upstream).netloc, timeout=30)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


HOP = ("connection", "content-length", "date", "transfer-encoding")


@contextmanager
def strict_aws(
    upstream: str, own_account: str, *behaviours: Behaviour, seed: int = 0
) -> Iterator[StrictAws]:
    """Serve a strict AWS on a free port of this machine."""
    aws = StrictAws(upstream, own_account, behaviours, seed)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_call(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            own = ("connection", "content-length")
            sent = {k: v for k, v in self.headers.items() if k.lower() not in own}
            request = Request.of(self.command, self.path, self.headers, body)
            heard = Sent(self.command, self.path, sent, body)
            for behaviour in behaviours:
                heard = behaviour.sent(heard)
            forward = partial(send, upstream, *heard)
            answer = aws.answer(request, forward)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = do_PUT = do_DELETE = handle_call

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    aws.endpoint = f"http://127.0.0.1:{server.server_port}"
    try:
        yield aws
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
