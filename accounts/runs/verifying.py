"""Verify: prove what stands, and keep every result."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.utils import timezone

from accounts.mapping.rows import (
    managed_of,
    managed_reach,
    managing_of,
    managing_reach,
    managing_row,
)
from accounts.models import Run
from accounts.models.states import State, Status
from accounts.runs.actions import mark, state_before
from accounts.runs.results import keep_results
from accounts.runs.sides import Side, sides
from accounts.runs.snapshots import remember
from onboarding.aws.backoff import Patience
from onboarding.aws.session import Sessions
from onboarding.desired import POLICY_SET
from onboarding.providers.base import Outcome
from onboarding.resources.plan import NotOurs
from onboarding.verify.verification import (
    CHAIN,
    LITTLE_PATIENCE,
    PATIENCE,
    Result,
    own_identity,
    verify,
    verify_managing,
)

SETTLING = 20.0
"""Seconds in which AWS may not show yet what was changed; KMS is slower than IAM."""


def verify_run(run: Run, sessions: Sessions) -> None:
    """Prove what stands, and keep every result."""
    own = own_identity(sessions)
    if own.outcome is Outcome.FAILED:
        blame_bowline(run, own)
        return
    settling = Patience(0.0 if run.kind == Run.Kind.VERIFY else SETTLING, run.say)
    left = nothing_left(sides(run), sessions, settling)
    drift = [in_its_time(run, result) for result in left]
    results = by_provider([*drift, *checks(run, sessions)])
    run.extend_lease()
    outcomes = {result.outcome for result in results}
    chain = {result.outcome for result in results if result.provider == CHAIN}
    if Outcome.FAILED in {result.outcome for result in drift}:
        state, status = State.DRIFTED, Status.FAILED
    elif Outcome.FAILED in outcomes:
        state, status = State.FAILED, Status.FAILED
    elif (chain or outcomes) <= {Outcome.PROVED}:
        state, status = State.VERIFIED, Status.VERIFIED
    else:
        state, status = State.EVALUATED, Status.EVALUATED
    now = timezone.now()
    with transaction.atomic():
        keep_results(run, results, now)
        error = failed_checks(results) if status is Status.FAILED else None
        if run.move(status, since=(Status.VERIFYING,), error=error, waiting=""):
            proof = "" if status is Status.FAILED else state
            mark(run, state, proof=proof, **({"verified_at": now} if proof else {}))
            if {result.outcome for result in drift} == {Outcome.PROVED}:
                mark(run, state, policy_set=POLICY_SET)
                if proof:
                    forget_earlier(run)


def blame_bowline(run: Run, own: Result) -> None:
    """End the run, and leave the account what it was: nothing was learned of it."""
    run.extend_lease()
    error = failed_checks([own])
    with transaction.atomic():
        keep_results(run, [own], timezone.now())
        if run.move(Status.FAILED, since=(Status.VERIFYING,), error=error, waiting=""):
            known = run.account is not None
            mark(run, state_before(run.account) if known else State.FAILED)


def in_its_time(run: Run, result: Result) -> Result:
    """Blame no account for what only a newer Bowline would change in it."""
    account = run.account
    if (
        account is None
        or run.kind != Run.Kind.VERIFY
        or not account.has_older_policies
        or result.outcome is Outcome.PROVED
    ):
        return result
    return replace(
        result,
        outcome=Outcome.NOT_PROVED,
        sentence=(
            f"The account stands on policy set {account.policy_set}, and the latest is "
            f"{POLICY_SET}. {result.sentence}"
        ),
        fix="Plan again, read what the newer policies change, and approve it.",
    )


def by_provider(results: list[Result]) -> list[Result]:
    """Bring what belongs together next to each other, in order of first appearance."""
    providers = list(dict.fromkeys(result.provider for result in results))
    return sorted(results, key=lambda result: providers.index(result.provider))


def forget_earlier(run: Run) -> None:
    """Only what is chosen now stands: nothing else was found."""
    if run.account is not None:
        remember(run.account, only=True)
    if not run.alone:
        remember(managing_row(), only=True)


def checks(run: Run, sessions: Sessions) -> Iterable[Result]:
    managing = managing_of(managing_row())
    reach = managing_reach(managing)
    if run.account is None:
        return verify_managing(
            sessions, managing, reach, waiting=run.say, patience=PATIENCE
        )
    managed = managed_of(run.account)
    return verify(
        sessions,
        managing,
        managed,
        managed_reach(managed),
        identity_reach=reach,
        waiting=run.say,
        patience=LITTLE_PATIENCE if run.kind == Run.Kind.VERIFY else PATIENCE,
    )


def nothing_left(
    looked_after: Iterable[Side], sessions: Sessions, settling: Patience
) -> Iterable[Result]:
    """Yield one result a side: whether AWS is what was asked for."""
    for side in looked_after:
        began = time.monotonic()
        left = differences(side, sessions)
        while left and settling.wait("what was changed does not show yet"):
            left = differences(side, sessions)
        settling.over()
        name = f"Nothing left to change in {side.place}"
        seconds = time.monotonic() - began
        if left:
            yield Result(
                provider="resources",
                name=name,
                outcome=Outcome.FAILED,
                sentence="AWS differs from what was approved: " + "; ".join(left),
                fix="Plan again, read what differs, and approve it.",
                seconds=seconds,
            )
        else:
            yield Result("resources", name, Outcome.PROVED, "", "", seconds)


def differences(side: Side, sessions: Sessions) -> list[str]:
    try:
        return [
            f"{change.verb} {change.resource.kind} {change.resource.name}"
            for change in side.changes(sessions)
        ]
    except NotOurs as error:
        return [str(error)]


def failed_checks(results: Iterable[Result]) -> dict[str, str]:
    first = next(r for r in results if r.outcome is Outcome.FAILED)
    return {"message": f"{first.name}: {first.sentence}", "hint": first.fix}
