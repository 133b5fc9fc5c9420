"""verify(): prove what Spinnaker will be able to do, check by check; look():
ask once whether roles exist.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from onboarding.aws.client import AccountClient, iam_action, together
from onboarding.aws.errors import ABSENT, UNKNOWN_CALL, AwsError, OwnCredentialsError
from onboarding.aws.organization import organization_id
from onboarding.aws.session import SYSTEM, Backoff, Clock, Credentials, Sessions, silent
from onboarding.checks import Call, Check, Outcome
from onboarding.desired.managed import checks
from onboarding.providers.caching import subnets
from onboarding.resources.kinds import MANAGED_PATH
from onboarding.topology import Managed, Managing, Reach
from onboarding.verify.access_entries import outlived_entries
from onboarding.verify.chain import (
    CHAIN,
    Chain,
    listing_check,
    own_identity,
    unless_unread,
    worth_repeating,
    zone_checks,
)
from onboarding.verify.conditions import sent_with
from onboarding.verify.denial import Holder, named_by_aws
from onboarding.verify.keys import default_keys
from onboarding.verify.policy_evaluation import RequestContext
from onboarding.verify.result import Located, Result, lower_first
from onboarding.verify.role_assumption import (
    identity_session_policy,
    managed_session_policy,
    to_managed,
)
from onboarding.verify.simulation.named import usable_subnets
from onboarding.verify.simulation.simulator import Question, SimulatedCall, simulate
from onboarding.verify.simulation.writes import Answered, simulated_writes


def opens(sessions: Sessions, managing: Managing, managed: Managed) -> bool:
    """Return whether AWS lets Spinnaker's identity assume the managed role; where that
    cannot be tried, whether it lets Bowline assume the reader role.

    Raise AwsError where AWS does not even let Bowline ask.
    """
    walks = managed.in_aws_provider and bool(managing.bowline)
    source = identity(sessions, managing) if walks else None
    try:
        if source is None:
            sessions.credentials(managed.reach)
        else:
            sessions.assume(
                managing.role_of(managed).arn,
                session_name=managed.session_name,
                external_id=managed.external_id,
                source=source,
                again=True,
            )
    except AwsError as error:
        if error.unread:
            return False
        raise
    return True


def is_closed(sessions: Sessions, managing: Managing, managed: Managed) -> bool:
    """Return whether AWS refuses both, as it does once the owner deleted the stack."""
    if opens(sessions, managing, managed):
        return False
    try:
        sessions.credentials(managed.reach)
    except AwsError as error:
        if error.unread:
            return True
        raise
    return False


def identity(sessions: Sessions, managing: Managing) -> Credentials:
    """Become Spinnaker's identity: once for all accounts of these sessions."""
    if sessions.whoami().principal == managing.identity_arn:
        return sessions.own()
    return sessions.assume(managing.identity_arn, session_name=sessions.name)


__all__ = ["CHAIN", "Result", "verify", "verify_managing"]

LONG_BACKOFF = 120.0
"""Seconds in all: roles and policies are mostly known everywhere within ten."""
SHORT_BACKOFF = 5.0
"""Where nothing was changed a moment ago, only a stumble of AWS is waited out."""

BELONGS_FOR = 600.0
"""Seconds in which the verifications of an account ask once for its organization."""
BELONGING: dict[Reach, tuple[float, str | None]] = {}
"""To which organization an account belongs, and until when that counts."""


def verify(
    sessions: Sessions,
    managing: Managing,
    managed: Managed,
    reach: Reach,
    *,
    identity_reach: Reach,
    shares_identity: bool = False,
    waiting: Callable[[str], None] = silent,
    backoff_seconds: float = LONG_BACKOFF,
    clock: Clock = SYSTEM,
) -> Iterator[Result]:
    """Yield what every check of an account found, in a stable order.

    `waiting` gets a sentence while a refusal may only be AWS's delay, for
    `backoff_seconds` in total; with 0, every refusal counts at once. Accounts are not
    checked while Bowline's own credentials are invalid. `shares_identity`: Spinnaker's
    identity may be what another verification of this process became a moment ago.
    """
    own = own_identity(sessions)
    if own.outcome is Outcome.FAILED:
        yield own
        return
    reads = [Read(key, check) for key, check in checks(managing, managed)]
    wait = Backoff(backoff_seconds, waiting, clock)
    zones = zone_checks(managed.regions_of_all)
    identity_policy = identity_session_policy(managing, zones, managed)
    chain = Chain(
        sessions, managing, identity_reach, wait, identity_policy, shares_identity
    )
    if managed.in_aws_provider:
        managed_policy = managed_session_policy(
            r.check for r in reads if r.check.as_managed_role
        )
        walked = [*walk(chain, zones, managed, reach, managed_policy)]
        if chain.continues and {one.outcome for one in walked} != {Outcome.PASSED}:
            # The identity may have been made again since.
            chain = chain.again()
            walked = [*walk(chain, zones, managed, reach, managed_policy)]
        yield from walked
    access = AccountClient.of(sessions, reach)
    role = managing.role_of(managed).arn
    holder = Holder(access, role, MANAGED_PATH, reach.writes, sessions)
    as_managed = None
    if chain.as_managed is not None:
        as_managed = AccountClient.with_credentials(
            sessions, managed.account_id, chain.as_managed
        )
    answers = dict(just_answered(sessions, managed, reads))
    called = [
        read
        for read in reads
        if read not in answers and (as_managed or not read.check.as_managed_role)
    ]
    heard: dict[Call, Any] = {}
    made = run_checks(called, as_managed, access, wait, holder, heard)
    answers |= zip(called, made, strict=True)
    left = [read for read in reads if read not in answers]
    organization = partial(belonging, sessions, reach)
    answers |= zip(left, evaluate(left, holder, chain, organization), strict=True)
    found = [answers[read] for read in reads]
    yield from by_effect(managed, [*found, *default_keys(access, managing, managed)])
    yield from outlived_entries(access, chain.holder(), managing, managed, sessions)
    if chain.as_managed is not None or chain.as_identity is None:
        yield from simulated_writes(
            holder,
            managing,
            managed,
            organization=organization,
            subnets=[
                subnet
                for region in managed.regions
                for subnet in usable_subnets(
                    heard.get(subnets(region), {}).get("Subnets", ()), region, managing
                )
            ],
            answered=[
                Answered(read.action, read.check.call.region)
                for read, result in zip(called, made, strict=True)
                if result.as_spinnaker
            ],
        )


def belonging(sessions: Sessions, reach: Reach) -> str | None:
    """Return the organization of the account, as a verification learned it lately; None
    where it could not be read.
    """
    until, known = BELONGING.get(reach, (0.0, None))
    if time.monotonic() < until:
        return known
    try:
        known = organization_id(sessions, reach)
    except AwsError:
        return None
    if known is not None:
        BELONGING[reach] = (time.monotonic() + BELONGS_FOR, known)
    return known


def walk(
    chain: Chain,
    zones: Iterable[Check],
    managed: Managed,
    reach: Reach,
    session_policy: str,
) -> Iterator[Result]:
    """Walk from Bowline to the managed role."""
    yield from chain.to_identity()
    yield from looked_up(chain, zones)
    yield from to_managed(chain, managed, reach, session_policy)


def verify_managing(
    sessions: Sessions,
    managing: Managing,
    reach: Reach,
    *,
    regions: Sequence[str] = (),
    waiting: Callable[[str], None] = silent,
    backoff_seconds: float = LONG_BACKOFF,
    clock: Clock = SYSTEM,
) -> Iterator[Result]:
    """Yield what was found about Spinnaker's own identity, managed accounts apart.

    It is asked in the first of the regions that accounts use, and nowhere else: the
    organization may deny all others.
    """
    own = own_identity(sessions)
    if own.outcome is Outcome.FAILED:
        yield own
        return
    wait = Backoff(backoff_seconds, waiting, clock)
    reads = [listing_check(region) for region in regions[:1]]
    identity_policy = identity_session_policy(managing, reads)
    chain = Chain(sessions, managing, reach, wait, identity_policy)
    yield from chain.to_identity()
    yield from looked_up(chain, reads)


def looked_up(chain: Chain, checks: Iterable[Check]) -> Iterator[Result]:
    """Look regions up as Spinnaker's identity, or ask the simulator whether it may."""
    managing, reads = chain.managing, [Read(CHAIN, check) for check in checks]
    holder = chain.holder()
    if chain.as_identity is None:
        theirs = partial(belonging, chain.sessions, chain.identity_reach)
        yield from evaluate(reads, holder, chain, theirs)
        return
    as_identity = AccountClient.with_credentials(
        chain.sessions, managing.account_id, chain.as_identity
    )
    known = chain.looked_up
    left = [read for read in reads if read.check not in known]
    made = run_checks(left, as_identity, holder.client, chain.backoff, holder)
    known.update(zip((read.check for read in left), made, strict=True))
    yield from (known[read.check] for read in reads)


def just_answered(
    sessions: Sessions, managed: Managed, reads: Iterable[Read]
) -> Iterator[tuple[Read, Result]]:
    """Judge what AWS answered a moment ago, when the account was compared."""
    for read in reads:
        if not read.check.as_managed_role:
            call = read.check.call
            answer = sessions.handed_on.answered(managed.account_id, call)
            if answer is not None:
                yield read, read.judged(answer)


@dataclass(frozen=True, slots=True)
class Read:
    """A check of one provider."""

    provider: str
    check: Check

    def result(self, outcome: Outcome, sentence: str, fix: str = "") -> Result:
        return Result(self.provider, self.check.name, outcome, sentence, fix)

    @property
    def action(self) -> str:
        return iam_action(self.check.call.service, self.check.call.operation)

    def outcome(self, answer: Any) -> tuple[Result, AwsError | None]:
        """Judge what AWS answered, or its refusal."""
        if not isinstance(answer, AwsError):
            return self.judged(answer), None
        if answer.code in UNKNOWN_CALL:
            return self.result(Outcome.NOT_TESTABLE, answer.message), None
        if answer.no_access:
            return self.result(Outcome.NOT_TESTABLE, answer.message, answer.hint), None
        fix = self.check.fix if answer.denied else answer.hint
        return self.result(Outcome.FAILED, answer.message, fix), answer

    def judged(self, answer: Any) -> Result:
        check = self.check
        if not check.is_met_by(answer):
            if check.deploys_in:
                unmet = self.result(Outcome.CANNOT_DEPLOY, check.missing)
            elif check.advice:
                unmet = self.result(Outcome.NOT_TESTABLE, check.missing)
            else:  # it could be read: no permission is missing
                fix = RUN_IT if check.change else ""
                unmet = self.result(Outcome.FAILED, check.missing, fix)
            return replace(unmet, change=check.change, undeployable=check.deploys_in)
        if check.untested:
            untested = self.result(Outcome.NOT_TESTABLE, check.untested)
            return replace(untested, unknown_writes=int(check.decides_writes))
        result = self.result(check.success, f"AWS answered {self.action}.")
        return replace(result, as_spinnaker=check.as_managed_role)


RUN_IT = "Run the command, then verify again."
NOWHERE = (
    "{} can be deployed in no Region of the account. Create what is missing, or take "
    "the provider out of the account, then verify again."
)


def by_effect(managed: Managed, found: Sequence[Result]) -> Iterator[Result]:
    """Yield the results, and fail those of a provider of which nothing can be deployed
    anywhere: in each region something is missing.
    """
    without: dict[str, set[str]] = {}
    for result in found:
        if result.undeployable:
            without.setdefault(result.provider, set()).add(result.undeployable)
    titles = {provider.key: provider.title for provider in managed.providers}
    for result in found:
        nowhere = without.get(result.provider) == set(managed.regions_of_all)
        if result.undeployable and nowhere:
            fix = NOWHERE.format(titles[result.provider])
            yield replace(result, outcome=Outcome.FAILED, fix=fix)
        else:
            yield result


def run_checks(
    reads: list[Read],
    as_holder: AccountClient | None,
    access: AccountClient,
    wait: Backoff,
    holder: Holder,
    heard: dict[Call, Any] | None = None,
) -> list[Result]:
    """Make the calls, a few at a time; repeat those that a new policy may explain.

    `heard` gets what AWS answered.
    """
    heard = {} if heard is None else heard
    found: dict[Read, tuple[Result, AwsError | None]] = {}
    left = reads
    while left:
        made = answered(left, as_holder, access, heard)
        found |= made
        left = [read for read, (_, e) in made.items() if e and worth_repeating(e)]
        if left and not wait.wait("what the role is allowed isn't yet in force"):
            break
    wait.over()
    return [with_cause(read, *found[read], holder) for read in reads]


def answered(
    reads: list[Read],
    as_holder: AccountClient | None,
    access: AccountClient,
    heard: dict[Call, Any],
) -> dict[Read, tuple[Result, AwsError | None]]:
    """Make each call once, whatever number of checks its answer is judged by."""
    alike: dict[tuple[bool, Call], list[Read]] = {}
    for read in reads:
        by_role = as_holder is not None and read.check.as_managed_role
        alike.setdefault((by_role, read.check.call), []).append(read)
    tasks = [
        partial(judge, same, as_holder if by_role and as_holder else access, heard)
        for (by_role, _), same in alike.items()
    ]
    return {read: made for judged in together(tasks) for read, made in judged.items()}


def judge(
    reads: Sequence[Read], client: AccountClient, heard: dict[Call, Any]
) -> dict[Read, tuple[Result, AwsError | None]]:
    """Make the call that these checks have in common, and judge the answer by each."""
    began = time.monotonic()
    answer = answer_of(reads, client)
    seconds = time.monotonic() - began
    if not isinstance(answer, AwsError):
        heard[reads[0].check.call] = answer
    judged = {read: read.outcome(answer) for read in reads}
    return {
        read: (replace(result, seconds=seconds), error)
        for read, (result, error) in judged.items()
    }


def answer_of(reads: Sequence[Read], client: AccountClient) -> Any:
    """Return what AWS answered, or its refusal, in the words of the first check."""
    check = reads[0].check
    service, operation, region, parameters = check.call
    # One page shows whether it may be called; a condition is about all of them.
    whole = any(read.check.expects for read in reads)
    call = client.call_all if whole else client.call
    try:
        method = client.operation(service, operation, region)
        return call(method, lower_first(check.name), **dict(parameters))
    except AwsError as error:
        return error


def with_cause(
    read: Read, result: Result, error: AwsError | None, holder: Holder
) -> Result:
    """Add to a failure where it comes from, as far as that can be read."""
    if error is None:
        return result
    if isinstance(error, OwnCredentialsError):
        return replace(result, located=Located.BOWLINE)
    if error.code in ABSENT:
        return replace(result, located=Located.ABSENT, change=read.check.change)
    if not (error.denied and read.check.as_managed_role):
        return result
    named = named_by_aws(error, holder)
    if named and named.located is not Located.BOUNDARY:
        return result.because(named)
    cause = unless_unread(partial(holder.cause, RequestContext(read.action)))
    if named and not (cause and cause.located is named.located):
        cause = named  # else the document shows it, with its line
    return result.because(cause)


def evaluate(
    reads: list[Read],
    holder: Holder,
    chain: Chain,
    organization: Callable[[], str | None],
) -> Iterator[Result]:
    """Ask IAM's simulator about calls that cannot be made from here; `organization`
    returns that of the holder's account.
    """
    if not reads:
        return
    if chain.as_identity is not None:
        for read in reads:
            sentence = "Not tried, because the managed role could not be assumed."
            yield read.result(Outcome.NOT_TESTABLE, sentence)
        return
    home = chain.managing.aws.home_region
    caller = holder.caller(organization=organization())
    questions = {
        read: Question(
            SimulatedCall(read.action),
            sent_with(read.action, "*", read.check.call.region or home, caller),
        )
        for read in reads
    }
    verdicts = simulate(holder.client, caller, questions.values())
    for read in reads:
        verdict = verdicts[questions[read]]
        if isinstance(verdict, AwsError):
            sentence = f"IAM's simulator could not answer: {verdict.message}"
            yield read.result(Outcome.NOT_TESTABLE, sentence, verdict.hint)
        elif verdict.allowed:
            sentence = f"Simulated: the policies of {holder.arn} allow {read.action}."
            yield read.result(Outcome.EVALUATED, sentence)
        else:
            sentence = f"Simulated: {holder.arn} isn't allowed {read.action}."
            failed = read.result(Outcome.FAILED, sentence, read.check.fix)
            yield failed.because(
                unless_unread(partial(holder.cause, RequestContext(read.action)))
            )
