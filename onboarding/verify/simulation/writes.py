"""What Spinnaker may change, by IAM's simulator: writes are never tried.

The simulator is one opinion, the documents another. A write is denied where a document
or the organization certainly denies it. Where only the simulator denies, as it knows no
condition that it is not given, and where it does not answer, the write is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, groupby
from typing import NamedTuple

from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.grants import Access, Grant
from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.resources.policy import as_list
from onboarding.topology import Managed, Managing
from onboarding.verify.denial import Holder, higher_up
from onboarding.verify.policy_evaluation import RequestContext, keys_looked_at
from onboarding.verify.result import Cause, Located, Result
from onboarding.verify.simulation.simulator import (
    REGION,
    Context,
    Question,
    SimulatedCall,
    Verdict,
    Verdicts,
    circumstances,
    simulate,
)

CHANGES = (Access.WRITE, Access.PASS_ROLE)
SOME = 3
"""The most actions that are named; the rest are counted."""
TAGGED = frozenset(
    {
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "cloudformation:TagResource",
        "ec2:CreateTags",
        "ecs:CreateService",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "lambda:CreateFunction",
        "lambda:TagResource",
    }
)
"""Calls with tags that only a deployment knows: an organization that denies them may
only require some.
"""
LAUNCH = "ec2:RunInstances"
PERHAPS = (
    "a policy of the organization denies it, perhaps only without tags or with an "
    "instance type that a deployment chooses."
)


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
    regions = managed.regions or (managing.aws.home_region,)
    asked = [
        (
            granted,
            [
                question
                for grant in granted.grants
                for region in regions
                for question in questions_of(grant, region, managed.account_id)
            ],
        )
        for granted in granted_changes(managing, managed)
    ]
    verdicts = simulate(
        holder.client,
        holder.arn,
        chain.from_iterable(questions for _, questions in asked),
        partial(looks_at, holder),
    )
    for granted, questions in asked:
        yield judged(granted, opinions(holder, questions, verdicts))


def questions_of(grant: Grant, region: str, account: str) -> Iterator[Question]:
    """Ask for each action on each kind of resource that AWS judges it on."""
    context = known_context(grant, region, account) | {(REGION, region)}
    for action in grant.actions:
        for resource in grant.judged_on or grant.resources:
            yield Question(
                SimulatedCall(action, example(resource, region, account)), context
            )


def looks_at(holder: Holder, asked: SimulatedCall) -> frozenset[str] | None:
    """Return the condition keys, in lower case, on which it depends what the documents
    say of a call; None where they cannot be read.
    """
    try:
        documents = [*holder.documents, *filter(None, [holder.boundary])]
    except AwsError:
        return None
    return keys_looked_at(documents, *asked)


@dataclass(frozen=True, slots=True)
class Opinion:
    """What is known of one question: it is allowed, or denied, or neither is known."""

    action: str
    region: str
    denied: Cause | None = None
    unknown: str = ""
    """Why it is not known."""
    fix: str = ""


def opinions(
    holder: Holder, questions: Iterable[Question], verdicts: Verdicts
) -> Iterator[Opinion]:
    asked = list(questions)
    inside = {whatever_it_is_on(q) for q in asked if not is_outside(verdicts[q])}
    for question in asked:
        everywhere = whatever_it_is_on(question) not in inside
        yield opinion(holder, question, verdicts[question], everywhere=everywhere)


def whatever_it_is_on(question: Question) -> tuple[str, Context]:
    return question.asked.action, question.context


def is_outside(verdict: Verdict | AwsError) -> bool:
    return isinstance(verdict, Verdict) and verdict.by_organization


def opinion(
    holder: Holder,
    question: Question,
    verdict: Verdict | AwsError,
    *,
    everywhere: bool,
) -> Opinion:
    """Judge by what IAM simulated and by the documents: what those certainly deny is
    denied, whatever else is allowed or not known. `everywhere`: the organization
    denies it on each kind of resource in the region.
    """
    action = question.asked.action
    known = dict(question.context | circumstances(holder.arn))
    region = known[REGION]
    asked = RequestContext(*question.asked, {k.lower(): v for k, v in known.items()})
    allowed = isinstance(verdict, Verdict) and verdict.allowed
    cause, unknown = None, "" if allowed else "conditions decide."
    try:
        cause = holder.refusal(asked) if allowed else denial(holder, asked, verdict)
    except AwsError as error:
        unknown = "" if allowed else error.message
    if cause and cause.certain:
        return Opinion(action, region, cause)
    if isinstance(verdict, AwsError):
        why = f"it could not be simulated: {verdict.message}"
        return Opinion(action, region, unknown=why, fix=verdict.hint)
    if verdict.by_organization:
        if action in TAGGED or (action == LAUNCH and not everywhere):
            return Opinion(action, region, unknown=PERHAPS)
        return Opinion(action, region, outside(action, region, holder))
    return Opinion(action, region, unknown=unknown)


def denial(holder: Holder, asked: RequestContext, verdict: Verdict | AwsError) -> Cause:
    """Say what denies it; where IAM does and nothing that is remembered of the policies
    would, as they are now.
    """
    cause = holder.cause(asked)
    simulated = isinstance(verdict, Verdict) and not verdict.by_organization
    if simulated and cause.located is Located.HIGHER_UP and holder.sessions:
        return holder.read_again.cause(asked)
    return cause


def outside(action: str, region: str, holder: Holder) -> Cause:
    """Say that the organization denies it, by IAM's own word."""
    return replace(
        higher_up(action, holder.client.account_id),
        sentence=f"A policy of the organization denies {action} in {region}.",
        certain=True,
    )


def judged(granted: Granted, found: Iterable[Opinion]) -> Result:
    every = list(found)
    for one in every:
        if one.denied:
            where = f"Simulated in {one.region}:"
            return granted.result(Outcome.FAILED, where).because(one.denied)
    unknown = [one for one in every if one.unknown]
    names = {one.action for one in unknown}
    allowed = {one.action for one in every} - names
    sentence = f"Simulated, not called: the policies allow {some(allowed)}."
    if not unknown:
        return granted.result(Outcome.EVALUATED, sentence)
    why = f"Unknown: {some(names)}, because {unknown[0].unknown}"
    if allowed:
        why = f"{why} {sentence}"
    result = granted.result(Outcome.NOT_TESTABLE, why, unknown[0].fix)
    return replace(result, unknown_writes=len(names))


def some(actions: Iterable[str]) -> str:
    named = sorted(set(actions))
    more = len(named) - SOME
    return ", ".join(named[:SOME]) + (f" and {more} more" if more > 0 else "")


def example(resource: str, region: str, account: str) -> str:
    """Name one resource of those that a pattern matches; “*” is a name to IAM."""
    if resource == "*":
        return resource
    found = Arn.of(resource)
    if found.region == "*":
        found = replace(found, region=region)
    if found.account == "*":
        found = replace(found, account=account)
    return str(found).replace("*", "simulated")


def known_context(grant: Grant, region: str, account: str) -> Context:
    """Return for each condition of a grant a value that meets it."""
    return frozenset(
        (key, example(str(as_list(values)[0]), region, account))
        for block in (grant.condition or {}).values()
        for key, values in block.items()
    )
