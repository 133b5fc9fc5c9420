"""What N accounts cost in CPU time and memory: a client each, as boto3 makes them,
compared with the one that Bowline shares among all accounts.

Each figure comes from a fresh process, which calls a server of another process.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import boto3

from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import CONFIG
from script.servers import LOOPBACK, free_port, listens, wait_until

SERVICES = {
    "sts": "get_caller_identity",
    "iam": "list_roles",
    "ec2": "describe_regions",
}
CALLS = 20
"""By each client: about as many as one account's run sends to IAM."""
REGION = "us-east-1"
BODY = b"<Answer><GetCallerIdentityResult/><ListRolesResult/></Answer>"
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n"
    b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
)


class Figures(NamedTuple):
    building: float
    """Milliseconds of CPU time for each account's client."""
    calling: float
    """The same for each call."""
    kilobytes: float
    """More for each account, connections included."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench clients", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=100)
    count = parser.parse_args().accounts
    print(f"{count} accounts, {CALLS} calls each\n")
    print(f"{'':8}{'':18}{'a client':>12}{'a call':>12}{'an account':>14}")
    with answering() as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        for service in SERVICES:
            for name in WAYS:
                shown(service, name, apart(name, service, count))


def shown(service: str, name: str, found: Figures) -> None:
    print(f"{service:8}{name:18}{found.building:>9.2f} ms", end="")
    print(f"{found.calling:>9.2f} ms{found.kilobytes:>11.0f} kB")


Client = Callable[[str, int], Any]


def one_each() -> Client:
    session: Any = boto3.session.Session()

    def client(service: str, number: int) -> Any:
        return session.client(
            service,
            region_name=REGION,
            aws_access_key_id=f"KEY{number}",
            aws_secret_access_key="secret",
            aws_session_token="token",
            config=CONFIG,
        )

    return client


def shared() -> Client:
    sessions = Sessions("bench")

    def client(service: str, number: int) -> Any:
        credentials = Credentials(f"KEY{number}", "secret", "token")
        return sessions.client_with(credentials, service, REGION)

    return client


WAYS = {"one an account": one_each, "shared by all": shared}


def apart(name: str, service: str, count: int) -> Figures:
    """Measure in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measured, (name, service, count))


def measured(name: str, service: str, count: int) -> Figures:
    make, operation = WAYS[name](), SERVICES[service]
    # The first one loads the service's model, whichever way it is made.
    getattr(make(service, -1), operation)()
    memory, began = peak(), time.process_time()
    clients = [make(service, number) for number in range(count)]
    built = time.process_time()
    for client in clients:
        for _ in range(CALLS):
            getattr(client, operation)()
    called = time.process_time()
    return Figures(
        (built - began) * 1000 / count,
        (called - built) * 1000 / (count * CALLS),
        (peak() - memory) / count,
    )


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def answering() -> Iterator[str]:
    """Yield the endpoint of a server that gives every call the same answer."""
    port = free_port()
    process = multiprocessing.Process(target=serve, args=(port,))
    process.start()
    try:
        wait_until(lambda: listens(port), what="The server was not ready")
        yield f"http://{LOOPBACK}:{port}"
    finally:
        process.kill()  # it may have inherited who hears SIGTERM
        process.join()


def serve(port: int) -> None:
    async def connected(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while head := await headers(reader):
            await reader.readexactly(length(head))
            writer.write(ANSWER)

    async def run() -> None:
        server = await asyncio.start_server(connected, LOOPBACK, port, backlog=1024)
        await server.serve_forever()

    asyncio.run(run())


async def headers(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""


def length(head: bytes) -> int:
    named = (line.lower().partition(b":") for line in head.split(b"\r\n"))
    return next(
        (int(value) for name, _, value in named if name == b"content-length"), 0
    )


if __name__ == "__main__":
    main()
