"""A receiver on this machine, as an operator allows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from accounts.models import Kind, Target
from accounts.secrets import Reach

REACH = Reach(
    hosts=("127.0.0.1",),
    networks=("127.0.0.0/8",),
    variables=("SLACK_WEBHOOK_URL", "TEAMS_WEBHOOK_URL"),
    directory="/run/secrets/notices",
)
PUBLIC = REACH._replace(hosts=(), networks=())
SLACK_URL = "https://hooks.slack.com/services/T0/B0/secret"

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Receiver:
    url: str
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


TAKEN = status(204)


@contextmanager
def receiving(answer: Answer = TAKEN) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            receiver.bodies.append(self.rfile.read(length))
            receiver.headers.append(dict(self.headers.items()))
            answer(self)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/bowline")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def target_row(**fields: Any) -> Target:
    plain = {
        "name": "platform",
        "channel": "webhook",
        "place": "https://hooks.example.com/bowline",
        "kinds": Kind.values,
    }
    return Target.objects.create(**{**plain, **fields})
