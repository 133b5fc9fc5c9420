"""Tried: each call of an onboarding, a verification and a removal fails, as a 500,
throttled, silent, a gateway's page or with its answer lost, as often as boto3 sends it;
and each operation of AWS fails for good, by these faults and a login page in turn.

Refused: temporary faults only cost time. Others end the run with what happened where
and what to do next, never as a bug of Bowline, and the next run continues.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from itertools import cycle
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import pytest
from botocore import retryhandler
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.httpsession import URLLib3Session
from urllib3.response import HTTPResponse

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.runs.actions import approve, plan, plan_managing, remove, verify
from onboarding.aws.session import Backoff, Clock
from onboarding.aws.shared_clients import CONFIG
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    carried,
    member,
    onboarded,
    with_managing,
)
from tests.rows import managing_row
from tests.strict_aws.answer import WRITERS, Answer, Refusal
from tests.strict_aws.calls import calls as calls
from tests.strict_aws.request import READS, Request
from tests.strict_aws.trouble import Throttling

PAGE = Answer(200, {"Content-Type": "text/html"}, b"<html><p>Sign in<br></html>")
GATEWAY = Answer(502, {"Content-Type": "text/html"}, b"<html><p>Bad Gateway<br></html>")
ATTEMPTS = 3
"""So often boto3 sends a call by itself."""


class Call(NamedTuple):
    service: str
    operation: str
    protocol: str

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def is_read(self) -> bool:
        return self.operation.startswith((*READS, "AssumeRole"))


Fault = Callable[[Call], Answer]
CALL: ContextVar[Call] = ContextVar("CALL")


def as_request(call: Call) -> Request:
    protocol = call.protocol if call.protocol in WRITERS else "json"
    return Request(call.service, "", call.operation, "", protocol, {}, "")


def fails(call: Call) -> Answer:
    return Refusal("InternalFailure", "It failed.", 500).answer(as_request(call))


def throttles(call: Call) -> Answer:
    return Throttling().refusal(as_request(call)).answer(as_request(call))


def is_cut_off(call: Call) -> Answer:
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def is_lost(call: Call) -> Answer:
    """AWS does what it is asked, and its answer is cut off."""
    raise ConnectionClosedError(endpoint_url="https://aws.example")


def is_silent(call: Call) -> Answer:
    raise ReadTimeoutError(endpoint_url="https://aws.example")


def is_a_bad_gateway(call: Call) -> Answer:
    return GATEWAY


def is_a_page(call: Call) -> Answer:
    return PAGE


PASSING: tuple[Fault, ...] = (fails, throttles, is_lost, is_silent, is_a_bad_gateway)
"""What is over when the same is asked again."""
LASTING: tuple[Fault, ...] = (
    fails,
    throttles,
    is_cut_off,
    is_silent,
    is_a_bad_gateway,
    is_a_page,
)

Decide = Callable[[Call, AWSPreparedRequest], Fault | None]


class Network:
    """What is between boto3 and AWS: it answers itself where `decide` names a fault."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.decide: Decide = lambda call, request: None
        self.calls: dict[str, Call] = {}
        """Every operation that was sent, in the order of their first time."""
        self.hit: list[str] = []
        ask, send = BaseClient._make_api_call, URLLib3Session.send

        def asking(client: BaseClient, operation: str, given: Any) -> Any:
            model = client.meta.service_model
            token = CALL.set(Call(model.service_name, operation, model.protocol))
            try:
                return ask(client, operation, given)
            finally:
                CALL.reset(token)

        def sending(session: URLLib3Session, request: AWSPreparedRequest) -> Any:
            call = CALL.get()
            self.calls.setdefault(call.name, call)
            fault = self.decide(call, request)
            if fault is None:
                return send(session, request)
            self.hit.append(call.name)
            if fault is is_lost:
                send(session, request)
            return response(fault(call), request.url)

        patch.setattr(BaseClient, "_make_api_call", asking)
        patch.setattr(URLLib3Session, "send", sending)


class Hurried:
    """A clock on which waiting takes no time, and is over all the same."""

    def __init__(self) -> None:
        self.time = 0.0
        self.clock = Clock(now=lambda: self.time, sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def response(answer: Answer, url: str) -> AWSResponse:
    raw = HTTPResponse(io.BytesIO(answer.body), preload_content=False)
    return AWSResponse(url, answer.status, answer.headers, raw)


pytestmark = pytest.mark.django_db(transaction=True)

Begin = Callable[[ManagedAccount], Run]


def of_managing(account: ManagedAccount) -> Run:
    return plan_managing(None)


MANAGING_FIRST: Begin = of_managing
ONBOARDING: Begin = partial(plan, by=None)
VERIFICATION: Begin = partial(verify, by=None)
REMOVAL: Begin = partial(remove, by=None)
ENDINGS = {
    MANAGING_FIRST: Status.VERIFIED,
    ONBOARDING: Status.VERIFIED,
    VERIFICATION: Status.VERIFIED,
    REMOVAL: Status.REMOVED,
}
"""In order: what is begun, and how it ends where AWS is well."""

TOKEN = re.compile(r'"clientRequestToken": "[^"]+"')
"""What boto3 draws anew each time that the same is asked."""
SPARED = (
    *("iam:SimulatePrincipalPolicy", "iam:GetPolicy", "ec2:GetEbsDefaultKmsKeyId"),
)
"""Without them less is proved, and the checks say so."""
INSTEAD = "iam:GetAccountAuthorizationDetails"
"""Without it, each role is read by itself: see test_whole."""
UNSAID = "organizations:DescribeOrganization"
"""Without it, a denial by the organization is unknown, and says so."""

READ_BEFORE = "iam:GetRole"
"""What it answers may have been read at once with the others."""

OF_IDENTITY = re.compile(r"sts:AssumeRole \S+/SpinnakerAuthRole none")
"""After a removal only the managing account's own verification asks for it."""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry, begin = Hurried(), Backoff.__post_init__

    def begin_hurried(self: Backoff) -> None:
        self.clock = hurry.clock
        begin(self)

    monkeypatch.setattr(Backoff, "__post_init__", begin_hurried)
    monkeypatch.setattr(retryhandler, "delay_exponential", lambda *_, **__: 0.0)


@pytest.fixture
def network(own_aws: Credentials, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Be Bowline, as patient as it is, with a network that may fail before AWS."""
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    return Network(monkeypatch)


def through(run: Run) -> Run:
    """Plan, approve and carry out, as far as it goes."""
    run = carried(run)
    if run.status == Status.PLANNED:
        assert approve(run, None)
        run = carried(run)
    return run


def test_boto3_sends_a_call_so_often_by_itself() -> None:
    assert CONFIG.retries["total_max_attempts"] == ATTEMPTS


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.__name__)
def test_a_fault_of_each_call_costs_time_only(network: Network, fault: Fault) -> None:
    account, lock = member(providers=EVERYTHING), Lock()
    met: Counter[tuple[Any, ...]] = Counter()

    def the_first_times(call: Call, request: AWSPreparedRequest) -> Fault | None:
        body = TOKEN.sub("", str(request.body))
        operation = request.headers.get("X-Amz-Target")
        sent = (request.method, request.url, str(operation), body)
        with lock:
            met[sent] += 1
            return fault if met[sent] <= ATTEMPTS else None

    network.decide = the_first_times

    for begin, ending in ENDINGS.items():
        met.clear()
        run = through(begin(account))
        assert (run.status, run.error) == (ending, None)
        assert len(met) > 10

    assert {*network.hit} == {*network.calls}


class Next:
    """Fails, throughout a run, the first operation that failed in no run before: so
    each run comes one further than the one before.
    """

    def __init__(self, fault: Fault, before: list[str]) -> None:
        self.fault, self.before = fault, before
        self.name = ""
        self.lock = Lock()

    def __call__(self, call: Call, request: AWSPreparedRequest) -> Fault | None:
        name = use_of(call, request)
        with self.lock:
            if name not in self.before:
                self.name = self.name or name
        return self.fault if name == self.name else None


def use_of(call: Call, request: AWSPreparedRequest) -> str:
    """Name the operation, and of AssumeRole the role and the kind of external ID."""
    if call.operation != "AssumeRole":
        return call.name
    given = dict(parse_qsl(str(request.body)))
    external_id = given.get("ExternalId", "none")
    kind = "wrong" if external_id.startswith("not-") else external_id
    return f"{call.name} {given['RoleArn']} {kind}"


@pytest.mark.parametrize(
    ("stands", "begin"),
    [
        pytest.param(False, MANAGING_FIRST, id="managing"),
        pytest.param(False, ONBOARDING, id="onboarding"),
        pytest.param(True, VERIFICATION, id="verification"),
        pytest.param(True, REMOVAL, id="removal"),
    ],
)
def test_a_fault_that_lasts_ends_the_run_in_words(
    network: Network, stands: bool, begin: Begin
) -> None:
    failed = [INSTEAD]
    # What stands has EC2 only: other providers' reads are tried when they onboard.
    account = member() if stands else member(providers=EVERYTHING)
    if stands:
        onboarded(account)
    elif begin is ONBOARDING:
        with_managing()

    for fault in cycle(LASTING):
        network.decide = one = Next(fault, failed)
        run = through(begin(account))
        if not one.name:
            break
        failed.append(one.name)
        assert_told(run, one)
        if run.status == Status.REMOVED:
            break

    assert (run.status, run.error) == (ENDINGS[begin], None)
    assert len(failed) > 10


def assert_told(run: Run, one: Next) -> None:
    case = f"{one.name} {one.fault.__name__}: {run.status} {run.error} {run.traceback}"
    operation = one.name.partition(":")[2].partition(" ")[0]
    if one.name == UNSAID:
        assert run.status == Status.VERIFIED, case
        return
    if one.name == READ_BEFORE and run.status == Status.VERIFIED:
        return
    # A plan reads by GetPolicy which Bowline manages the account: then it ends.
    if one.name in SPARED and run.status == Status.VERIFIED:
        checks = run.checks.filter(sentence__contains=operation)
        assert run.status == Status.VERIFIED, case
        outcomes = {check.outcome for check in checks}
        assert outcomes, case
        assert outcomes <= {"not testable", "evaluated"}, case
        return
    if run.kind == Run.Kind.REMOVE and OF_IDENTITY.fullmatch(one.name):
        assert (run.status, run.error) == (Status.REMOVED, None), case
        assert ManagingAccount.objects.get().state == State.FAILED, case
        return
    assert run.status == Status.FAILED, case
    message, hint = run.error["message"], run.error["hint"]
    assert operation in message, case
    where = [f"in account {one.account_id}" for one in (DEV, MANAGING)]
    assert any(map(message.__contains__, (*where, "learn who it is"))), case
    assert "try again" in hint.lower(), case
