"""Accounts share clients and connections, never credentials."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from botocore import retryhandler

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Credentials, Sessions
from onboarding.aws.shared_clients import SIGNER, SignedCalls, shared_client

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
