"""What one account costs a worker: CPU, queries and calls of AWS of each stage, with
EC2 alone and with all four providers.

One thread does everything, so that it adds up. All figures come from one run on one
machine; compare the ratios, not the milliseconds.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from functools import partial
from operator import add
from threading import Lock
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from script.bench_onboarding import members, written
from script.emulated_organization import EAST, Account
from script.emulated_site import emulated_site

if TYPE_CHECKING:
    from accounts.models import Run

WARM = 2
"""Accounts of each kind that come first and are not counted."""
ALL_FOUR = (
    "ec2: {}, ecs: {}, lambda: {}, "
    "eks: {clusters: [{name: apps, region: us-east-1, namespaces: [default]}]}"
)
KINDS = {"EC2": "ec2: {}", "all four": ALL_FOUR}
TOGETHER = "together"


@dataclass
class Cost:
    """What was used so far, for all accounts of a kind."""

    cpu: float = 0.0
    """Seconds."""
    calling: float = 0.0
    """Seconds of these that went into calls of AWS."""
    calls: int = 0
    queries: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(*map(add, astuple(self), astuple(other)))

    def each(self, count: int) -> Cost:
        """Return what one account used."""
        return Cost(*(used / count for used in astuple(self)))


def main() -> None:
    parser = argparse.ArgumentParser(prog="script/bench account", description=__doc__)
    parser.add_argument("accounts", type=int, nargs="?", default=20)
    parser.add_argument("--json", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    costs = [
        (kind, stage, cost.each(options.accounts))
        for kind, stages in measured(options.accounts).items()
        for stage, cost in [*stages.items(), (TOGETHER, sum(stages.values(), Cost()))]
    ]
    if options.json:
        print(json.dumps([[kind, stage, astuple(cost)] for kind, stage, cost in costs]))
        return
    print(f"{options.accounts} accounts of each kind, one after another\n")
    print(f"{'an account':<26}{'CPU':>10}{'of calls':>10}{'calls':>8}{'queries':>9}")
    for kind, stage, cost in costs:
        print(
            f"{f'{kind}, {stage}':<26}{cost.cpu * 1000:7.0f} ms"
            f"{cost.calling * 1000:7.0f} ms{cost.calls:8.1f}{cost.queries:9.1f}"
        )
    alone, all_four = (cost.cpu for _, stage, cost in costs if stage == TOGETHER)
    print(f"\nAll four cost {all_four / alone:.2f} times as much CPU as EC2 alone")


def measured(count: int) -> dict[str, dict[str, Cost]]:
    """Return what each stage cost, for each kind of account."""
    lots = {
        kind: [
            replace(
                account,
                name=f"member{account.account_id}",
                network=EAST,
                key_pair=EAST,
                ecs=EAST,
                eks=EAST,
                functions=EAST,
            )
            for account in members(WARM + count, first=first)
        ]
        for kind, first in zip(KINDS, (500_000_000_000, 600_000_000_000), strict=True)
    }
    with emulated_site([*lots["EC2"], *lots["all four"]], delay=0):
        return onboarded(lots)


def onboarded(lots: dict[str, list[Account]]) -> dict[str, dict[str, Cost]]:
    from django.core.management import call_command

    from accounts.mapping.accounts_file import register
    from accounts.runs import stages
    from accounts.runs.actions import plan, plan_managing
    from accounts.workers.process import before_the_fork
    from onboarding.accounts_file import read_accounts_file

    call_command("migrate", verbosity=0)
    before_the_fork()
    rows = {
        kind: register(read_accounts_file(written(lot, KINDS[kind]).encode()), None)
        for kind, lot in lots.items()
    }
    grants = [row for lot in rows.values() for row in lot]
    carry_out(plan_managing(None, grants=grants))
    unmeasured = {**stages.STAGES}
    costs: dict[str, dict[str, Cost]] = {}
    for kind, lot in rows.items():
        for number, row in enumerate(lot):
            if number in (0, WARM):
                costs[kind] = {stage.label.lower(): Cost() for stage in unmeasured}
                for stage, work in unmeasured.items():
                    cost = costs[kind][stage.label.lower()]
                    stages.STAGES[stage] = partial(measure, cost, work)
            row.refresh_from_db()
            carry_out(plan(row, None, alone=True))
    return costs


def carry_out(run: Run) -> None:
    """Plan, approve, apply and verify."""
    from accounts.models.states import Status
    from accounts.runs.actions import approve
    from accounts.runs.stages import carry_on

    carry_on(run)
    run.refresh_from_db()
    assert approve(run, None), run.error
    run.refresh_from_db()
    carry_on(run)
    run.refresh_from_db()
    assert run.status == Status.VERIFIED, run.error


def measure(cost: Cost, stage: Callable[..., None], *given: Any) -> None:
    """Carry out a stage, and add what it used."""
    from django.db import connection

    from onboarding.aws.shared_clients import SignedCalls

    lock, unmeasured = Lock(), SignedCalls._make_api_call

    def call(*asked: Any) -> Any:
        before = time.thread_time()
        try:
            return unmeasured(*asked)
        finally:
            with lock:  # some of them are made at once
                cost.calls += 1
                cost.calling += time.thread_time() - before

    def query(execute: Callable[..., Any], *given: Any) -> Any:
        cost.queries += 1
        return execute(*given)

    before = time.process_time()
    with (
        patch.object(SignedCalls, "_make_api_call", call),
        connection.execute_wrapper(query),
    ):
        stage(*given)
    cost.cpu += time.process_time() - before


if __name__ == "__main__":
    main()
