"""What Spinnaker may change, by IAM's simulator: writes are never tried.

The simulator is one opinion, the documents another. Where only the simulator denies
(it knows no condition that it is not given), nothing is called a failure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

from onboarding.aws.client import together
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
from onboarding.verify.trust import simulate

CHANGES = (Access.WRITE, Access.PASS_ROLE)
SOME = 3
"""The most actions that are named; the rest are counted."""


class Granted(NamedTuple):
    """What the role is granted to change, for one purpose of one provider."""

    provider: str
    capability: str
    grants: tuple[Grant, ...]

    @property
    def name(self) -> str:
        return f"Writes for “{self.capability}”"


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
    granted = list(granted_changes(managing, managed))
    region = managed.regions[0] if managed.regions else managing.aws.home_region
    tasks = [partial(simulated, holder, one, region) for one in granted]
    yield from together(tasks)


@dataclass(frozen=True, slots=True)
class Opinions:
    """The actions of a purpose, by what the simulator and the documents say."""

    allowed: tuple[str, ...]
    unknown: tuple[str, ...]
    """Denied by the simulator, and by no document."""
    cause: Cause | None
    """Why the documents deny one, too."""


def simulated(holder: Holder, granted: Granted, region: str) -> Result:
    def result(outcome: Outcome, sentence: str, fix: str = "") -> Result:
        return Result(granted.provider, granted.name, outcome, sentence, fix)

    try:
        said = opinions(holder, granted.grants, region)
    except AwsError as error:
        sentence = f"It could not be simulated: {error.message}"
        return result(Outcome.NOT_PROVED, sentence, error.hint)
    if said.cause is not None:
        return result(Outcome.FAILED, "Simulated:").because(said.cause)
    if not said.allowed:
        return result(
            Outcome.NOT_PROVED,
            "It cannot be simulated, because conditions decide. The documents allow "
            f"{some(said.unknown)}.",
        )
    sentence = f"Simulated, not called: the policies allow {some(said.allowed)}."
    if said.unknown:
        sentence += f" By the documents alone: {some(said.unknown)}."
    return result(Outcome.EVALUATED, sentence)


def some(actions: Iterable[str]) -> str:
    named = sorted(set(actions))
    more = len(named) - SOME
    return ", ".join(named[:SOME]) + (f" and {more} more" if more > 0 else "")


def opinions(holder: Holder, grants: Iterable[Grant], region: str) -> Opinions:
    allowed: list[str] = []
    unknown: list[str] = []
    for grant in grants:
        resource, context = example(grant.resources[0], region), known_context(grant)
        yes = simulate(
            holder.client,
            holder.arn,
            grant.actions,
            resource=resource,
            context=context,
        )
        allowed += yes
        for action in set(grant.actions) - yes:
            asked = RequestContext(
                action, resource, {k.lower(): v for k, v in context.items()}
            )
            cause = holder.cause(asked)
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
