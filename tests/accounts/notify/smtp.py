"""A mail server of a few lines: it keeps what it is sent, or refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from socketserver import StreamRequestHandler, TCPServer
from ssl import SSLContext
from threading import Thread
from typing import Any


@dataclass
class MailServer:
    port: int = 0
    recipients: list[str] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    refusal: bytes = b""
    """What it answers to a recipient, such as 450; empty: it takes everything."""


class Conversation(StreamRequestHandler):
    kept: MailServer

    def handle(self) -> None:
        self.say(b"220 ready")
        while line := self.rfile.readline().strip():
            match line.split(b" ")[0].split(b":")[0].upper():
                case b"RCPT" if self.kept.refusal:
                    self.say(self.kept.refusal)
                case b"RCPT":
                    self.kept.recipients.append(line.decode().split(":")[1])
                    self.say(b"250 ok")
                case b"DATA":
                    self.say(b"354 go")
                    self.keep()
                    self.say(b"250 kept")
                case b"QUIT":
                    return self.say(b"221 bye")
                case _:
                    self.say(b"250 ok")

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")

    def keep(self) -> None:
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b"."))
        text = b"".join(lines)
        self.kept.messages.append(message_from_bytes(text, policy=default))  # type: ignore[arg-type]


@contextmanager
def mail_server(context: SSLContext | None = None) -> Iterator[MailServer]:
    """Serve plain, or with TLS from the first byte."""
    kept = MailServer()
    handler: Any = type("Conversation", (Conversation,), {"kept": kept})
    with TCPServer(("127.0.0.1", 0), handler) as server:
        kept.port = server.server_address[1]
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield kept
        finally:
            server.shutdown()
            thread.join()
