"""TLS: the server's name and authority are verified, a certificate signs in."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from onboarding.delivery.errors import Kind
from onboarding.delivery.transport import (
    Anonymous,
    ClientCertificate,
    Request,
    sender,
)
from tests.onboarding.delivery.reaching import HERE, refused, resolving


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an authority's certificate that serves gate.test and signs in, too."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is missing")
    folder = tmp_path_factory.mktemp("certificates")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"),
            *("-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", "/CN=robot"),
            *("-addext", "subjectAltName=DNS:gate.test"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    return folder


@contextmanager
def tls_server(folder: Path, *, wants_client: bool) -> Iterator[int]:
    """Serve one answer by TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if wants_client:
        context.load_verify_locations(folder / "cert.pem")
        context.verify_mode = ssl.CERT_REQUIRED

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain:
                try:
                    with context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65_536)
                        head = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
                        connection.sendall(head.encode() + b"[]")
                except OSError:
                    continue

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize("host", ["gate.test", "other.test"])
def test_a_client_certificate_signs_in_and_the_servers_name_is_verified(
    host, certificates, monkeypatch
):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    sign_in = ClientCertificate(
        str(certificates / "cert.pem"), str(certificates / "key.pem")
    )
    authorities = str(certificates / "cert.pem")
    with tls_server(certificates, wants_client=True) as port:
        url = f"https://{host}:{port}"
        send = sender(url, sign_in, allowed=HERE, authorities=authorities)
        if host == "gate.test":
            assert send(Request("GET", "/credentials")).body == b"[]"
        else:
            assert refused(lambda: send(Request("GET", "/x"))).retryable
        plain = sender(url, Anonymous(), allowed=HERE, authorities=authorities)
        assert refused(lambda: plain(Request("GET", "/x"))).kind is Kind.UNREACHABLE


def test_an_unknown_authority_is_refused(certificates, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", resolving("127.0.0.1"))
    with tls_server(certificates, wants_client=False) as port:
        send = sender(f"https://gate.test:{port}", Anonymous(), allowed=HERE)

        assert refused(lambda: send(Request("GET", "/x"))).kind is Kind.UNREACHABLE
