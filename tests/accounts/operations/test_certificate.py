"""The certificate's end is read where it is served, trusted or not."""

from __future__ import annotations

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from script.servers import free_port
from tests.accounts.operations.test_measured import scrape

pytestmark = pytest.mark.django_db
LEFT = "bowline_certificate_seconds_left"


class Handshake(BaseRequestHandler):
    def handle(self) -> None:
        self.request.close()


class Server(ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def certificate_served(folder: Path) -> Iterator[str]:
    """Serve one that nobody signed, for ninety days, and say where."""
    make = Path(__file__).parents[3] / "deploy" / "self-signed-certificate"
    subprocess.run([make, "localhost", folder], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    with Server(("127.0.0.1", 0), Handshake) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_scrape_says_how_long_the_served_certificate_is_valid(
    settings, tmp_path: Path
) -> None:
    with certificate_served(tmp_path) as settings.TLS_ADDRESS:
        left = scrape().of(LEFT)

    assert 89 * 86400 < left <= 90 * 86400


def test_it_says_nothing_where_nobody_said_where_or_nothing_answers(
    settings, caplog: pytest.LogCaptureFixture
) -> None:
    assert not scrape().has(LEFT)

    settings.TLS_ADDRESS = f"127.0.0.1:{free_port()}"
    assert not scrape().has(LEFT)
    assert f"The certificate of {settings.TLS_ADDRESS} can't be read" in caplog.text
