"""IAM's simulator: which calls a role or user is allowed, asked in few requests.

IAM throttles simulations more than other reads. One request answers for each of its
actions on each of its resources, and has one context for all of them. A condition key
that one question brings could change the answer to another: they share a request only
where IAM has said that no policy looks at the other's keys.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import AwsError

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import EvaluationResultTypeDef

MOST_ITEMS = 1000
"""The most that IAM puts into a page; without it there are 100."""
ALLOWED, INVALID = "allowed", "InvalidInput"
NAMED_APART = re.compile(r"\[([^]]*)\]")
"""“Invalid Input Actions: [a:B,c:D] and [e:F] require different authorization
information.” """


class Asked(NamedTuple):
    """May it call this action on this resource?"""

    action: str
    resource: str = "*"


Context = frozenset[tuple[str, str]]
"""Condition keys with their values."""


class Question(NamedTuple):
    asked: Asked
    context: Context = frozenset()


class Verdict(NamedTuple):
    allowed: bool
    missing: frozenset[str] = frozenset()
    """The condition keys that policies look at and that were not given, in lower case.
    """


Verdicts = Mapping[Asked, Verdict | AwsError]
"""AwsError: IAM finds the question invalid."""


def simulate(
    client: AccountClient, principal: str, questions: Iterable[Question]
) -> dict[Question, Verdict | AwsError]:
    """Ask which of these the principal's policies allow; raise AwsError where IAM
    answers nothing.

    1. All without a context, also what has one: IAM names the keys that are missing.
    2. What has a context, those together that do not change each other's answers.
    """
    every = list(dict.fromkeys(questions))
    under_conditions = [question for question in every if question.context]
    contexts = {question.context for question in under_conditions}
    first = every if len(contexts) > 1 else [q for q in every if not q.context]
    plain: Verdicts = {}
    if first:
        plain = answers(client, principal, {q.asked for q in first}, frozenset())
    groups = grouped(under_conditions, plain)
    made = together(
        partial(answers, client, principal, {q.asked for q in group}, merged(group))
        for group in groups
    )
    verdicts = {q: plain[q.asked] for q in every if not q.context}
    for group, found in zip(groups, made, strict=True):
        verdicts |= {question: found[question.asked] for question in group}
    return verdicts


def grouped(questions: Iterable[Question], plain: Verdicts) -> list[list[Question]]:
    """Put those together that can be asked in one context."""
    groups: list[list[Question]] = []
    for question in questions:
        for group in groups:
            if all(
                leaves_alone(question, other, plain)
                and leaves_alone(other, question, plain)
                for other in group
            ):
                group.append(question)
                break
        else:
            groups.append([question])
    return groups


def leaves_alone(question: Question, other: Question, plain: Verdicts) -> bool:
    """Return whether the question's context cannot change the answer to the other.

    What IAM says of missing keys counts only where it has named the other's own.
    """
    if question.context == other.context:
        return True
    verdict = plain.get(other.asked)
    if not isinstance(verdict, Verdict) or not keys(other.context) <= verdict.missing:
        return False
    foreign = keys(question.context - other.context)
    return not foreign & verdict.missing


def keys(context: Context) -> frozenset[str]:
    return frozenset(key.lower() for key, _ in context)


def merged(group: Iterable[Question]) -> Context:
    return frozenset().union(*(question.context for question in group))


def answers(
    client: AccountClient,
    principal: str,
    asked: Collection[Asked],
    context: Context,
) -> dict[Asked, Verdict | AwsError]:
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
                    "ContextKeyType": "string",
                }
                for key, value in sorted(context)
            ],
            MaxItems=MOST_ITEMS,
        )
    except AwsError as error:
        if error.code != INVALID:
            raise
        parts = apart(asked, error.message) or by_resource(asked)
        if len(parts) == 1:
            return dict.fromkeys(asked, error)
        return united(together(partial(again, part) for part in parts))
    wanted = {lower(one): one for one in asked}
    known = read(answer["EvaluationResults"], resources, wanted)
    found: dict[Asked, Verdict | AwsError] = {
        one: known[key] for key, one in wanted.items() if key in known
    }
    left = [one for one in asked if one not in found]
    if len(resources) == 1:
        return found | dict.fromkeys(left, Verdict(allowed=False))
    parts = by_resource(left)
    return found | united(together(partial(again, part) for part in parts))


def read(
    results: Iterable[EvaluationResultTypeDef],
    resources: list[str],
    wanted: Container[Asked],
) -> dict[Asked, Verdict]:
    """Read the decision on each resource that is wanted: IAM also judges all others.
    The one on an action as a whole counts only where there is one resource, and where
    the organization denies the action.
    """
    found = {}
    for result in results:
        action = result["EvalActionName"].lower()
        of_each = result.get("ResourceSpecificResults", [])
        within = result.get("OrganizationsDecisionDetail", {})
        denied = not within.get("AllowedByOrganizations", True)
        for one in of_each:
            if (judged := Asked(action, one["EvalResourceName"])) in wanted:
                allowed = one["EvalResourceDecision"] == ALLOWED and not denied
                found[judged] = Verdict(allowed, missing(one))
        if len(resources) == 1:
            decisions = {one["EvalResourceDecision"] for one in of_each}
            allowed = decisions | {result["EvalDecision"]} == {ALLOWED} and not denied
            known = missing(result).union(*map(missing, of_each))
            found[Asked(action, resources[0])] = Verdict(allowed, known)
    return found


def missing(result: Any) -> frozenset[str]:
    return frozenset(key.lower() for key in result.get("MissingContextValues", []))


def lower(asked: Asked) -> Asked:
    return asked._replace(action=asked.action.lower())


def apart(asked: Iterable[Asked], message: str) -> list[list[Asked]]:
    """Part the actions that IAM does not judge together, as it names them."""
    named = [
        {action.strip().lower() for action in actions.split(",")}
        for actions in NAMED_APART.findall(message)
    ]
    parts = [[one for one in asked if lower(one).action in among] for among in named]
    whole = sorted(one for part in parts for one in part) == sorted(asked)
    return [part for part in parts if part] if whole else []


def by_resource(asked: Iterable[Asked]) -> list[list[Asked]]:
    parts: dict[str, list[Asked]] = {}
    for one in asked:
        parts.setdefault(one.resource, []).append(one)
    return list(parts.values())


def united(
    parts: Iterable[dict[Asked, Verdict | AwsError]],
) -> dict[Asked, Verdict | AwsError]:
    return {asked: verdict for part in parts for asked, verdict in part.items()}
