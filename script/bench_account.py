"""What one account costs a worker: CPU, queries and calls of AWS of each stage, with
EC2 alone and with all four providers. One thread does everything, so that it adds up.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.db import connection

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from accounts.runs import stages
from accounts.runs.actions import approve, plan, plan_managing
from accounts.runs.stages import carry_on
from accounts.workers.pool import before_the_fork
from onboarding.aws_calls import ANSWERS
from script.emulated_site import Asked, Aws, Measured, members
from script.people import People
from script.site import Site

WARM = 2
"""Accounts that come first and are not counted."""
CLUSTER = {"name": "apps", "region": "us-east-1", "namespaces": ["default"]}
KINDS: dict[str, dict[str, Any]] = {
    "EC2": {},
    "all four": {"ecs": {}, "lambda": {}, "eks": {"clusters": [CLUSTER]}},
}


def account(site: Site, aws: Aws, asked: Asked) -> Measured:
    """Carry accounts of a kind through all stages, one after another."""
    site.start_web()
    people = People(site.url)
    people.add_managing()
    for one in members(WARM + asked.accounts):
        east = one.network
        aws.add(replace(one, ecs=east, eks=east, functions=east))
        people.add(one, **KINDS[asked.case])
    before_the_fork()
    rows = list(ManagedAccount.objects.order_by("account_id"))
    carry_out(plan_managing(None, grants=rows))
    unmeasured = {**stages.STAGES}
    used = defaultdict[str, float](float)
    for number, row in enumerate(rows):
        if number == WARM:
            for stage, work in unmeasured.items():
                stages.STAGES[stage] = partial(measure, used, stage.label, work)
        row.refresh_from_db()
        carry_out(plan(row, None, alone=True))
    return Measured({what: value / asked.accounts for what, value in used.items()})


def carry_out(run: Run) -> None:
    """Plan, approve, apply and verify."""
    carry_on(run)
    run.refresh_from_db()
    assert approve(run, None), run.error
    run.refresh_from_db()
    carry_on(run)
    run.refresh_from_db()
    assert run.status == Status.VERIFIED, run.error


def measure(
    used: dict[str, float], stage: str, work: Callable[..., None], *given: Any
) -> None:
    """Carry out a stage, and add what it used, also to what all of them did."""
    queries = 0

    def query(execute: Callable[..., Any], *given: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*given)

    ANSWERS.take()
    before = time.process_time()
    with connection.execute_wrapper(query):
        work(*given)
    milliseconds = (time.process_time() - before) * 1000
    calls = sum(ANSWERS.take().values())
    for of in (stage, "Together"):
        used[f"{of}: CPU, ms"] += milliseconds
        used[f"{of}: calls"] += calls
        used[f"{of}: queries"] += queries
