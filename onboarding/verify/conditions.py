"""What is known of Spinnaker's calls before they are made, condition key by
key, and compared with what a policy wants.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial

from onboarding.asked_once import asked_once
from onboarding.partitions import Arn
from onboarding.resources.wildcards import arn_matches, matches

REGION = "aws:RequestedRegion"
"""IAM does not take the region of the endpoint for it, nor does it name it as missing
where only a policy of the organization looks at it.
"""
RESOURCE_ACCOUNT, RESOURCE_ORGANIZATION = "aws:ResourceAccount", "aws:ResourceOrgID"
PRINCIPAL_TAG = "aws:PrincipalTag"
ORGANIZATION_KEYS = ("aws:PrincipalOrgID", RESOURCE_ORGANIZATION)
Sent = frozenset[tuple[str, str]]
"""Condition keys with their values."""


class Kind(StrEnum):
    """The types of IAM's simulator."""

    STRING = "string"
    STRINGS = "stringList"
    BOOLEAN = "boolean"
    DATE = "date"
    NUMBER = "numeric"


@dataclass(frozen=True)
class Caller:
    """Who calls, as what, and when."""

    arn: str
    """The role's or user's own, never a session's."""
    session_name: str = ""
    """Empty: it is not known."""
    unique_id: str = ""
    """IAM's own id of it; empty: it could not be read."""
    tags: Mapping[str, str] | None = None
    """None: they could not be read."""
    organization: str | None = None
    """To which its account belongs: empty: to none; None: it could not be read."""
    at: datetime = field(default_factory=partial(datetime.now, UTC))

    @property
    def account(self) -> str:
        return Arn.of(self.arn).account

    @property
    def is_role(self) -> bool:
        return Arn.of(self.arn).kind == "role"

    @asked_once
    def known(self) -> Context:
        """What the call has, by key in lower case; None: it has no such key."""
        found = {key.name.lower(): one for key in KEYS for one in key.values(self)}
        if self.tags is not None:
            tags = {f"{PRINCIPAL_TAG}/{k}".lower(): v for k, v in self.tags.items()}
            found |= {f"{PRINCIPAL_TAG.lower()}/*": None, **tags}
        return found

    @asked_once
    def sent(self) -> Sent:
        """What the simulator is given in each request."""
        found = {(key.name, one) for key in KEYS for one in key.values(self) if one}
        tags = (self.tags or {}).items()
        return frozenset(found | {(f"{PRINCIPAL_TAG}/{k}", v) for k, v in tags})


@dataclass(frozen=True, slots=True)
class Key:
    """A condition key of which the caller decides the value."""

    name: str
    source: str
    """How its value is known, in words."""
    values: Callable[[Caller], tuple[str | None, ...]]
    """Returns one value, or none where it could not be read; None: the call has no such
    key.
    """
    kind: Kind = Kind.STRING


def constant(value: str | None) -> Callable[[Caller], tuple[str | None, ...]]:
    return lambda caller: (value,)


def of_role(value: str | None) -> Callable[[Caller], tuple[str | None, ...]]:
    """Return what the session of a role has, and a user's own key doesn't."""
    return lambda caller: (value if caller.is_role else None,)


def principal_type(caller: Caller) -> tuple[str | None, ...]:
    return ("AssumedRole" if caller.is_role else "User",)


def user_id(caller: Caller) -> tuple[str | None, ...]:
    if not caller.unique_id:
        return ()
    if not caller.is_role:
        return (caller.unique_id,)
    session = caller.session_name
    return (f"{caller.unique_id}:{session}",) if session else ()


def user_name(caller: Caller) -> tuple[str | None, ...]:
    return (None if caller.is_role else Arn.of(caller.arn).name,)


def current_time(caller: Caller) -> tuple[str | None, ...]:
    return (f"{caller.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",)


def epoch(caller: Caller) -> tuple[str | None, ...]:
    return (f"{caller.at.timestamp():.0f}",)


def token_time(caller: Caller) -> tuple[str | None, ...]:
    return current_time(caller) if caller.is_role else (None,)


def organization(caller: Caller) -> tuple[str | None, ...]:
    return () if caller.organization is None else (caller.organization or None,)


def organization_path(caller: Caller) -> tuple[str | None, ...]:
    """Return the beginning of it: the units of an organization only it may list."""
    if caller.organization:
        return (Beginning(f"{caller.organization}/"),)
    return organization(caller)


ROLE, PLAN = "the managed role", "the plan"
DIRECTLY = "Spinnaker calls AWS itself"
HTTPS = "Spinnaker calls AWS with HTTPS"
ORGANIZATION = "`organizations:DescribeOrganization` in the account"
NEVER = "no call of Spinnaker's has it"
KEYS = (
    Key("aws:PrincipalArn", ROLE, lambda caller: (caller.arn,)),
    Key("aws:PrincipalAccount", "the account ID", lambda caller: (caller.account,)),
    Key("aws:PrincipalType", ROLE, principal_type),
    Key("aws:userid", f"the ID of {ROLE}, and the session name", user_id),
    Key("aws:username", ROLE, user_name),
    Key("aws:PrincipalOrgID", ORGANIZATION, organization),
    Key("aws:PrincipalOrgPaths", ORGANIZATION, organization_path, Kind.STRINGS),
    Key("aws:MultiFactorAuthPresent", ROLE, of_role("false"), Kind.BOOLEAN),
    Key("aws:MultiFactorAuthAge", NEVER, constant(None)),
    Key("aws:PrincipalIsAWSService", DIRECTLY, constant("false"), Kind.BOOLEAN),
    Key("aws:ViaAWSService", DIRECTLY, constant("false"), Kind.BOOLEAN),
    Key("aws:SecureTransport", HTTPS, constant("true"), Kind.BOOLEAN),
    Key("aws:CurrentTime", "the time of the verification", current_time, Kind.DATE),
    Key("aws:EpochTime", "the time of the verification", epoch, Kind.NUMBER),
    Key("aws:TokenIssueTime", "the time of the verification", token_time, Kind.DATE),
    *(
        Key(name, NEVER, constant(None))
        for name in (
            "aws:AssumedRoot",
            "aws:CalledVia",
            "aws:CalledViaFirst",
            "aws:CalledViaLast",
            "aws:Ec2InstanceSourcePrivateIPv4",
            "aws:Ec2InstanceSourceVpc",
            "aws:FederatedProvider",
            "aws:PrincipalServiceName",
            "aws:PrincipalServiceNamesList",
            "aws:SourceAccount",
            "aws:SourceArn",
            "aws:SourceIdentity",
            "aws:SourceOrgID",
            "aws:SourceOrgPaths",
            "ec2:RoleDelivery",
            "ec2:SourceInstanceARN",
            "lambda:SourceFunctionArn",
            "ssm:SourceInstanceARN",
        )
    ),
)
OF_CALLS = {
    REGION: "each Region of the account",
    "ec2:Region": "each Region of the account, for EC2",
    RESOURCE_ACCOUNT: "the account ID, or the account in the ARN",
    RESOURCE_ORGANIZATION: ORGANIZATION,
}
"""What differs between calls of one caller, and how it is known."""
KINDS = {key.name.lower(): key.kind for key in KEYS} | {"aws:tagkeys": Kind.STRINGS}


def kind_of(key: str) -> Kind:
    return KINDS.get(key.lower(), Kind.STRING)


def sent_with(action: str, resource: str, region: str, caller: Caller) -> Sent:
    """Return what is known of a call, next to what is known of the caller."""
    return frozenset(values_of_call(action, resource, region, caller))


def values_of_call(
    action: str, resource: str, region: str, caller: Caller
) -> Iterator[tuple[str, str]]:
    yield REGION, region
    if action.startswith("ec2:"):
        yield "ec2:Region", region
    owner = Arn.of(resource).account or caller.account
    yield RESOURCE_ACCOUNT, owner
    # Subnets of other accounts are shared within one organization only.
    ours = owner == caller.account or action.startswith("ec2:")
    if caller.organization and ours:
        yield RESOURCE_ORGANIZATION, caller.organization


def known_of_call(caller: Caller, resource: str, sent: Sent) -> Context:
    """Return all that is known of a call that the simulator is asked about so.

    Images and buckets may belong to any account: their ARNs don't name it, and the
    simulator is asked about the account's own.
    """
    found = {**caller.known, **{key.lower(): value for key, value in sent}}
    if caller.organization == "":
        found[RESOURCE_ORGANIZATION.lower()] = None
    if Arn.of(resource).partition and not Arn.of(resource).account:
        for key in (RESOURCE_ACCOUNT, RESOURCE_ORGANIZATION):
            found.pop(key.lower(), None)
    return found


Context = Mapping[str, str | None]
"""What is known, by condition key in lower case; None: the request has no such key.
A key that ends with `/*` speaks of all keys that begin so and are not named.
"""
Comparison = Callable[[str, str], bool | None]
VARIABLE = re.compile(r"\$\{([^{}]*)\}")


class Beginning(str):
    """A value of which no more than the beginning is known."""

    __slots__ = ()


def value_of(context: Context, key: str, service: str = "") -> tuple[bool, str | None]:
    """Return whether something is known of a key, and its value.

    `service`: the one that is called. A key of another one never comes with the call.
    """
    name = key.lower()
    if name in context:
        return True, context[name]
    if f"{name.partition('/')[0]}/*" in context:
        return True, None
    return bool(service) and name.partition(":")[0] not in ("aws", service), None


def like(known: str, pattern: str) -> bool | None:
    if not isinstance(known, Beginning):
        return matches(known, pattern)
    literal = re.split(r"[*?]", pattern, maxsplit=1)[0]
    if not (known.startswith(literal) or literal.startswith(known)):
        return False
    whole = known.startswith(literal) and pattern == f"{literal}*"
    return True if whole else None


def equals(known: str, wanted: str) -> bool | None:
    if not isinstance(known, Beginning):
        return known == wanted
    return None if wanted.startswith(known) else False


def equals_in_any_case(known: str, wanted: str) -> bool:
    return known.lower() == wanted.lower()


def measured(
    read: Callable[[str], float], compare: Callable[[float, float], bool]
) -> Comparison:
    """Return what compares two numbers, or two times, that are written as text."""

    def measure(known: str, wanted: str) -> bool | None:
        try:
            return compare(read(known), read(wanted))
        except (ValueError, OverflowError):
            return None

    return measure


def number(text: str) -> float:
    found = float(text)
    if not math.isfinite(found):
        raise ValueError(text)
    return found


def seconds(text: str) -> float:
    """Read a time, in ISO 8601 or in seconds since 1970."""
    try:
        return number(text)
    except ValueError:
        found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


MEASURES = {
    "Equals": operator.eq,
    "LessThan": operator.lt,
    "LessThanEquals": operator.le,
    "GreaterThan": operator.gt,
    "GreaterThanEquals": operator.ge,
}
COMPARISONS: Mapping[str, Comparison] = {
    "StringEquals": equals,
    "StringEqualsIgnoreCase": equals_in_any_case,
    "StringLike": like,
    "ArnEquals": arn_matches,
    "ArnLike": arn_matches,
    "Bool": equals_in_any_case,
    **{f"Numeric{name}": measured(number, one) for name, one in MEASURES.items()},
    **{f"Date{name}": measured(seconds, one) for name, one in MEASURES.items()},
}
"""By operator, without `Not`, `IfExists`, and what precedes a colon."""


def filled(text: str, context: Context, service: str = "") -> tuple[str | None, bool]:
    """Return a text with the values of its policy variables, and whether all of them
    are known: those that aren't are `*`. None: one has no value, and nothing fits.
    """
    certain = True
    if "${" not in text:
        return text, certain
    for variable in dict.fromkeys(VARIABLE.findall(text)):
        key, _, otherwise = (part.strip() for part in variable.partition(","))
        known, value = value_of(context, key, service)
        if ":" not in key or isinstance(value, Beginning):
            known = False
        if known and value is None:
            if not otherwise:
                return None, True
            value = otherwise.strip("'")
        certain = certain and known
        text = text.replace(f"${{{variable}}}", value if known and value else "*")
    return text, certain


def any_of(met: Iterable[bool | None]) -> bool | None:
    every = list(met)
    if True in every:
        return True
    return None if None in every else False


def all_of(met: Iterable[bool | None]) -> bool | None:
    every = list(met)
    if False in every:
        return False
    return None if None in every else True


def negated(met: bool | None) -> bool | None:
    return None if met is None else not met
