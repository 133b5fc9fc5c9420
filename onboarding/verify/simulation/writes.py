"""What Spinnaker may change, by IAM's simulator: writes are never tried.

The simulator is one opinion, the documents another. Where only the simulator denies
(it knows no condition that it is not given), nothing is called a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.grants import Access, Grant
from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.resources.policy import as_list
from onboarding.topology import Managed, Managing
from onboarding.verify.denial import Holder
from onboarding.verify.policy_evaluation import RequestContext
from onboarding.verify.result import Cause, Located, Result
from onboarding.verify.simulation.simulator import (
    Asked,
    Question,
    Verdict,
    simulate,
)

CHANGES = (Access.WRITE, Access.PASS_ROLE)
SOME = 3
"""The most actions that are named; the rest are counted."""


class Granted(NamedTuple):
    """What the role is granted to change, for one purpose of one provider."""

    provider: str
    capability: str
    grants: tuple[Grant, ...]

    def result(self, outcome: Outcome, sentence: str, fix: str = "") -> Result:
        name = f"Writes for “{self.capability}”"
        return Result(self.provider, name, outcome, sentence, fix)


def granted_changes(managing: Managing, managed: Managed) -> Iterator[Granted]:
    for provider in providers_of(managed):
        changes = [
            grant
            for grant in provider.grants(managing, managed)
            if grant.access in CHANGES
        ]
        changes.sort(key=lambda grant: grant.capability)
        for capability, group in groupby(changes, lambda grant: grant.capability):
            yield Granted(provider.key, capability, tuple(group))


def simulated_writes(
    holder: Holder, managing: Managing, managed: Managed
) -> Iterator[Result]:
    """Yield one result for each purpose of each provider."""
    region = managed.regions[0] if managed.regions else managing.aws.home_region
    granted = list(granted_changes(managing, managed))
    try:
        verdicts = simulate(
            holder.client,
            holder.arn,
            [
                question
                for one in granted
                for grant in one.grants
                for question in questions(grant, region)
            ],
        )
    except AwsError as error:
        yield from (not_simulated(one, error) for one in granted)
        return
    for one in granted:
        try:
            yield judged(one, opinions(holder, one.grants, region, verdicts))
        except AwsError as error:
            yield not_simulated(one, error)


def questions(grant: Grant, region: str) -> Iterator[Question]:
    resource = example(grant.resources[0], region)
    context = frozenset(known_context(grant).items())
    for action in grant.actions:
        yield Question(Asked(action, resource), context)


def not_simulated(granted: Granted, error: AwsError) -> Result:
    sentence = f"It could not be simulated: {error.message}"
    return granted.result(Outcome.NOT_PROVED, sentence, error.hint)


@dataclass(frozen=True, slots=True)
class Opinions:
    """The actions of a purpose, by what the simulator and the documents say."""

    allowed: tuple[str, ...]
    unknown: tuple[str, ...]
    """Denied by the simulator, and by no document."""
    cause: Cause | None
    """Why the documents deny one, too."""


def judged(granted: Granted, said: Opinions) -> Result:
    if said.cause is not None:
        return granted.result(Outcome.FAILED, "Simulated:").because(said.cause)
    if not said.allowed:
        return granted.result(
            Outcome.NOT_PROVED,
            "It cannot be simulated, because conditions decide. The documents allow "
            f"{some(said.unknown)}.",
        )
    sentence = f"Simulated, not called: the policies allow {some(said.allowed)}."
    if said.unknown:
        sentence += f" By the documents alone: {some(said.unknown)}."
    return granted.result(Outcome.EVALUATED, sentence)


def some(actions: Iterable[str]) -> str:
    named = sorted(set(actions))
    more = len(named) - SOME
    return ", ".join(named[:SOME]) + (f" and {more} more" if more > 0 else "")


def opinions(
    holder: Holder,
    grants: Iterable[Grant],
    region: str,
    verdicts: Mapping[Question, Verdict | AwsError],
) -> Opinions:
    """Say what the simulator allows, and read the documents of what it does not;
    raise AwsError where neither can be known.
    """
    allowed: list[str] = []
    unknown: list[str] = []
    for question in (q for grant in grants for q in questions(grant, region)):
        verdict, action = verdicts[question], question.asked.action
        if isinstance(verdict, AwsError):
            raise verdict
        if verdict.allowed:
            allowed.append(action)
            continue
        context = {key.lower(): value for key, value in question.context}
        cause = holder.cause(RequestContext(*question.asked, context))
        if cause.certain and cause.located is not Located.HIGHER_UP:
            return Opinions(tuple(allowed), tuple(unknown), cause)
        unknown.append(action)
    return Opinions(tuple(allowed), tuple(unknown), None)


def example(resource: str, region: str) -> str:
    """Name one resource of those that a pattern matches; “*” is a name to IAM."""
    if resource == "*":
        return resource
    found = Arn.of(resource)
    if found.region == "*":
        found = replace(found, region=region)
    return str(found).replace("*", "simulated")


def known_context(grant: Grant) -> dict[str, str]:
    """Return for each condition of a grant a value that meets it."""
    return {
        key: str(as_list(values)[0]).replace("*", "simulated")
        for block in (grant.condition or {}).values()
        for key, values in block.items()
    }
