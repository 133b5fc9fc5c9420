"""One account that hangs, one that is throttled for ever, one that answers nonsense,
and one whose policies take minutes to read: the others of their rollout are done
meanwhile.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import boto3
import pytest
from django.db.models.functions import Now

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.lease import Heartbeat
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.tasks import heartbeat
from accounts.work.heartbeat import SILENT
from onboarding.resources.kinds import OWNER, OWNER_TAG
from script.emulated_organization import (
    MANAGING,
    Account,
    Credentials,
    Edge,
    document,
    trusting,
)
from script.servers import wait_until
from tests.attack.test_costly_policies import DOCUMENTS
from tests.journey import many
from tests.rows import person
from tests.servers import StartWorker

HANGS, THROTTLED, NONSENSE = "500000000000", "500000000001", "500000000002"
GOOD = 3
THROTTLING = (
    b"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code>"
    b"<Message>Rate exceeded</Message></Error></ErrorResponse>"
)


@contextmanager
def bad_for_some(endpoint: str) -> Iterator[str]:
    """Yield an AWS in which nobody can work in three accounts: whoever assumes a role
    there waits for ever, is throttled, or gets an answer that is none of AWS's.
    """
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            assumes = b"Action=AssumeRole" in body
            if assumes and HANGS.encode() in body:
                self.hang()
            elif assumes and THROTTLED.encode() in body:
                self.reply(400, THROTTLING)
            elif assumes and NONSENSE.encode() in body:
                self.reply(200, b"<html>Please sign in to the guest network.</html>")
            else:
                self.forward(body)

        def hang(self) -> None:
            """Send a byte now and then, so that no timeout ends it."""
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            while not over.wait(0.5):
                self.wfile.write(b" ")

        def forward(self, body: bytes) -> None:
            upstream = http.client.HTTPConnection(urlsplit(endpoint).netloc)
            upstream.request("POST", self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            kind = answer.getheader("Content-Type", "")
            self.reply(answer.status, answer.read(), kind)
            upstream.close()

        def reply(self, status: int, content: bytes, kind: str = "text/xml") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        over.set()
        server.shutdown()
        server.server_close()


def good(rollout: Rollout, status: Status) -> bool:
    ids = [HANGS, THROTTLED, NONSENSE]
    runs = runs_of(rollout).exclude(account__account_id__in=ids)
    return runs.filter(status=status).count() == GOOD


@pytest.mark.django_db(transaction=True)
def test_three_bad_accounts_keep_no_other_back(
    own_organization: Credentials, celery_worker: StartWorker
) -> None:
    accounts = many.organization_of(own_organization, 3 + GOOD)
    with bad_for_some(own_organization.endpoint) as endpoint:
        environment = own_organization.environment | {"AWS_ENDPOINT_URL": endpoint}
        rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
        celery_worker(**environment, RUN_THREADS="6")
        wait_until(
            lambda: (
                good(rollout, Status.PLANNED)
                and managing_run(rollout).status == Status.PLANNED
            ),
            what="The others were not planned",
            seconds=60,
        )
        approver = person("approver")
        assert approve(managing_run(rollout), approver)
        waiting = runs_of(rollout).filter(status=Status.PLANNED)
        for fingerprint in set(waiting.values_list("fingerprint", flat=True)):
            decisions.approve_group(rollout, fingerprint, approver)
        wait_until(
            lambda: good(rollout, Status.VERIFIED),
            what="The others were not verified",
            seconds=90,
        )

    bad = {
        run.account.account_id: run.status
        for run in runs_of(rollout).select_related("account")
        if run.status != Status.VERIFIED
    }
    assert bad[HANGS] == Status.PLANNING
    assert bad[THROTTLED] in (Status.PLANNING, Status.FAILED)
    assert bad[NONSENSE] in (Status.PLANNING, Status.FAILED)


SIXTY = max(60, many.ACCOUNTS)
"""With fewer, a worker that is kept busy by one might keep up with the others."""
POLICIES = 2_400
"""More than a role may have in AWS, and each as long and as costly as one may be: for
600 of them, 60 seconds were nearly enough.
"""


def poison(account: ManagedAccount, here: Credentials) -> None:
    """Let the role be there that Bowline would make, with all of these policies."""
    owner = Account(name=account.name, account_id=account.account_id)
    iam = Edge(boto3.Session(), here.endpoint, owner).client("iam")
    role = {"RoleName": "spinnakerManaged"}
    trust = trusting({"AWS": MANAGING.arn("root")})
    tags = [{"Key": OWNER_TAG, "Value": OWNER}]
    iam.create_role(**role, AssumeRolePolicyDocument=trust, Tags=tags)
    (costly,) = DOCUMENTS["patterns of actions"](5_900)
    for number in range(POLICIES):
        text = document({**costly, "Sid": f"S{number}"})
        iam.put_role_policy(**role, PolicyName=f"P{number}", PolicyDocument=text)


@pytest.mark.django_db(transaction=True)
def test_an_account_that_takes_minutes_to_read_keeps_no_other_back(
    own_organization: Credentials, celery_worker: StartWorker
) -> None:
    accounts = many.organization_of(own_organization, SIXTY)
    poison(accounts[0], own_organization)
    poisoned = accounts[0].name
    was_silent = list[bool]()
    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    others = runs_of(rollout).exclude(account_name=poisoned)

    def count(status: Status) -> int:
        heartbeat.delay()
        fresh = Heartbeat.objects.filter(seen_at__gt=Now() - SILENT)
        was_silent.append(not fresh.exists())
        return others.filter(status=status).count()

    def wait(status: Status) -> None:
        wait_until(
            lambda: count(status) == SIXTY - 1,
            what=f"The others were not {status}",
            seconds=120 + 4 * SIXTY,
            every=5,
        )

    for _ in range(2):
        celery_worker(**own_organization.environment)
    heartbeat.delay()
    wait_until(Heartbeat.objects.exists, what="No worker answered")
    wait(Status.PLANNED)
    wait_until(
        lambda: managing_run(rollout).status == Status.PLANNED,
        what="The managing account was not planned",
    )
    approver = person("approver")
    assert approve(managing_run(rollout), approver)
    for fingerprint in {*others.values_list("fingerprint", flat=True)}:
        decisions.approve_group(rollout, fingerprint, approver)
    wait(Status.VERIFIED)
    itself = runs_of(rollout).filter(account_name=poisoned)
    wait_until(
        lambda: itself.get().status != Status.PLANNING,
        what="The account that takes minutes was not ended",
        seconds=1_200,
    )

    bad = itself.get()
    assert bad.status == Status.ERRORED
    assert bad.error["message"].startswith("Reading the account took more than 60")
    assert "Look in the account for policies" in bad.error["hint"]
    assert not any(was_silent)
    assert not Run.objects.filter(takeovers__gt=0).exists()
