"""Accounts share clients and connections, never credentials."""

from __future__ import annotations

import ast
import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import boto3
import botocore.session
import pytest
from botocore import awsrequest, retryhandler
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.loaders import JSONFileLoader

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import (
    CONFIG,
    SERVICES,
    SIGNER,
    SignedCalls,
    bare_core,
    close_unused_connections,
    load_models,
    shared_client,
    shared_core,
    shared_session,
)
from script.servers import LOOPBACK, wait_until
from tests.test_rights import ROOT, called

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


@pytest.fixture
def new_process() -> Iterator[None]:
    """Forget what was loaded."""
    kept = (shared_core, shared_session, shared_client)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note every file of botocore's that is read."""
    files: list[str] = []
    load_file = JSONFileLoader.load_file

    def noted(self: JSONFileLoader, path: str) -> Any:
        files.append(path)
        return load_file(self, path)

    monkeypatch.setattr(JSONFileLoader, "load_file", noted)
    return files


def test_no_client_reads_a_file_once_the_models_are_loaded(
    new_process: None, read: list[str]
) -> None:
    load_models()
    assert read
    read.clear()

    for service in SERVICES:
        client = Sessions("test").client_with(
            Credentials("a", "b"), service, "eu-west-1"
        )
        client.can_paginate(next(iter(client.meta.method_to_api_mapping)))

    assert read == []


WHO = (
    b"<GetCallerIdentityResponse><GetCallerIdentityResult><Account>1</Account>"
    b"</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@pytest.fixture
def sent(new_process: None) -> list[AWSPreparedRequest]:
    """Keep what is sent to STS, and answer it."""
    requests: list[AWSPreparedRequest] = []

    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        requests.append(request)
        raw: Any = SimpleNamespace(stream=lambda: iter([WHO]))
        return AWSResponse(request.url, 200, {}, raw)

    shared_client("sts", "us-east-1").meta.events.register("before-send", answer)
    return requests


def test_what_is_sent_is_encoded_and_signed_once(
    sent: list[AWSPreparedRequest], monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded: list[Any] = []
    urlencode = awsrequest.urlencode

    def noted(*given: Any, **options: Any) -> str:
        encoded.append(given)
        return urlencode(*given, **options)

    monkeypatch.setattr(awsrequest, "urlencode", noted)
    Sessions("test").client_with(Credentials("a", "b"), "sts").get_caller_identity()

    (request,) = sent
    signed = request.headers["Authorization"].decode()
    assert request.body == b"Action=GetCallerIdentity&Version=2011-06-15"
    assert len(encoded) == 1
    assert signed.count("Credential=a/") == 1


def test_aws_hears_the_product_and_nothing_of_the_machine(
    sent: list[AWSPreparedRequest],
) -> None:
    Sessions("test").client_with(Credentials("a", "b"), "sts").get_caller_identity()

    (request,) = sent
    boto3s = f"Boto3/{boto3.__version__} Botocore/{botocore.__version__}"
    assert request.headers["User-Agent"].decode() == f"{boto3s} bowline"


class Answering(BaseHTTPRequestHandler):
    """Answers as STS once all callers are there, and keeps each connection open."""

    protocol_version = "HTTP/1.1"
    together: Barrier

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.together.wait(30)
        self.send_response(200)
        self.send_header("Content-Length", str(len(WHO)))
        self.end_headers()
        self.wfile.write(WHO)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sts(new_process: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[STSClient]:
    with ThreadingHTTPServer((LOOPBACK, 0), Answering) as server:
        server.daemon_threads = True
        url = f"http://{LOOPBACK}:{server.server_port}"
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield Sessions("test").client_with(Credentials("a", "b"), "sts")
        server.shutdown()
        thread.join()


def held(client: Any) -> list[Any]:
    """List the connections that boto3 keeps for a later call."""
    (pool,) = client._endpoint.http_session._manager.pools._container.values()
    assert pool.pool.qsize() == CONFIG.max_pool_connections
    return [one for one in pool.pool.queue if one]


def test_connections_that_no_call_uses_are_closed(sts: STSClient) -> None:
    """And those in use are not: a call that is on its way gets its answer."""
    Answering.together = Barrier(5)
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(sts.get_caller_identity) for _ in range(5)]
    assert [answer.result()["Account"] for answer in answers] == ["1"] * 5
    kept = held(sts)
    assert len(kept) == 5

    Answering.together = Barrier(2)
    with ThreadPoolExecutor(1) as pool:
        on_its_way = pool.submit(sts.get_caller_identity)
        wait_until(lambda: Answering.together.n_waiting == 1, what="the call")
        close_unused_connections()
        Answering.together.wait(30)

    assert on_its_way.result()["Account"] == "1"
    assert sorted(one.sock is None for one in kept) == [False, True, True, True, True]
    assert len(held(sts)) == 1


def test_own_credentials_are_looked_for_as_boto3_does() -> None:
    """A pod's token is sent unsigned: one of boto3's handlers sees to it."""
    asked = "choose-signer.sts.AssumeRoleWithWebIdentity"
    known = {"context": {}, "signing_name": "sts"}
    theirs = botocore.session.Session().get_component("event_emitter")
    first, second = (bare_core().get_component("event_emitter") for _ in range(2))
    first.register(asked, lambda **_: "only the first one's")

    expected = theirs.emit(asked, **known)
    assert expected
    assert second.emit(asked, **known) == expected


def test_every_service_that_bowline_calls_is_among_them() -> None:
    named = {action.split(":")[0] for action in called()}
    as_data = {
        ast.literal_eval(call.args[0])
        for path in (ROOT / "onboarding").rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Call"
    }

    assert {"ec2", "ecs", "elbv2"} <= as_data
    assert named | as_data == set(SERVICES)


SIGNED_BY = re.compile(r"Credential=(\w+)/")

NEVER = "/never/"

ANSWER = """<ListRolesResponse><ListRolesResult><Roles/>
<IsTruncated>{more}</IsTruncated><Marker>next</Marker>
</ListRolesResult></ListRolesResponse>"""


@dataclass
class Heard:
    """What the local AWS received: the key and token that signed, and for whom."""

    calls: list[tuple[str, str, str]] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, key: str, token: str, prefix: str) -> int:
        """Note a call; return how many came for the same prefix before it."""
        with self.lock:
            self.calls.append((key, token, prefix))
            self.seen[prefix] += 1
            return self.seen[prefix] - 1


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """Serve an AWS that fails each first attempt, then answers with two pages; for
    NEVER it does not.
    """
    notes = Heard()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked = {name: values[0] for name, values in parse_qs(body).items()}
            key = SIGNED_BY.search(self.headers["Authorization"])
            token = self.headers.get("X-Amz-Security-Token", "")
            before = notes.hear(key[1] if key else "", token, asked["PathPrefix"])
            more = "false" if "Marker" in asked else "true"
            answer = ANSWER.format(more=more).encode()
            fails = not before or asked["PathPrefix"] == NEVER
            self.send_response(500 if fails else 200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(retryhandler, "delay_exponential", lambda *_, **__: 0.001)

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

    server = Server(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OWN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")
    yield notes
    server.shutdown()
    server.server_close()
    thread.join()


def list_roles(client: AccountClient, prefix: str) -> None:
    client.call_all(client.iam.list_roles, "list roles", PathPrefix=prefix)


def account(sessions: Sessions, number: int) -> AccountClient:
    credentials = Credentials(f"KEY{number}", "secret", f"token{number}")
    return AccountClient.with_credentials(sessions, f"{number:012}", credentials)


def test_each_call_is_signed_by_its_own_account(heard: Heard) -> None:
    """Threads inside threads, repeated attempts and further pages included."""
    runs = [Sessions(f"run-{number}") for number in range(4)]
    accounts = [(number, account(runs[number % 4], number)) for number in range(40)]

    def work(numbered: tuple[int, AccountClient]) -> None:
        number, client = numbered
        together(
            lambda call=call: list_roles(client, f"/{number}/{call}/")
            for call in range(4)
        )

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, accounts))

    signed = [
        (key, token, int(prefix.split("/")[1])) for key, token, prefix in heard.calls
    ]
    assert len(signed) == 40 * 4 * 3
    assert [
        (key, token, of)
        for key, token, of in signed
        if (key, token) != (f"KEY{of}", f"token{of}")
    ] == []
    assert [run.calls for run in runs] == [10 * 4 * 3] * 4


def test_accounts_share_one_client(heard: Heard) -> None:
    """What costs: connections, the endpoint's resolution, the service's model."""
    run = Sessions("run")

    one, other = account(run, 1).iam, account(Sessions("another"), 2).iam

    assert one is not other
    assert one.meta is other.meta


def test_an_account_that_fails_leaves_the_others_their_attempts(heard: Heard) -> None:
    run = Sessions("run")
    for _ in range(60):
        with pytest.raises(AwsError, match="throttled"):
            list_roles(account(run, 1), NEVER)

    list_roles(account(run, 2), "/2/")

    assert heard.seen["/2/"] == 3


def test_what_no_account_was_given_is_not_sent(heard: Heard) -> None:
    with pytest.raises(AttributeError, match="signer"):
        shared_client("iam", "us-east-1").list_roles(PathPrefix="/")

    assert heard.calls == []


def test_what_is_made_without_its_signer_is_not_sent(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it would be, did boto3 call under another name what we add to."""
    client = account(Sessions("run"), 1)
    monkeypatch.delattr(SignedCalls, "_make_api_call")

    with pytest.raises(LookupError):
        list_roles(client, "/")

    assert heard.calls == []


def test_nobody_signs_after_a_call(heard: Heard) -> None:
    list_roles(account(Sessions("run"), 1), "/1/")

    assert SIGNER.get(None) is None


def test_each_account_renews_its_own_credentials(
    heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Sessions("run")
    asked: Counter[str] = Counter()

    def assume(role_arn: str, *_: object) -> Credentials:
        number = role_arn.split(":")[4].lstrip("0")
        asked[number] += 1
        lasts = timedelta(minutes=1 if number == "1" and asked["1"] == 1 else 60)
        key = f"KEY{number}x{asked[number]}"
        return Credentials(key, "secret", "token", datetime.now(UTC) + lasts)

    monkeypatch.setattr(run, "_assume", assume)

    for number in (1, 2, 1, 2):
        role = f"arn:aws:iam::{number:012}:role/Access"
        credentials = run.assume(role, session_name="run")
        client = AccountClient.with_credentials(run, f"{number:012}", credentials)
        list_roles(client, f"/{number}/")

    keys = {key for key, _, _ in heard.calls}
    assert keys == {"KEY1x2", "KEY2x1"}
