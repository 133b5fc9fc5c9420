"""The edge of the emulated AWS, as Java's first SDK can reach it: a proxy by CONNECT.

That SDK takes no endpoint from outside. The proxy ends TLS itself, with a certificate
of its own, and hands each request to the emulator; other hosts do not exist.
"""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

AWS_HOST = re.compile(r"([a-z0-9.-]+\.amazonaws\.com(\.cn)?):443")
OF_THE_CONNECTION = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Edge(ThreadingHTTPServer):
    def __init__(self, endpoint: str, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Tunnel)
        self.emulator = urlsplit(endpoint).netloc
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(certificate(folder))
        self.hosts: set[str] = set()


class Tunnel(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_CONNECT(self) -> None:
        found = AWS_HOST.fullmatch(self.path)
        if not found:
            self.send_error(403)
            return
        self.server.hosts.add(found[1])
        self.send_response(200)
        self.end_headers()
        tls = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.connection = tls
        self.rfile, self.wfile = tls.makefile("rb"), tls.makefile("wb", 0)

    def do_POST(self) -> None:
        emulator = HTTPConnection(self.server.emulator, timeout=60)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        emulator.request("POST", self.path, body, dict(self.headers))
        answer = emulator.getresponse()
        content = answer.read()
        emulator.close()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet: what matters, the client tells."""

    def finish(self) -> None:
        super().finish()
        self.connection.close()


def certificate(folder: Path) -> Path:
    """Make a key, and a certificate that it signs itself, in one file."""
    key, signed = folder / "edge.key", folder / "edge.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=amazonaws.com", "-keyout", str(key), "-out", str(signed)),
        ],
        check=True,
        capture_output=True,
    )
    signed.write_text(key.read_text() + signed.read_text())
    return signed


@contextmanager
def edge(endpoint: str, folder: Path) -> Iterator[Edge]:
    with Edge(endpoint, folder) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
