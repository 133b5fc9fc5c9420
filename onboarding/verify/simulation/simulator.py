"""IAM's simulator: which calls a role or user is allowed, asked in few requests.

IAM throttles simulations more than other reads. One request answers for each of its
actions on each of its resources, and has one context for all of them. What shares a
request is few enough to be answered in time, and no condition key that one question
brings can change the answer to another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError
from onboarding.verify.conditions import Caller, kind_of
from onboarding.verify.conditions import Sent as Context

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import (
        EvaluationResultTypeDef,
        ResourceSpecificResultTypeDef,
    )

MOST_PAIRS = 700
"""Actions times resources of one request: 1,953 outlasted the 15 s of a call."""
FEW_PAIRS = 50
"""What cannot be answered in time, however few are asked: nothing is split further."""
MOST_ITEMS = 1000
"""The most that IAM puts into a page; without it there are 100."""
ALLOWED, EXPLICIT = "allowed", "explicitDeny"
INVALID = ("InvalidInput", "ValidationError")
SIMULATE = "iam:SimulatePrincipalPolicy"
NAMED_APART = re.compile(r"\[([^][]*)\]")
"""“Invalid Input Actions: [a:B,c:D] and [e:F] require different authorization
information.” """


class SimulatedCall(NamedTuple):
    """May it call this action on this resource?"""

    action: str
    resource: str = "*"


class Question(NamedTuple):
    asked: SimulatedCall
    context: Context = frozenset()


class Verdict(NamedTuple):
    allowed: bool
    by_organization: bool = False
    """The organization denies it, whatever the policies of the account say."""
    explicit: bool = False
    """A statement denies it, not just none allows it."""
    missing: frozenset[str] = frozenset()
    """Condition keys, in lower case, that policies look at and IAM was not given."""


Verdicts = Mapping[Question, Verdict | AwsError]
"""AwsError: IAM did not answer the question."""
LooksAt = Callable[[SimulatedCall], frozenset[str] | None]
"""The condition keys, in lower case, that policies look at where this is asked; None:
nobody could read them.
"""


def unread(asked: SimulatedCall) -> frozenset[str] | None:
    return None


def simulate(
    client: AccountClient,
    caller: Caller,
    questions: Iterable[Question],
    looks_at: LooksAt = unread,
) -> dict[Question, Verdict | AwsError]:
    """Ask which of these the caller is allowed, by all policies that IAM knows."""
    requests = list(packed(questions, looks_at))
    made = together(
        partial(
            answers,
            client,
            caller.arn,
            {question.asked for question in request},
            caller.sent.union(*(one.context for one in request)),
        )
        for request in requests
    )
    return {
        question: found[question.asked]
        for request, found in zip(requests, made, strict=True)
        for question in request
    }


@dataclass(frozen=True, slots=True)
class Topic:
    """Questions about one service that are asked in the same context."""

    service: str
    context: Context
    questions: tuple[Question, ...]
    looked_at: frozenset[str] | None
    actions: frozenset[str] = field(init=False)
    resources: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        asked = [question.asked for question in self.questions]
        object.__setattr__(self, "actions", frozenset(one.action for one in asked))
        object.__setattr__(self, "resources", frozenset(one.resource for one in asked))

    @property
    def size(self) -> int:
        return len(self.actions) * len(self.resources)

    def leaves_alone(self, other: Topic) -> bool:
        """Return whether its context cannot change the answers to the other.

        A key of another service never comes with a call, so that only a mistaken policy
        would look at it: the principal's are read, the organization's are not.
        """
        foreign = keys(self.context - other.context)
        if not foreign:
            return True
        own = ("aws:", f"{other.service}:")
        return (
            other.looked_at is not None
            and not foreign & (other.looked_at | keys(other.context))
            and not any(key.startswith(own) for key in foreign)
        )


class Request:
    """Topics that are asked together: each action is judged on each resource."""

    def __init__(self) -> None:
        self.topics: list[Topic] = []
        self.actions, self.resources = frozenset[str](), frozenset[str]()

    @property
    def size(self) -> int:
        return len(self.actions) * len(self.resources)

    def size_with(self, topic: Topic) -> int:
        actions, resources = self.actions | topic.actions, self.resources
        return len(actions) * len(resources | topic.resources)

    def fits(self, topic: Topic) -> bool:
        return self.size_with(topic) <= MOST_PAIRS and all(
            topic.leaves_alone(other) and other.leaves_alone(topic)
            for other in self.topics
        )

    def add(self, topic: Topic) -> None:
        self.topics.append(topic)
        self.actions |= topic.actions
        self.resources |= topic.resources


def packed(
    questions: Iterable[Question], looks_at: LooksAt
) -> Iterator[list[Question]]:
    """Put those into one request that can be asked in one context, in as few requests
    as one of a few orders finds.
    """
    every = list(topics(questions, looks_at))
    for request in min((fitted(sorted(every, key=by)) for by in ORDERS), key=len):
        yield [question for topic in request.topics for question in topic.questions]


def fitted(every: Iterable[Topic]) -> list[Request]:
    """Put each where it adds least to what IAM judges."""
    requests: list[Request] = []
    for topic in every:
        fitting = [request for request in requests if request.fits(topic)]
        if not fitting:
            fitting = [Request()]
            requests += fitting
        min(fitting, key=lambda one: one.size_with(topic) - one.size).add(topic)
    return requests


ORDERS: tuple[Callable[[Topic], tuple[int, int]], ...] = (
    lambda topic: (-len(topic.context), -topic.size),
    lambda topic: (-len(topic.context), -len(topic.resources)),
    lambda topic: (-len(topic.context), 0),
    lambda topic: (0, 0),
)
"""In which topics are put into requests: those whose context keeps others out first,
the largest first, or as they come.
"""


def topics(questions: Iterable[Question], looks_at: LooksAt) -> Iterator[Topic]:
    """Group by context, service and resources: an action that IAM judges on many
    resources isn't asked with others on all of them.
    """
    resources: dict[tuple[Context, str], set[str]] = {}
    for asked, context in questions:
        resources.setdefault((context, asked.action), set()).add(asked.resource)
    actions: dict[tuple[Context, str, frozenset[str]], list[str]] = {}
    for (context, action), some in resources.items():
        key = context, action.partition(":")[0], frozenset(some)
        actions.setdefault(key, []).append(action)

    def order(key: tuple[Context, str, frozenset[str]]) -> tuple[Any, ...]:
        context, service, on = key
        return sorted(context), service, sorted(on)

    for known, service, on in sorted(actions, key=order):
        every = product(sorted(actions[known, service, on]), sorted(on))
        for part in small([SimulatedCall(*one) for one in every]):
            looked_at = [looks_at(asked) for asked in part]
            yield Topic(
                service,
                known,
                tuple(Question(asked, known) for asked in part),
                None
                if None in looked_at
                else frozenset().union(*filter(None, looked_at)),
            )


def small(asked: list[SimulatedCall]) -> Iterator[list[SimulatedCall]]:
    if pairs(asked) <= MOST_PAIRS or len(asked) == 1:
        yield asked
        return
    for half in halves(asked):
        yield from small(half)


def pairs(asked: Iterable[SimulatedCall]) -> int:
    """Count what IAM judges: each action on each resource, asked for or not."""
    every = list(asked)
    return len({one.action for one in every}) * len({one.resource for one in every})


def halves(asked: Collection[SimulatedCall]) -> list[list[SimulatedCall]]:
    """Part them by action, those of one action by resource."""
    every, middle = sorted(asked), len(asked) // 2
    return [half for half in (every[:middle], every[middle:]) if half]


def keys(context: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(key.lower() for key, _ in context)


def answers(
    client: AccountClient,
    principal: str,
    asked: Collection[SimulatedCall],
    context: Context,
) -> dict[SimulatedCall, Verdict | AwsError]:
    """Ask in one request, and again in smaller ones what IAM did not answer so."""
    resources = sorted({one.resource for one in asked})
    again = partial(answers, client, principal, context=context)
    try:
        answer = client.call_all(
            client.iam.simulate_principal_policy,
            f"ask what {principal} is allowed",
            PolicySourceArn=principal,
            ActionNames=sorted({one.action for one in asked}),
            ResourceArns=resources,
            ContextEntries=[
                {
                    "ContextKeyName": key,
                    "ContextKeyValues": [value],
                    "ContextKeyType": kind_of(key).value,
                }
                for key, value in sorted(context)
            ],
            MaxItems=MOST_ITEMS,
        )
    except AwsError as error:
        parts = smaller(asked, error)
        excluded = {*asked}.difference(*parts)
        return dict.fromkeys(excluded, error) | united(
            together(partial(again, part) for part in parts)
        )
    wanted = {lower(one): one for one in asked}
    known = read_decisions(answer["EvaluationResults"], resources, wanted)
    found: dict[SimulatedCall, Verdict | AwsError] = {
        one: known[key] for key, one in wanted.items() if key in known
    }
    left = [one for one in asked if one not in found]
    if len(resources) == 1:
        silent = AwsError(client.account_id, SIMULATE, "It returned no result.")
        return found | dict.fromkeys(left, silent)
    return found | united(together(partial(again, part) for part in by_resource(left)))


def read_decisions(
    results: Iterable[EvaluationResultTypeDef],
    resources: list[str],
    wanted: Container[SimulatedCall],
) -> dict[SimulatedCall, Verdict]:
    """Read the decision on each resource that is wanted: IAM also judges all others.

    The one on an action as a whole counts only where there is one resource. So does
    what the organization decides: where it denies the action on one of many resources,
    nothing is read of any.
    """
    found = {}
    for result in results:
        action = result["EvalActionName"].lower()
        of_each = result.get("ResourceSpecificResults", [])
        within = result.get("OrganizationsDecisionDetail", {})
        outside = not within.get("AllowedByOrganizations", True)
        if len(resources) == 1:
            decisions = {one["EvalResourceDecision"] for one in of_each}
            decisions.add(result["EvalDecision"])
            missing = lowered(result, *of_each)
            allowed = decisions == {ALLOWED} and not outside
            explicit = EXPLICIT in decisions
            verdict = Verdict(allowed, outside, explicit, missing)
            found[SimulatedCall(action, resources[0])] = verdict
        elif not outside:
            for one in of_each:
                if (judged := SimulatedCall(action, one["EvalResourceName"])) in wanted:
                    decision, missing = one["EvalResourceDecision"], lowered(one)
                    found[judged] = Verdict(
                        decision == ALLOWED,
                        explicit=decision == EXPLICIT,
                        missing=missing,
                    )
    return found


def lowered(
    *results: EvaluationResultTypeDef | ResourceSpecificResultTypeDef,
) -> frozenset[str]:
    """Return the keys that IAM names as missing, in lower case."""
    named = (key for one in results for key in one.get("MissingContextValues", []))
    return frozenset(key.lower() for key in named)


def smaller(
    asked: Collection[SimulatedCall], error: AwsError
) -> list[list[SimulatedCall]]:
    """Part what IAM refused as a whole into requests that it may answer; what is in
    none of them, it will not answer.
    """
    if error.code in INVALID:
        if parts := apart(asked, error.message):
            return parts
        named = [one for one in asked if is_named(one, error.message)]
        if 0 < len(named) < len(asked):
            return [[one for one in asked if one not in named]]
        return halves(asked) if len({one.action for one in asked}) > 1 else []
    timed_out = error.retryable and not error.code
    return halves(asked) if timed_out and pairs(asked) > FEW_PAIRS else []


def is_named(asked: SimulatedCall, message: str) -> bool:
    return any(
        re.search(rf"{re.escape(name)}(?![\w*/-])", message)
        for name in asked
        if name != "*"
    )


def lower(asked: SimulatedCall) -> SimulatedCall:
    return asked._replace(action=asked.action.lower())


def apart(asked: Iterable[SimulatedCall], message: str) -> list[list[SimulatedCall]]:
    """Part the actions that IAM does not judge together, as it names them."""
    named = [
        {action.strip().lower() for action in actions.split(",")}
        for actions in NAMED_APART.findall(message)
    ]
    parts = [[one for one in asked if lower(one).action in among] for among in named]
    whole = sorted(one for part in parts for one in part) == sorted(asked)
    parts = [part for part in parts if part]
    return parts if whole and len(parts) > 1 else []


def by_resource(asked: Iterable[SimulatedCall]) -> list[list[SimulatedCall]]:
    parts: dict[str, list[SimulatedCall]] = {}
    for one in asked:
        parts.setdefault(one.resource, []).append(one)
    return list(parts.values())


def united(
    parts: Iterable[dict[SimulatedCall, Verdict | AwsError]],
) -> dict[SimulatedCall, Verdict | AwsError]:
    return {asked: verdict for part in parts for asked, verdict in part.items()}
