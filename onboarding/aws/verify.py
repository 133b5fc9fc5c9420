"""verify(): prove what Spinnaker will be able to do, check by check.

Each result is proved (called), evaluated (read from policies), not proved from here,
or failed, with a sentence that a person can act on. Nothing here changes AWS.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import jmespath

from onboarding.aws.asking import Asker, named, together
from onboarding.aws.chain import CHAIN, Chain, Result, worth_repeating
from onboarding.aws.errors import UNKNOWN_CALL, AwsError
from onboarding.aws.patience import SYSTEM, Clock, Patience, silent
from onboarding.aws.session import Reach, Sessions
from onboarding.aws.trust import simulate
from onboarding.managed_side import checks
from onboarding.managing_side import REGION_LOOKUP
from onboarding.providers.base import Call, Check, Outcome
from onboarding.topology import Managed, Managing

__all__ = ["CHAIN", "Result", "verify", "verify_managing"]

PATIENCE = 60.0
"""Seconds in all: new roles and policies are mostly known everywhere within ten."""


def verify(
    sessions: Sessions,
    managing: Managing,
    managed: Managed,
    reach: Reach,
    *,
    identity_reach: Reach,
    waiting: Callable[[str], None] = silent,
    patience: float = PATIENCE,
    clock: Clock = SYSTEM,
) -> Iterator[Result]:
    """Yield what every check of an account found, in a stable order.

    `waiting` hears a sentence while a refusal may only be AWS's delay, for `patience`
    seconds in all; with none, every refusal counts at once. Raise AwsError where
    Bowline's own credentials are bad.
    """
    wait = Patience(patience, waiting, clock)
    chain = Chain(sessions, managing, identity_reach, wait)
    if managed.in_aws_provider:
        yield from chain.to_identity()
        yield from chain.to_managed(managed, reach)
    reads = [Read(key, check) for key, check in checks(managing, managed)]
    access = Asker.entering(sessions, reach)
    as_managed = None
    if chain.as_managed is not None:
        as_managed = Asker.holding(sessions, managed.account_id, chain.as_managed)
    called = [read for read in reads if as_managed or not read.check.as_managed_role]
    answers = dict(zip(called, run(called, as_managed, access, wait), strict=True))
    left = [read for read in reads if read not in answers]
    role_arn = managing.managed_role_arn(managed.account_id)
    answers |= zip(left, evaluate(left, role_arn, access, chain), strict=True)
    yield from (answers[read] for read in reads)


def verify_managing(
    sessions: Sessions,
    managing: Managing,
    reach: Reach,
    *,
    waiting: Callable[[str], None] = silent,
    patience: float = PATIENCE,
    clock: Clock = SYSTEM,
) -> Iterator[Result]:
    """Yield what was found about Spinnaker's own identity, managed accounts apart."""
    wait = Patience(patience, waiting, clock)
    chain = Chain(sessions, managing, reach, wait)
    yield from chain.to_identity()
    access = Asker.entering(sessions, reach)
    reads = [Read(CHAIN, check) for check in REGION_CHECKS]
    if chain.as_identity is None:
        yield from evaluate(reads, managing.identity_arn, access, chain)
        return
    as_identity = Asker.holding(sessions, managing.account_id, chain.as_identity)
    yield from run(reads, as_identity, access, wait)


REGION_CHECKS = tuple(
    Check(
        name,
        Call("ec2", operation),
        "Spinnaker's identity must be allowed "
        f"{' and '.join(REGION_LOOKUP.actions)}: plan the managing account again.",
    )
    for name, operation in (
        ("Look up regions as Spinnaker's identity", "describe_regions"),
        ("Look up zones as Spinnaker's identity", "describe_availability_zones"),
    )
)


@dataclass(frozen=True, slots=True)
class Read:
    """A check of one provider."""

    provider: str
    check: Check

    def result(self, outcome: Outcome, sentence: str, fix: str = "") -> Result:
        return Result(self.provider, self.check.name, outcome, sentence, fix)

    def made_by(self, asker: Asker) -> tuple[Result, AwsError | None]:
        began = time.monotonic()
        result, error = self.answered(asker)
        seconds = time.monotonic() - began
        return Result(
            result.provider,
            result.name,
            result.outcome,
            result.sentence,
            result.fix,
            seconds,
        ), error

    def answered(self, asker: Asker) -> tuple[Result, AwsError | None]:
        check = self.check
        service, operation, region, parameters = check.call
        # One page tells whether it may be called; a condition is about all of them.
        ask = asker.ask_all if check.expects else asker.ask
        doing = lower_first(check.name)
        try:
            answer = ask(service, operation, doing, region=region, **dict(parameters))
        except AwsError as error:
            if error.code in UNKNOWN_CALL:
                return self.result(Outcome.NOT_PROVED, error.message), None
            fix = check.fix if error.denied else error.hint
            return self.result(Outcome.FAILED, error.message, fix), error
        return self.judged(answer, action(asker, check.call)), None

    def judged(self, answer: Any, called: str) -> Result:
        check = self.check
        if check.expects and not jmespath.search(check.expects, answer):
            if check.advice:
                return self.result(Outcome.NOT_PROVED, check.missing)
            return self.result(Outcome.FAILED, check.missing, check.fix)
        if check.success is Outcome.NOT_PROVED:
            return self.result(check.success, check.missing)
        return self.result(check.success, f"AWS answered {called}.")


def lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]


def run(
    reads: list[Read], as_managed: Asker | None, access: Asker, wait: Patience
) -> list[Result]:
    """Make the calls, a few at a time; repeat those that a new policy may explain."""
    results: dict[Read, Result] = {}
    left = reads
    while left:
        tasks = [
            partial(
                read.made_by,
                as_managed if as_managed and read.check.as_managed_role else access,
            )
            for read in left
        ]
        made = dict(zip(left, together(tasks), strict=True))
        results |= {read: result for read, (result, _) in made.items()}
        left = [read for read, (_, e) in made.items() if e and worth_repeating(e)]
        if left and not wait.wait("what the role is allowed is not yet in force"):
            break
    wait.over()
    return [results[read] for read in reads]


def evaluate(
    reads: list[Read], principal: str, access: Asker, chain: Chain
) -> Iterator[Result]:
    """Ask IAM's simulator about calls that cannot be made from here."""
    if not reads:
        return
    if chain.as_identity is not None:
        for read in reads:
            sentence = "Not tried, because the managed role could not be assumed."
            yield read.result(Outcome.NOT_PROVED, sentence)
        return
    actions = {read: action(access, read.check.call) for read in reads}
    try:
        allowed = simulate(access, principal, actions.values())
    except AwsError as error:
        for read in reads:
            sentence = f"It could not be asked of IAM's simulator: {error.message}"
            yield read.result(Outcome.NOT_PROVED, sentence, error.hint)
        return
    for read, called in actions.items():
        if called in allowed:
            sentence = f"The policies of {principal} allow {called}."
            yield read.result(Outcome.EVALUATED, sentence)
        else:
            sentence = f"The policies of {principal} do not allow {called}."
            yield read.result(Outcome.FAILED, sentence, read.check.fix)


def action(asker: Asker, call: Call) -> str:
    return named(asker.client(call.service, ""), call.service, call.operation)
