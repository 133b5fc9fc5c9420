"""What AWS has of accounts that nobody added yet: all of it is only read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, partial
from typing import Any, NamedTuple

from onboarding import names
from onboarding.adopting.report import Document, Taken
from onboarding.adopting.values import AWS
from onboarding.aws.client import together
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.aws.roles.foreign import boundaries, foreign, managed_by
from onboarding.aws.session import Sessions
from onboarding.names import one_line
from onboarding.partitions import Arn
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Role
from onboarding.resources.policy import Policy
from onboarding.resources.trusts import NO_ONE, Assumer, Width, who_can_assume
from onboarding.review.as_found import FoundRole, found_roles
from onboarding.review.evidence import SPINNAKER, EvidenceSide, all_evidence
from onboarding.topology import Reach

UNKNOWN = Policy.of({"Statement": []})
"""What is wanted of a trust policy: that it is read."""
BOWLINE = "Bowline, as its tag says"
NOT_ASKED = (
    "Bowline isn't allowed to ask CloudFormation which stack manages it "
    "(cloudformation:DescribeStackResources)."
)


class Target(NamedTuple):
    """An account to look at, and how."""

    name: str
    reach: Reach
    roles: tuple[str, ...]
    """The role that Spinnaker assumes, then the one for its instances."""
    regions: tuple[str, ...]
    providers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleInAws:
    """A role as it is, in sentences."""

    name: str
    exists: bool
    strangers: bool = False
    """Whether anybody in AWS can assume it."""
    widest: str = ""
    """Who the widest of those is that can assume it, as a Width in lower case."""
    assumed_by: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    """The roles and users that it trusts by name, as ARNs."""
    managed_by: str = ""
    """What else manages it, as far as AWS knows; empty: nothing that is known."""
    actions: int = 0
    """How many it can call, by all that was read."""
    can: tuple[str, ...] = ()
    """What it can do, and what limits or hides that."""


@dataclass(frozen=True, slots=True)
class InAws:
    """What AWS has of one account's roles, or why that could not be read."""

    account_id: str
    roles: tuple[RoleInAws, ...] = ()
    unread: str = ""
    hint: str = ""


def targets(taken: Taken, access_role: str) -> list[Target]:
    """List the accounts that can be taken; raise BadName."""
    reader = names.ROLE_NAME(access_role)
    return [
        Target(
            one["name"],
            Reach(one["account_id"], reader),
            tuple(roles_of(one, taken)),
            tuple(one.get("regions", ())),
            tuple(one.get("providers", ())),
        )
        for one in taken.accounts
    ]


def roles_of(one: Document, taken: Taken) -> Iterator[str]:
    """Name an account's roles without their paths, as IAM asks for them."""
    yield one.get("managed_role", taken.managed_role).rpartition("/")[2]
    if "ec2" in one.get("providers", ()):
        yield taken.base_role.rpartition("/")[2]


def look_at(sessions: Sessions, target: Target) -> InAws:
    """Read the account's roles, or say why not.

    Calls: those of `observe` and `foreign`, and one for each role and Region.
    """
    account_id = target.reach.account_id
    wanted = [
        Role(account=account_id, name=name, trust=UNKNOWN)
        for name in dict.fromkeys(target.roles)
    ]
    try:
        # Nothing is wanted there yet, so nothing is Bowline's by its name.
        observed = [
            one if isinstance(one, Role) else replace(one, owned=False)
            for one in observe(sessions, target.reach, wanted)
        ]
        policies = foreign(sessions, target.reach, (), observed)
        limits = boundaries(sessions, target.reach, observed)
        found = {role.name: role for role in observed if isinstance(role, Role)}
        read = {role.name: role for role in found_roles(observed, policies, limits)}
        makers = together(
            partial(maker, sessions, target, role) for role in found.values()
        )
    except AwsError as error:
        return InAws(account_id, unread=error.message, hint=error.hint)
    made = dict(zip(found, makers, strict=True))
    roles = (
        role_in_aws(read[role.name], policies, made[role.name], target.providers)
        if role.name in read
        else RoleInAws(role.name, exists=False)
        for role in wanted
    )
    return InAws(account_id, tuple(roles))


def maker(sessions: Sessions, target: Target, role: Role) -> str | None:
    """Name what manages the role; None: Bowline may not ask."""
    if role.owned:
        return BOWLINE
    regions = dict.fromkeys([sessions.partition.home_region, *target.regions])
    try:
        return managed_by(sessions, target.reach, role, regions)
    except AwsError as error:
        if error.unread:
            return None
        raise


def role_in_aws(
    role: FoundRole,
    policies: Collection[Foreign],
    made_by: str | None,
    providers: Collection[str],
) -> RoleInAws:
    who = who_can_assume(role.trust or ())
    size = role.comparison.granted
    held = [one.sentence for one in policies if one.resource.role == role.name]
    return RoleInAws(
        role.name,
        exists=True,
        strangers=any(one.anybody for one in who),
        widest=min((one.width for one in who), default=Width.NONE).name.lower(),
        assumed_by=tuple(dict.fromkeys(one.sentence for one in who)) or (NO_ONE,),
        trusted=tuple(dict.fromkeys(named_among(who))),
        managed_by=made_by or "",
        actions=size,
        can=(
            *([size_said(role, size, providers)] if held else ()),
            *held,
            *([limited(role)] if role.boundary else ()),
            *([NOT_ASKED] if made_by is None else ()),
        ),
    )


def named_among(who: Iterable[Assumer]) -> Iterator[str]:
    """Yield the roles and users that can assume a role by their names."""
    for one in who:
        if one.kind == "AWS" and Arn.of(one.name).kind in ("role", "user"):
            yield one.name


def identity_of(found: Iterable[Document]) -> str:
    """Return what the role of every account trusts by name, which Spinnaker runs as;
    empty: that is none, or more than one.
    """
    roles = (one["roles"][0] for one in found if one["roles"])
    trusted = [{*role.get("trusted", ())} for role in roles if role["exists"]]
    shared = set.intersection(*trusted) if trusted else set()
    return shared.pop() if len(shared) == 1 else ""


def size_said(role: FoundRole, size: int, providers: Collection[str]) -> str:
    least = "at least " if role.uncounted else ""
    called = calls_of_spinnaker(frozenset(providers))
    return (
        f"It can call {least}{size:,} actions, of which Spinnaker's source calls "
        f"{called:,}."
    )


@cache
def calls_of_spinnaker(providers: frozenset[str]) -> int:
    """Count the actions that Spinnaker's source calls in an account for these."""
    return len(
        {
            served.action
            for served, one in all_evidence().items()
            if served.side is EvidenceSide.MANAGED and served.provider in providers
            if any(it.folder and it.repository is SPINNAKER for it in one.places)
        }
    )


def limited(role: FoundRole) -> str:
    counted = "" if role.within else " Bowline isn't allowed to read it."
    return f"The permissions boundary {role.boundary} limits it.{counted}"


def count_looks(found: Collection[Document]) -> list[str]:
    """Sum up what was found, the worst first; what none is is left out."""
    roles = [one["roles"][0] for one in found if one["roles"]]
    counts = {
        "with a role that anybody in AWS can assume": sum(
            any(role["strangers"] for role in one["roles"]) for one in found
        ),
        "with a role that every identity of an account or provider can assume": sum(
            min(map(width_in, one["roles"]), default=None) == Width.MANY
            for one in found
        ),
        "not readable": sum(bool(one["unread"]) for one in found),
        "without the role": sum(not role["exists"] for role in roles),
        "with a role that something else manages": sum(
            any(role["managed_by"] for role in one["roles"]) for one in found
        ),
        "with the role": sum(role["exists"] for role in roles),
    }
    return [f"{count:,} {what}" for what, count in counts.items() if count]


@dataclass(frozen=True, slots=True)
class Look:
    """What was found, as the report has it."""

    role: str
    """By which Bowline came into each account."""
    at: str
    found: Mapping[str, InAws]
    """By the account's name."""

    def added_to(self, report: Document) -> Document:
        said = {"role": self.role, "at": self.at, "identity": self.identity}
        counts = dict.fromkeys(("accounts", "looked"), len(self.found))
        accounts = [
            {**one, "in_aws": {"at": self.at, **asdict(self.found[one["name"]])}}
            if one["type"] == AWS and one["name"] in self.found
            else one
            for one in report["accounts"]
        ]
        return {**report, "look": {**said, **counts}, "accounts": accounts}

    @property
    def identity(self) -> str:
        return identity_of(map(asdict, self.found.values()))

    @property
    def text(self) -> str:
        found = {name: asdict(one) for name, one in self.found.items()}
        ordered = sorted(found.items(), key=lambda one: worst_first(one[1]))
        return look_text(self.role, ordered)


def look_text(role: str, found: Sequence[tuple[str, Document]]) -> str:
    """Write what follows a report in sentences."""
    lines = ("", *in_words(role, found))
    return "".join(f"{one_line(line)}\n" for line in lines)


def in_words(role: str, found: Sequence[tuple[str, Document]]) -> Iterator[str]:
    counts = ", ".join(count_looks([in_aws for _, in_aws in found]))
    yield f"In AWS, with the role {role}: {counts or 'no account'}."
    for name, one in found:
        yield ""
        yield f"AWS account {name} ({one['account_id']})"
        if one["unread"]:
            yield f"  {one['unread']} {one['hint']}".rstrip()
        for it in one["roles"]:
            yield f"  {role_in_words(it)}"
            yield from (f"    {said}" for said in it["can"])


def role_in_words(role: Document) -> str:
    if not role["exists"]:
        return f"The role {role['name']} doesn't exist."
    by = f" is managed by {role['managed_by']}." if role["managed_by"] else "."
    return f"Role {role['name']}{by} {' '.join(role['assumed_by'])}"


def worst_first(in_aws: Document) -> tuple[Any, ...]:
    """Sort by it: roles that are open to strangers, accounts that could not be read or
    whose role is missing, then by how many can assume a role, and by how much it can
    call.
    """
    roles = in_aws["roles"]
    return (
        not any(one["strangers"] for one in roles),
        not in_aws["unread"],
        bool(roles and roles[0]["exists"]),
        min(map(width_in, roles), default=Width.NONE),
        -max((one["actions"] for one in roles), default=0),
    )


def width_in(role: Document) -> Width:
    """Return how many can assume it; earlier looks don't say."""
    named = {width.name.lower(): width for width in Width}
    return named.get(role.get("widest", ""), Width.NONE)
