"""Tried: each call of an onboarding fails once, as a 500, throttled, cut off or silent;
and each operation of AWS fails for good, by these faults and a web page in turn.

Refused: what fails once costs time only. What fails for good ends the run with what
happened and what to do next, never as a bug of Bowline, and the next run goes on.
"""

from __future__ import annotations

from functools import partial
from itertools import cycle
from threading import Lock
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.retries import standard

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs import applying, stages
from accounts.runs.actions import approve, keep
from onboarding.aws import backoff
from onboarding.aws.apply import apply
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import (
    EVERYTHING,
    carried,
    member,
    onboarded,
    planned,
)
from tests.attack.faults import LASTING, PASSING, Call, Fault, Network

pytestmark = pytest.mark.django_db(transaction=True)

ENDS_WELL = {Status.VERIFIED, Status.FAILED}


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_DELAY", 0.01)
    monkeypatch.setattr(
        standard.ExponentialBackoff, "delay_amount", lambda self, context: 0.001
    )
    monkeypatch.setattr(stages, "PATIENCE", 0.0)
    monkeypatch.setattr(applying, "apply", partial(apply, backoff_seconds=0.0))


@pytest.fixture
def network(here: Credentials, monkeypatch: pytest.MonkeyPatch) -> Network:
    return Network(monkeypatch)


@pytest.mark.parametrize("fault", PASSING, ids=lambda fault: fault.__name__)
def test_a_fault_of_each_call_costs_time_only(network: Network, fault: Fault) -> None:
    met: set[tuple[Any, ...]] = set()

    def the_first_time(call: Call, request: AWSPreparedRequest) -> Fault | None:
        sent = (request.method, request.url, str(request.body))
        if sent in met:
            return None
        met.add(sent)
        return fault

    network.decide = the_first_time

    onboarded(member(providers=EVERYTHING))

    assert {*network.hit} == {*network.calls}
    assert len(network.calls) > 25


def attempt(account: ManagedAccount) -> Run:
    """Plan, approve and carry out, as far as it goes."""
    account.refresh_from_db()
    run = planned(account)
    if run.status == Status.PLANNED:
        assert approve(run, None, send=keep)
        run = carried(run)
    return run


class Next:
    """Fails, throughout a run, the first operation that failed in no run before.

    The writes come first, with all reads at work: so each run comes one write further
    than the one before. Reads are needed in any run.
    """

    def __init__(self, fault: Fault, before: list[str], *, reads: bool) -> None:
        self.fault, self.before, self.reads = fault, before, reads
        self.name = ""
        self.lock = Lock()

    def __call__(self, call: Call, request: AWSPreparedRequest) -> Fault | None:
        with self.lock:
            if call.is_read == self.reads and call.name not in self.before:
                self.name = self.name or call.name
        return self.fault if call.name == self.name else None


def test_a_fault_that_lasts_ends_the_run_in_words(network: Network) -> None:
    account = member(providers=EVERYTHING)
    wrong: list[tuple[Any, ...]] = []
    failed: list[str] = []
    faults = cycle(LASTING)

    for reads in (False, True):
        again = True
        while again:
            network.decide = one = Next(next(faults), failed, reads=reads)
            run = attempt(account)
            again = bool(one.name)
            failed += [one.name] * again
            if run.status not in ENDS_WELL or not told(run):
                wrong.append((one.name, one.fault.__name__, run.status, run.error))
        assert run.status == Status.VERIFIED, run.error

    assert not wrong, "\n".join(map(str, wrong))
    assert {*failed} == {*network.calls}


def told(run: Run) -> bool:
    """Tell whether a run that failed says what happened, and what to do."""
    if run.status == Status.VERIFIED:
        return True
    failed = run.checks.filter(outcome="failed")
    error = run.error or {}
    return bool(error.get("message") and error.get("hint")) or all(
        check.sentence and check.fix for check in failed
    )
