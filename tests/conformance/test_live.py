"""Clouddriver's own classes assume each role that Bowline made, as Spinnaker would."""

from __future__ import annotations

import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import pytest

from onboarding.aws.session import Credentials
from onboarding.desired import desired_in
from onboarding.topology import Managed, Reach, Topology
from script.emulated_organization import seed_service_linked_role
from tests.bundles import files_of
from tests.conformance.clouddriver import Clouddriver, clouddriver
from tests.factories import provider
from tests.onboarding.aws.field import ACCESS_ROLE, Field, numbers

AWS_HOST = re.compile(r"([a-z0-9.-]+\.amazonaws\.com(\.cn)?):443")
OF_THE_CONNECTION = {"connection", "content-length", "keep-alive", "transfer-encoding"}


class Edge(ThreadingHTTPServer):
    """The edge of the emulated AWS for Java's first SDK: a proxy by CONNECT.

    That SDK takes no endpoint from outside. The proxy ends TLS itself, with a
    certificate of its own, and hands each request to the emulator; other hosts do not
    exist.
    """

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


REGIONS = ("us-east-1", "eu-west-1")


@dataclass(frozen=True, slots=True)
class Installation:
    """What stands in AWS, and Spinnaker's own credentials there."""

    topology: Topology
    spinnaker: Credentials

    def with_dev(self, **fields: str) -> Topology:
        """Tell Spinnaker something else about dev than stands in AWS."""
        changed = [
            replace(one, **fields) if one.name == "dev" else one
            for one in self.topology.managed
        ]
        return replace(self.topology, managed=tuple(changed))


@pytest.fixture(scope="module")
def installation(emulator: str) -> Iterator[Installation]:
    """Make every role by Bowline's own engine, and an instance or two to be seen."""
    field = Field(emulator)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in field.prepare().items():
            patch.setenv(name, value)
        made = Topology(field.managing(), accounts(field))
        for one in made.managed:
            if one.access_role:
                field.make_access_role(one.account_id)
            seed_service_linked_role(field.root(one.account_id))
            reach = Reach(one.account_id, one.access_role)
            field.bring_about(reach, desired_in(made, one.account_id))
        run_instances(field, made.account("dev"), "us-east-1", 1)
        run_instances(field, made.account("prod"), "eu-west-1", 2)
        spinnaker = field.sessions().assume(
            made.managing.identity_arn, session_name="i-0123"
        )
        yield Installation(made, spinnaker)


def accounts(field: Field) -> tuple[Managed, ...]:
    ids = {"core": field.managing_id, "dev": "", "prod": "", "tools": ""}
    providers = {
        "core": (provider("ec2"),),
        "dev": (provider("ec2"), provider("lambda")),
        # No external ID beside ECS.
        "prod": (provider("ec2"), provider("ecs")),
        "tools": (provider("lambda"),),
    }
    return tuple(
        Managed(
            name=name,
            account_id=account_id or f"33{next(numbers):010}",
            regions=REGIONS,
            providers=providers[name],
            external_id="" if name == "prod" else f"the-one-of-{name}",
            access_role="" if name == "core" else ACCESS_ROLE,
        )
        for name, account_id in ids.items()
    )


def run_instances(field: Field, one: Managed, region: str, number: int) -> None:
    ec2 = field.root(one.account_id, "ec2", region)
    for _ in range(number):
        ec2.run_instances(ImageId="ami-12345678", MinCount=1, MaxCount=1)


@pytest.fixture(scope="module")
def proxy(
    java: None, emulator: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Edge]:
    with edge(emulator, tmp_path_factory.mktemp("edge")) as running:
        yield running


@pytest.fixture(scope="module")
def live(
    proxy: Edge, installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Clouddriver]:
    """Run the judge as Spinnaker's identity, with the emulator for its AWS."""
    spinnaker = installation.spinnaker
    with clouddriver(
        tmp_path_factory.mktemp("live"),
        environment={
            "AWS_ACCESS_KEY_ID": spinnaker.access_key,
            "AWS_SECRET_ACCESS_KEY": spinnaker.secret_key,
            "AWS_SESSION_TOKEN": spinnaker.token,
        },
        options=(
            "-Dhttps.proxyHost=127.0.0.1",
            f"-Dhttps.proxyPort={proxy.server_port}",
            "-Dcom.amazonaws.sdk.disableCertChecking=true",
        ),
        live=True,
    ) as running:
        yield running


def instances(live: Clouddriver, bundled: Topology) -> dict[str, dict[str, int | str]]:
    answer = live.read(files_of(bundled)["clouddriver/clouddriver-local.yml"])
    assert not answer.failure
    return {one["name"]: one["instances"] for one in answer.accounts}


@pytest.mark.smoke
def test_clouddriver_becomes_every_role_and_sees_that_accounts_instances(
    live: Clouddriver, installation: Installation
):
    assert instances(live, installation.topology) == {
        "core": {"us-east-1": 0, "eu-west-1": 0},
        "dev": {"us-east-1": 1, "eu-west-1": 0},
        "prod": {"us-east-1": 0, "eu-west-1": 2},
        "tools": {"us-east-1": 0, "eu-west-1": 0},
    }


@pytest.mark.parametrize("external_id", ["", "another", "the-one-of-Dev"])
def test_a_wrong_external_id_is_refused(
    live: Clouddriver, installation: Installation, external_id: str
):
    found = instances(live, installation.with_dev(external_id=external_id))

    assert found["dev"] == {"us-east-1": "AccessDenied", "eu-west-1": "AccessDenied"}
    assert found["prod"]["eu-west-1"] == 2


def test_an_account_without_the_role_is_refused(
    live: Clouddriver, installation: Installation
):
    found = instances(live, installation.with_dev(account_id="344444444444"))

    assert found["dev"]["us-east-1"] == "AccessDenied"


def test_clouddriver_asks_sts_and_the_accounts_regions_and_no_other_host(
    live: Clouddriver, installation: Installation, proxy: Edge
):
    instances(live, installation.topology)

    assert proxy.hosts == {
        "sts.amazonaws.com",
        *(f"ec2.{region}.amazonaws.com" for region in REGIONS),
    }


def test_no_other_host_is_to_be_reached(proxy: Edge):
    asking = HTTPSConnection("127.0.0.1", proxy.server_port)
    asking.set_tunnel("example.com", 443)

    with pytest.raises(OSError, match="403 Forbidden"):
        asking.connect()
