"""The policies that a role or user holds, and whether they speak of one call."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from operator import or_
from typing import Any, NamedTuple

from onboarding.asked_once import asked_once
from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.bounded_cpu import go_on
from onboarding.checks import Call
from onboarding.partitions import Arn
from onboarding.resources.policy import as_list
from onboarding.resources.wildcards import Texts, matches
from onboarding.verify.conditions import (
    COMPARISONS,
    VARIABLE,
    Caller,
    Context,
    all_of,
    any_of,
    filled,
    negated,
    value_of,
)
from onboarding.verify.result import Path


@dataclass
class HeldPolicies:
    """A role or user whose policies are read once, when they are first needed."""

    client: AccountClient
    arn: str
    own_path: str
    """The path of Bowline's policies for this holder."""
    writes: bool = True
    """False: the owner of the account makes it, and Bowline changes nothing."""
    sessions: Sessions | None = None
    """What has just been read of the account; None: all of it is read."""

    @property
    def kind(self) -> str:
        return Arn.of(self.arn).kind

    @property
    def name(self) -> str:
        return Arn.of(self.arn).name

    @property
    def title(self) -> str:
        return f"{self.kind} {self.name} in account {self.client.account_id}"

    @property
    def by_name(self) -> dict[str, str]:
        return {f"{self.kind.title()}Name": self.name}

    def caller(self, session_name: str = "", organization: str | None = None) -> Caller:
        """Return it as who calls, with what may be read of it."""
        try:
            described = self.description or {}
        except AwsError:
            return Caller(self.arn, session_name, organization=organization)
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", ())}
        unique_id = described.get(f"{self.kind.title()}Id", "")
        return Caller(self.arn, session_name, unique_id, tags, organization)

    def read(self, ask: Callable[..., Any], name: str, doing: str, **given: Any) -> Any:
        """Ask IAM by an operation, in whose name {} is role or user, unless it has just
        answered that.
        """
        operation, account = name.format(self.kind), self.client.account_id
        if self.sessions:
            call = Call.iam(operation, **given)
            if known := self.sessions.handed_on.answered(account, call):
                return known
        return ask(self.client.operation("iam", operation), doing, **given)

    @asked_once
    def description(self) -> dict[str, Any] | None:
        """Return what IAM knows of it; None where it does not exist."""
        doing = f"read the {self.kind} {self.name}"
        answer = self.read(self.client.find, "get_{}", doing, **self.by_name)
        return answer[self.kind.title()] if answer else None

    @asked_once
    def attached(self) -> list[dict[str, str]]:
        doing = f"list the policies of {self.kind} {self.name}"
        name = "list_attached_{}_policies"
        answer = self.read(self.client.call_all, name, doing, **self.by_name)
        found: list[dict[str, str]] = answer["AttachedPolicies"]
        return found

    @asked_once
    def inline(self) -> list[str]:
        doing = f"list the inline policies of {self.kind} {self.name}"
        name = "list_{}_policies"
        answer = self.read(self.client.call_all, name, doing, **self.by_name)
        names: list[str] = answer["PolicyNames"]
        return names

    @asked_once
    def documents(self) -> list[Document]:
        return [*self.attached_documents(), *self.inline_documents()]

    def attached_documents(self) -> Iterator[Document]:
        for policy in self.attached:
            yield self.managed_policy(policy["PolicyName"], policy["PolicyArn"])

    def inline_documents(self) -> Iterator[Document]:
        for name in self.inline:
            answer = self.read(
                self.client.call,
                "get_{}_policy",
                f"read inline policy {name} of {self.kind} {self.name}",
                PolicyName=name,
                **self.by_name,
            )
            yield Document(name, answer["PolicyDocument"])

    def managed_policy(self, name: str, arn: str) -> Document:
        if self.sessions and (known := self.sessions.documents.lately(arn)):
            return Document(name, known.document, arn)
        doing = f"read policy {name}"
        iam = self.client.iam
        policy = self.client.call(iam.get_policy, doing, PolicyArn=arn)["Policy"]
        answer = self.client.call(
            iam.get_policy_version,
            doing,
            PolicyArn=arn,
            VersionId=policy["DefaultVersionId"],
        )
        return Document(name, parsed(answer["PolicyVersion"]["Document"]), arn)

    @asked_once
    def boundary(self) -> Document | None:
        described = self.description or {}
        arn = described.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
        return self.managed_policy(Arn.of(arn).name, arn) if arn else None

    @asked_once
    def loose(self) -> list[Document]:
        """List Bowline's policies for it that exist but are not attached to it."""
        doing = f"list the policies under {self.own_path}"
        answer = self.client.call_all(
            self.client.iam.list_policies,
            doing,
            Scope="Local",
            PathPrefix=self.own_path,
        )
        attached = {policy["PolicyArn"] for policy in self.attached}
        return [
            self.managed_policy(policy["PolicyName"], policy["Arn"])
            for policy in answer["Policies"]
            if policy["Arn"] not in attached
        ]


@dataclass(frozen=True, slots=True)
class RequestContext:
    """One call: what is done to what, and what is known of its circumstances."""

    action: str
    resource: str = "*"
    context: Context = field(default_factory=dict)

    @property
    def service(self) -> str:
        """Return whose keys it has; roles are assumed with those of others, too."""
        service = self.action.partition(":")[0].lower()
        return "" if service == "sts" else service

    def value_of(self, key: str | int) -> str | None:
        return value_of(self.context, str(key), self.service)[1]


class Names:
    """The patterns of action names in a statement, prepared to be compared with many
    names, in any case of letters.
    """

    def __init__(self, patterns: Iterable[str], *, negated: bool) -> None:
        self.negated = negated
        self.exact, beginnings = set[str](), []
        self.others: list[str] = []
        for pattern in {pattern.lower() for pattern in patterns}:
            beginning = pattern.removesuffix("*")
            if "*" in beginning or "?" in pattern:
                self.others.append(pattern)
            elif beginning == pattern:
                self.exact.add(pattern)
            else:
                beginnings.append(beginning)
        self.beginnings = tuple(beginnings)

    def has(self, action: str) -> bool:
        """Return whether they name an action, which is in lower case."""
        found = (
            action in self.exact
            or action.startswith(self.beginnings)
            or any(matches(action, pattern) for pattern in self.others)
        )
        return found is not self.negated


@lru_cache(maxsize=512)
def names(patterns: frozenset[str], *, negated: bool) -> Names:
    """Prepare them once in a process: accounts have the same actions in their policies,
    and differ in resources and conditions.
    """
    return Names(patterns, negated=negated)


class Statement:
    """A statement of a policy, prepared to be asked about many calls."""

    __slots__ = ("actions", "content", "keys")

    def __init__(self, content: Mapping[str, Any]) -> None:
        self.content = content
        part = "Action" if "Action" in content else "NotAction"
        patterns = frozenset(map(str, as_list(content[part])))
        self.actions = names(patterns, negated=part == "NotAction")
        self.keys = keys_of(content)

    def is_on(self, resource: str, context: Context) -> bool | None:
        """Return whether it is about the resource; None where a variable decides."""
        part = "Resource" if "Resource" in self.content else "NotResource"
        named = any_of(
            fits_filled(resource, str(pattern), context)
            for pattern in as_list(self.content[part])
        )
        return named if part == "Resource" else negated(named)

    def speaks(self, asked: RequestContext) -> bool | None:
        """Return whether an identity's statement, which names the action, is about the
        call.
        """
        go_on()
        about = self.is_on(asked.resource, asked.context)
        if about is False:
            return False
        return all_of((about, are_met(self.content, asked.context, asked.service)))


@dataclass(frozen=True)
class Document:
    """A policy as it exists, with the name by which people find it."""

    name: str
    content: Mapping[str, Any]
    arn: str = ""
    """Empty: an inline policy."""
    by_action: dict[str, list[tuple[int, Statement]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    """What was asked before."""

    @property
    def statements(self) -> list[dict[str, Any]]:
        return as_list(self.content["Statement"])

    @asked_once
    def prepared(self) -> list[Statement]:
        """Its statements, prepared once."""
        return [Statement(content) for content in self.statements]

    def naming(self, action: str) -> list[tuple[int, Statement]]:
        """Return those that name an action, which is in lower case, by their number."""
        if action not in self.by_action:
            self.by_action[action] = [
                (number, statement)
                for number, statement in enumerate(self.prepared)
                if statement.actions.has(action)
            ]
        return self.by_action[action]

    @asked_once
    def keys(self) -> frozenset[str]:
        """The condition keys, in lower case, that it looks at."""
        return frozenset().union(*(one.keys for one in self.prepared))

    @property
    def shown(self) -> dict[str, Any]:
        """Return it with `Statement` as a list, so that a path into it always holds."""
        return {**self.content, "Statement": self.statements}


class FoundStatement(NamedTuple):
    """The statement that speaks of the call; uncertain where a condition decides."""

    document: Document
    number: int
    certain: bool

    @property
    def statement(self) -> dict[str, Any]:
        return self.document.statements[self.number]

    @property
    def place(self) -> str:
        """Name it within its document, as a sentence begins with it."""
        if sid := self.statement.get("Sid"):
            return f"The statement “{sid}”"
        return f"Statement {self.number + 1}"


def find_statement(
    documents: Iterable[Document], effect: str, asked: RequestContext
) -> FoundStatement | None:
    """Find a statement of this effect on the call; a certain one, if there is one."""
    unsure, action = None, asked.action.lower()
    for document in documents:
        for number, statement in document.naming(action):
            if statement.content["Effect"] != effect:
                continue
            match statement.speaks(asked):
                case True:
                    return FoundStatement(document, number, certain=True)
                case None:
                    unsure = unsure or FoundStatement(document, number, certain=False)
    return unsure


def are_met(
    statement: Mapping[str, Any], context: Context, service: str = ""
) -> bool | None:
    return all_of(met for _, met in conditions(statement, context, service))


def fits_filled(resource: str, pattern: str, context: Context) -> bool | None:
    wanted, certain = filled(pattern, context)
    if wanted is None or not matches(resource, wanted):
        return False
    return True if certain else None


def keys_of(statement: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys, in lower case, of its conditions and of its variables."""
    found = {str(path[-1]) for path, _ in conditions(statement, {})}
    parts = [statement.get(part) for part in ("Condition", "Resource", "NotResource")]
    for variable in VARIABLE.findall(json.dumps(parts)):
        found.add(variable.partition(",")[0].strip())
    return frozenset(key.lower() for key in found)


def keys_looked_at(
    documents: Iterable[Document], action: str, resource: str
) -> frozenset[str]:
    """Return the keys, in lower case, on which it depends what they say of a call."""
    named = action.lower()
    return frozenset[str]().union(
        *(
            one.keys
            for document in documents
            for _, one in document.naming(named)
            if one.is_on(resource, {}) is not False
        )
    )


def resources_of(statement: Mapping[str, Any], known: Texts) -> int:
    """Return the set of those that the statement is about."""
    part = "Resource" if "Resource" in statement else "NotResource"
    found = reduce(or_, map(known.matching, as_list(statement[part])), 0)
    return found if part == "Resource" else known.every & ~found


def conditions(
    statement: Mapping[str, Any], context: Context, service: str = ""
) -> Iterator[tuple[Path, bool | None]]:
    """Yield the path to each condition of a statement, and whether it is met."""
    for operator, block in statement.get("Condition", {}).items():
        for key, values in block.items():
            met, (is_known, known) = None, value_of(context, key, service)
            if is_known:
                wanted = [filled(str(v), context, service) for v in as_list(values)]
                met = is_met(operator, known, wanted)
            yield ("Condition", operator, key), met


def is_met(
    operator: str, known: str | None, wanted: list[tuple[str | None, bool]]
) -> bool | None:
    """Return whether a condition is met, by its values with their variables filled."""
    if operator == "Null":
        return str(known is None).lower() in [str(text).lower() for text, _ in wanted]
    plain = operator.removesuffix("IfExists")
    if known is None:
        return plain != operator or may_be_missing(operator)
    plain = plain.partition(":")[2] or plain
    compare = COMPARISONS.get(plain.replace("Not", ""))
    if compare is None:
        return None
    met = any_of(
        False if text is None else compare(known, text) if certain else None
        for text, certain in wanted
    )
    return negated(met) if "Not" in plain else met


def may_be_missing(operator: str) -> bool:
    """Return whether a key that is missing meets the condition, as AWS documents it."""
    if operator.startswith("ForAnyValue:"):
        return False
    return operator.startswith("ForAllValues:") or "Not" in operator


def asked_for(operator: str | int, values: Any) -> str:
    """Say what a condition wants its key to be."""
    if operator == "Null":
        return "there" if str(as_list(values)[0]).lower() == "false" else "missing"
    return f"“{' or '.join(map(str, as_list(values)))}”"


def path_to(statement: Mapping[str, Any], part: str, value: str) -> Path:
    """Lead to the pattern of a part that matches the value, or to the part itself."""
    if part not in statement:
        return (f"Not{part}",)
    if isinstance(statement[part], list):
        for number, pattern in enumerate(statement[part]):
            if matches(value.lower(), str(pattern).lower()):
                return (part, number)
    return (part,)
