"""What Spinnaker may change, by IAM's simulator: writes are never tried.

The simulator is one opinion, the documents another. A write is denied where a document
or the organization certainly denies it. It is unknown where a condition decides on what
only the call shows, whatever the simulator says of it. Where the simulator doesn't
answer, the documents decide; where it allows too little, as one does that knows no
conditions, Bowline's own policies do, and nothing that others wrote. It isn't believed
that the organization denies a write, where it says the same of a read that AWS just
answered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import NamedTuple

from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.grants import Access, Grant
from onboarding.names import some
from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.resources.policy import as_list
from onboarding.topology import Managed, Managing
from onboarding.verify.conditions import (
    ORGANIZATION_KEYS,
    REGION,
    Caller,
    known_of_call,
    sent_with,
    value_of,
)
from onboarding.verify.conditions import Sent as Context
from onboarding.verify.denial import Holder, higher_up
from onboarding.verify.policy_evaluation import RequestContext, keys_looked_at
from onboarding.verify.result import Cause, Located, Result, lower_first
from onboarding.verify.simulation.named import Named, Subnet
from onboarding.verify.simulation.simulator import (
    SIMULATE,
    Question,
    SimulatedCall,
    Verdict,
    Verdicts,
    simulate,
)

CHANGES = (Access.WRITE, Access.PASS_ROLE)
SOME = 3
"""The most reasons that are named; the rest are counted."""
TAGGED = frozenset(
    {
        "autoscaling:CreateAutoScalingGroup",
        "autoscaling:CreateOrUpdateTags",
        "cloudformation:TagResource",
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "ecs:CreateService",
        "ecs:RegisterTaskDefinition",
        "ecs:TagResource",
        "lambda:CreateFunction",
        "lambda:TagResource",
    }
)
"""Calls about tags that only a deployment knows: an organization that denies them may
only require some.
"""
LAUNCH = "ec2:RunInstances"
CREATE_LOAD_BALANCER = "elasticloadbalancing:CreateLoadBalancer"
SCHEME = "elasticloadbalancing:Scheme"
SCHEMES = ("internal", "internet-facing")
"""Of which a deployment chooses one."""
PERHAPS = (
    "a policy of the organization denies it, perhaps only without tags "
    "(aws:RequestTag, aws:TagKeys) or with what a deployment chooses "
    "(ec2:InstanceType, ec2:Encrypted, ec2:MetadataHttpTokens)."
)
LOOKS_AT = (
    "a policy of the organization denies it where it doesn't know {}, which only the "
    "call itself shows."
)
UNREAD = "a policy of the organization denies it, perhaps because of {}: {}."
NO_ORGANIZATION = "Bowline may not read to which organization the account belongs"
DESCRIBE = "Allow organizations:DescribeOrganization to Bowline's access role."
CONTRADICTED = (
    "IAM's simulator denies it, and no policy that Bowline can read does: verify again."
)
DISPROVED = "it says that the organization denies {}, too, which AWS just answered"
NO_CONDITIONS = "it doesn't know their conditions"


class Answered(NamedTuple):
    """A read that AWS just answered to the role itself."""

    action: str
    region: str


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


def conditions_of(changes: Iterable[Granted]) -> frozenset[str]:
    return frozenset(
        key.lower()
        for granted in changes
        for grant in granted.grants
        for block in (grant.condition or {}).values()
        for key in block
    )


def simulated_writes(
    holder: Holder,
    managing: Managing,
    managed: Managed,
    *,
    organization: Callable[[], str | None],
    subnets: Iterable[Subnet] = (),
    answered: Iterable[Answered] = (),
) -> Iterator[Result]:
    """Yield one result for each purpose of each provider.

    `organization` returns to which the account belongs; empty: to none; None: it could
    not be read. `subnets`: those that Spinnaker offers there. `answered`: the reads by
    which the simulator is tried.
    """
    changes = [*granted_changes(managing, managed)]
    if not changes:
        return
    caller = holder.caller(managed.session_name, organization())
    named = Named.of(managing, managed, subnets)
    regions = managed.regions or (managing.aws.home_region,)
    asked = [
        (
            granted,
            [
                question
                for grant in granted.grants
                for region in regions
                for question in questions_of(grant, region, caller, named)
            ],
        )
        for granted in changes
    ]
    about = Asking(holder, caller, named, conditions_of(changes), tuple(answered))
    verdicts = about.answers([q for _, questions in asked for q in questions])
    for granted, questions in asked:
        yield judged(granted, opinions(about, questions, verdicts))


def questions_of(
    grant: Grant, region: str, caller: Caller, named: Named
) -> Iterator[Question]:
    """Ask for each action on each kind of resource that AWS judges it on."""
    granted = known_context(grant, region, caller.account)
    for action in grant.actions:
        for pattern in grant.judged_on or grant.resources:
            representative = example(pattern, region, caller.account)
            for resource in named.fitting(pattern, region) or [representative]:
                known = sent_with(action, resource, region, caller)
                yield Question(SimulatedCall(action, resource), granted | known)


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose writes are asked about, and what is known of them."""

    holder: Holder
    caller: Caller
    named: Named = field(default_factory=Named)
    granted: frozenset[str] = frozenset()
    """The condition keys of Bowline's own policies, in lower case."""
    answered: tuple[Answered, ...] = ()

    def answers(self, questions: list[Question]) -> Verdicts:
        """Ask IAM's simulator; where the organization denies a write, and that is to be
        believed, once more with what is known of it, or may be.
        """
        verdicts = self.tried(self.ask(questions))
        again = {
            question: [question._replace(context=one) for one in self.more(question)]
            for question in questions
            if is_outside(verdicts[question])
        }
        known = self.ask(second for asked in again.values() for second in asked)
        return verdicts | {
            first: either(verdicts[first], [known[second] for second in asked])
            for first, asked in again.items()
            if asked
        }

    def ask(self, questions: Iterable[Question]) -> dict[Question, Verdict | AwsError]:
        return simulate(
            self.holder.client, self.caller, questions, partial(looks_at, self.holder)
        )

    def tried(
        self, verdicts: dict[Question, Verdict | AwsError]
    ) -> dict[Question, Verdict | AwsError]:
        """Take back that the organization denies a write, where the simulator says so
        of a read that AWS answered, too.
        """
        controls = {
            question: control
            for question, verdict in verdicts.items()
            if is_outside(verdict) and (control := self.control(question))
        }
        found = self.ask({*controls.values()})
        account = self.holder.client.account_id
        return verdicts | {
            question: AwsError(
                account, SIMULATE, DISPROVED.format(control.asked.action)
            )
            for question, control in controls.items()
            if is_outside(found[control])
        }

    def control(self, question: Question) -> Question | None:
        """Return a read in its Region, of its service if there is one; None where AWS
        answered none.
        """
        action, region = where_it_is(question)
        there = [one.action for one in self.answered if one.region == region]
        service = action.partition(":")[0]
        alike = [one for one in there if one.partition(":")[0] == service]
        for read in alike or there:
            known = sent_with(read, "*", region, self.caller)
            return Question(SimulatedCall(read), known)
        return None

    def more(self, question: Question) -> list[Context]:
        """Return the contexts in which it may be allowed by the organization."""
        if subnet := self.subnet(question):
            return [question.context | subnet.sent]
        if question.asked.action == CREATE_LOAD_BALANCER:
            return [question.context | {(SCHEME, one)} for one in SCHEMES]
        return []

    def subnet(self, question: Question) -> Subnet | None:
        return self.named.subnets.get(question.asked.resource)

    def unknown_keys(self, keys: Iterable[str]) -> list[str]:
        """Return those of which nothing is known of the caller."""
        known = self.caller.known
        return [key for key in keys if not value_of(known, key)[0]]

    def request(self, question: Question) -> RequestContext:
        """Return the call as the documents are read for it."""
        action, resource = question.asked
        known = known_of_call(self.caller, resource, question.context)
        subnet = self.subnet(question)
        return RequestContext(
            action, resource, {**known, **(subnet.known if subnet else {})}
        )


def either(
    first: Verdict | AwsError, more: list[Verdict | AwsError]
) -> Verdict | AwsError:
    """Return what is said in all of the contexts; where that differs, what was said
    first, which then looks at what a deployment chooses.
    """
    if len({is_outside(one) for one in more}) == 1 or isinstance(first, AwsError):
        return more[0]
    return first._replace(missing=first.missing | {SCHEME.lower()})


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
    read: str = ""
    """Why only the documents say that it is allowed."""
    subnet: str = ""
    """The ARN of the subnet that it is about."""


def opinions(
    about: Asking, questions: Iterable[Question], verdicts: Verdicts
) -> Iterator[Opinion]:
    asked = list(questions)
    inside = {where_it_is(q) for q in asked if not is_outside(verdicts[q])}
    found = [
        opinion(about, q, verdicts[q], everywhere=where_it_is(q) not in inside)
        for q in asked
    ]
    open_in = {(o.action, o.region) for o in found if o.subnet and not o.denied}
    for one in found:
        if one.denied and one.subnet and (one.action, one.region) in open_in:
            yield in_one_subnet(one, one.denied)
        else:
            yield one


def in_one_subnet(opinion: Opinion, denied: Cause) -> Opinion:
    """Say that it depends on the subnet that a deployment chooses."""
    name = Arn.of(opinion.subnet).name
    why = f"it is denied in {name}, and not in all subnets. {denied.sentence}"
    return replace(opinion, denied=None, unknown=why, fix=denied.fix)


def where_it_is(question: Question) -> tuple[str, str]:
    return question.asked.action, dict(question.context)[REGION]


def is_outside(verdict: Verdict | AwsError) -> bool:
    return isinstance(verdict, Verdict) and verdict.by_organization


def opinion(
    about: Asking,
    question: Question,
    verdict: Verdict | AwsError,
    *,
    everywhere: bool,
) -> Opinion:
    """Judge by what IAM simulated and by the documents: what those certainly deny is
    denied, whatever else is allowed or not known. `everywhere`: the organization
    denies it on each kind of resource in the region.
    """
    holder, asked = about.holder, about.request(question)
    subnet = question.asked.resource if about.subnet(question) else ""
    blank = Opinion(*where_it_is(question), subnet=subnet)
    allowed = isinstance(verdict, Verdict) and verdict.allowed
    try:
        if allowed:
            cause = holder.refusal(asked) or holder.doubt(asked)
        else:
            cause = denial(holder, asked, verdict)
    except AwsError as error:
        return unread(about, blank, verdict, error, everywhere=everywhere)
    if cause and cause.certain:
        return replace(blank, denied=cause)
    if isinstance(verdict, Verdict) and verdict.by_organization:
        return outside(about, blank, verdict, keys_of(holder), everywhere=everywhere)
    if cause and cause.located is not Located.HIGHER_UP:
        return replace(blank, unknown=lower_first(cause.sentence), fix=cause.fix)
    if isinstance(verdict, AwsError):
        return replace(blank, read=verdict.message)
    if allowed:
        return blank
    if verdict.explicit or not holder.allows_by_own(asked):
        return replace(blank, unknown=CONTRADICTED)
    return replace(blank, read=NO_CONDITIONS)


def unread(
    about: Asking,
    blank: Opinion,
    verdict: Verdict | AwsError,
    error: AwsError,
    *,
    everywhere: bool,
) -> Opinion:
    """Judge by the simulator alone, as the documents could not be read."""
    if isinstance(verdict, AwsError):
        why = f"it could not be simulated: {verdict.message}"
        return replace(blank, unknown=why, fix=verdict.hint)
    if verdict.by_organization:
        return outside(about, blank, verdict, about.granted, everywhere=everywhere)
    if not verdict.allowed:
        return replace(blank, unknown=error.message, fix=error.hint)
    if missing := about.unknown_keys(verdict.missing - about.granted):
        why = f"a policy looks at {listed(missing)}. {error.message}"
        return replace(blank, unknown=why, fix=error.hint)
    return blank


def listed(keys: Iterable[str]) -> str:
    return ", ".join(sorted(keys))


def keys_of(holder: Holder) -> frozenset[str]:
    """Return the condition keys, in lower case, of all that says what it may do: IAM
    names those as missing with every question, whatever statement they are in.
    """
    documents = filter(None, [*holder.documents, holder.boundary])
    return frozenset[str]().union(*(one.keys for one in documents))


def denial(holder: Holder, asked: RequestContext, verdict: Verdict | AwsError) -> Cause:
    """Say what denies it; where IAM does and nothing that is remembered of the policies
    would, as they are now.
    """
    cause = holder.cause(asked)
    simulated = isinstance(verdict, Verdict) and not verdict.by_organization
    if simulated and cause.located is Located.HIGHER_UP and holder.sessions:
        return holder.read_again.cause(asked)
    return cause


def outside(
    about: Asking,
    blank: Opinion,
    verdict: Verdict,
    looked_at: Iterable[str],
    *,
    everywhere: bool,
) -> Opinion:
    """Say that the organization denies it, by IAM's own word; or that it may, where its
    policies look at a key that IAM was not given. `looked_at`: keys of other policies.
    """
    if missing := about.unknown_keys(verdict.missing.difference(looked_at)):
        return replace(blank, unknown=LOOKS_AT.format(listed(missing)))
    if about.caller.organization is None:
        keys = " or ".join(ORGANIZATION_KEYS)
        why = UNREAD.format(keys, NO_ORGANIZATION)
        return replace(blank, unknown=why, fix=DESCRIBE)
    if blank.action in TAGGED or (
        blank.action == LAUNCH and not everywhere and not blank.subnet
    ):
        return replace(blank, unknown=PERHAPS)
    denied = replace(
        higher_up(blank.action, about.holder.client.account_id),
        sentence=f"A policy of the organization denies {blank.action} in "
        f"{blank.region}.",
        certain=True,
    )
    return replace(blank, denied=denied)


def judged(granted: Granted, found: Iterable[Opinion]) -> Result:
    every = list(found)
    for one in every:
        if one.denied:
            where = f"Simulated in {one.region}:"
            return granted.result(Outcome.FAILED, where).because(one.denied)
    unknown = [one for one in every if one.unknown]
    names = {one.action for one in unknown}
    allowed = {one.action for one in every} - names
    sentence = allowing([one for one in every if one.action in allowed])
    if not unknown:
        return granted.result(Outcome.EVALUATED, sentence)
    why = f"Unknown: {some(sorted(names))}, because {reasons(unknown)}"
    if allowed:
        why = f"{why} {sentence}"
    result = granted.result(Outcome.NOT_TESTABLE, why, unknown[0].fix)
    return replace(result, unknown_writes=len(names))


def allowing(found: Iterable[Opinion]) -> str:
    """Say what is allowed, and by whose word."""
    every = list(found)
    read = {one.action: one.read for one in every if one.read}
    simulated = {one.action for one in every} - read.keys()
    parts = []
    if simulated:
        parts.append(
            f"Simulated, not called: the policies allow {some(sorted(simulated))}."
        )
    if read:
        why = next(iter(read.values())).rstrip(".")
        parts.append(
            f"Read, not called: the role's policies allow {some(sorted(read))}. IAM's "
            f"simulator didn't say so ({why}), and what the organization denies isn't "
            "known."
        )
    return " ".join(parts)


def reasons(unknown: Iterable[Opinion]) -> str:
    """Say why each action is unknown, a few reasons at most."""
    by_reason: dict[str, set[str]] = {}
    for one in unknown:
        by_reason.setdefault(one.unknown, set()).add(one.action)
    if len(by_reason) == 1:
        return next(iter(by_reason))
    said = [
        f"{some(sorted(names))}: {why}" for why, names in [*by_reason.items()][:SOME]
    ]
    more = len(by_reason) - SOME
    return " ".join([*said, *([f"And {more} more reasons."] if more > 0 else [])])


def example(resource: str, region: str, account: str) -> str:
    """Name one resource of those that a pattern matches; “*” is a name to IAM."""
    if resource == "*":
        return resource
    found = Arn.of(resource)
    if not found.partition:  # such as kms:ViaService: lambda.*.amazonaws.com
        return resource.replace("*", region)
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
