"""For which callers a trust policy says yes, in words. Pure.

The one evaluation of a trust: plans, pages, looks at AWS, and verifications ask it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from onboarding.bounded_cpu import go_on
from onboarding.names import one_line
from onboarding.partitions import Arn
from onboarding.resources.policy import as_list
from onboarding.resources.strangers import (
    Condition,
    Shut,
    admits_guests,
    conditions,
    is_cluster,
    is_pool,
    issuer_of,
    known_by,
)
from onboarding.resources.wildcards import matches

ASSUME = "sts:assumerole"
BY_SAML = "sts:assumerolewithsaml"
BY_TOKEN = "sts:assumerolewithwebidentity"
ALL_OF_AWS = ("AWS", "*")
WAYS = frozenset({ASSUME, BY_SAML, BY_TOKEN})
"""What lets somebody in. TagSession and SetSourceIdentity only come with one."""

ANY_ISSUER = "*"
MOST_NARROWED = 10
"""Statements of a trust that are read as whom another one leaves of them. Nobody writes
more; and each of many, for each of many, would take forever.
"""

LONGEST = 300
"""The most characters that are shown of somebody: others chose the names."""
NO_ONE = "No one can assume it."


class Width(IntEnum):
    """How many somebody may be, the widest first."""

    ANYBODY = 0
    MANY = 1
    """Whoever another account, an organization or an identity provider permits."""
    NAMED = 2
    SERVICE = 3
    """AWS itself, for what the account sets up."""
    NONE = 4


class Assumer(NamedTuple):
    who: str
    width: Width
    kind: str
    """As a policy writes the principal: AWS, Service, Federated or NotPrincipal."""
    name: str
    limits: str = ""
    """The conditions under which they can, as JSON; empty: none."""

    @property
    def anybody(self) -> bool:
        """Return whether strangers are among them."""
        return self.width is Width.ANYBODY

    @property
    def is_service(self) -> bool:
        return self.width is Width.SERVICE

    @property
    def principal(self) -> tuple[str, str]:
        return self.kind, self.name

    @property
    def sentence(self) -> str:
        return f"{self.who} can assume it."

    @property
    def loses(self) -> str:
        return f"{self.who} can no longer assume it."


Statement = dict[str, Any]
Statements = Iterable[Statement]


def who_can_assume(trust: Statements, planned: Statements = ()) -> list[Assumer]:
    """List who can assume a role by its trust policy, the widest first, except whom the
    planned trust policy names, too. Pages, plans and reports ask this.
    """
    expected = {one.principal for one in assumers(planned)}
    found = {
        one[:4]: one
        for one in assumers(trust)
        if one.width is not Width.NONE and one.principal not in expected
    }
    return sorted(found.values(), key=lambda one: one.width)


def shut_out(before: Statements, after: Statements) -> list[Assumer]:
    """List who could assume a role and no longer can, the widest first, whatever the
    conditions.
    """
    stay = {spelled(*one.principal) for one in assumers(after)}
    return [
        one
        for one in who_can_assume(before)
        if spelled(*one.principal) not in stay
        and not (one.kind == "AWS" and {ALL_OF_AWS, account(one.name)} & stay)
    ]


def let_in(before: Statements, after: Statements) -> list[Assumer]:
    """List who can assume a role and could not, or only on other conditions."""
    could = {(one.principal, one.limits) for one in assumers(before)}
    return [
        one
        for one in assumers(after)
        if not {(one.principal, ""), (one.principal, one.limits)} & could
    ]


def is_for_services(trust: Statements) -> bool:
    """Return whether AWS's services assume the role, and nobody else."""
    found = [one for one in assumers(trust) if one.width is not Width.NONE]
    return bool(found) and all(one.is_service for one in found)


def assumers(trust: Statements) -> Iterator[Assumer]:
    """Yield for whom a trust policy says yes: by a statement that allows it to enter,
    unless one denies that for certain. An identity that was deleted is yielded as
    nobody.
    """
    every = list(trust)
    denied = Denied.by(one for one in every if one.get("Effect") == "Deny")
    for statement in every:
        go_on()
        if statement.get("Effect") == "Allow" and (ways := ways_of(statement)):
            yield from let_in_by(statement, ways, denied)


def let_in_by(
    statement: Statement, ways: frozenset[str], denied: Denied
) -> Iterator[Assumer]:
    asked = Asked.by(statement, denied.limits)
    for kind, name in named_in(statement):
        by = ways & ways_in(kind, name)
        for one in denied.narrowed(kind, name, by):
            if left := denied.left(*one, by & ways_in(*one)):
                yield assumer(*one, asked, denied.known(*one, left))


class Known(NamedTuple):
    """What is known of whoever comes in, and in words."""

    shut: Shut
    words: str


class Asked(NamedTuple):
    """What a statement wants somebody to be."""

    known: Known | None
    """None: nothing that strangers don't meet."""
    guests: bool
    """Whether guests of Cognito's pools are among them."""
    names: tuple[str, ...]
    """Of all the keys that it looks at."""
    limits: str

    @classmethod
    def by(cls, statement: Statement, limits: str) -> Asked:
        found = list(conditions(statement))
        if found:
            limits += json.dumps(statement["Condition"], sort_keys=True)
        keys = [one.key for one in known_by(found)]
        known = Known(Shut.by_all(keys), in_words(keys)) if keys else None
        names = tuple(sorted({one.name for one in found}))
        return cls(known, admits_guests(found), names, limits)


def assumer(kind: str, name: str, asked: Asked, denied: Known | None) -> Assumer:
    """Say who it is. `denied`: how those are known who aren't denied."""
    issuer = issuer_of(name) if kind == "Federated" and name != "*" else ""
    width, known = width_of(kind, name), asked.known
    if denied and not (known and known.shut.from_issuer(issuer)):
        known = denied
    is_known = known is not None and known.shut.from_issuer(issuer)
    if asked.guests and is_pool(issuer) and known is not denied:
        is_known = False
    if width is Width.ANYBODY and is_known:
        width = Width.MANY
    who = bounded(principal_in_words(kind, name))
    is_public = width is Width.ANYBODY and kind == "Federated"
    which = [", which anybody may have"] * is_public
    if known and width is not Width.ANYBODY:
        which.append(f", known by {known.words}")
    elif asked.names:
        which.append(under(asked.names, can_all=width is Width.ANYBODY))
    ends = "," * bool(which)
    return Assumer(f"{who}{''.join(which)}{ends}", width, kind, name, asked.limits)


def named_in(statement: Statement) -> Iterator[tuple[str, str]]:
    """Yield the principals of a statement, by kind; all but some are one."""
    if "NotPrincipal" in statement:
        yield "NotPrincipal", str(statement["NotPrincipal"])
        return
    yield from principals(statement.get("Principal", {}))


def principals(written: Any) -> Iterator[tuple[str, str]]:
    kinds = written if isinstance(written, dict) else {"AWS": written}
    for kind, names in kinds.items():
        for name in map(str, as_list(names)):
            yield str(kind), name


def ways_of(statement: Statement) -> frozenset[str]:
    """Return the ways of coming in that its actions are about."""
    negated = "NotAction" in statement
    if not negated and "Action" not in statement:
        return WAYS
    patterns = as_list(statement["NotAction" if negated else "Action"])
    lowered = {str(pattern).lower() for pattern in patterns}
    named = {way for way in WAYS if any(matches(way, one) for one in lowered)}
    return WAYS - named if negated else frozenset(named)


def ways_in(kind: str, name: str) -> frozenset[str]:
    """Return the ways in which such a principal can come in at all."""
    if name == "*" or kind == "NotPrincipal":
        return WAYS
    if kind == "Federated":
        return frozenset({BY_SAML if ":saml-provider/" in name else BY_TOKEN})
    return frozenset({ASSUME})


def account_of(name: str) -> str:
    """Return the account that all of a principal is in; empty: none that it names."""
    return name if name.isdigit() else Arn.of(name).account


def account(name: str) -> tuple[str, str]:
    """Return, as a principal, the whole account that one is in."""
    return "AWS", account_of(name)


def is_account(name: str) -> bool:
    return name.isdigit() or Arn.of(name).resource == "root"


def spelled(kind: str, name: str) -> tuple[str, str]:
    """Write an account always by its number."""
    return account(name) if kind == "AWS" and is_account(name) else (kind, name)


@dataclass(slots=True)
class Excepts:
    """The statements that deny all but those that they name, of some ways."""

    names: list[tuple[str, str]]
    """Whom one of them spares. Without the accounts of others that it names: AWS wants
    these named, too, and takes none of their other identities for named by that.
    """
    count: int = 0
    spares: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How many of them spare somebody: by name, or else by the account."""
    touches: Counter[str] = field(default_factory=Counter)
    """How many of them spare somebody of an account."""

    def add(self, names: Collection[tuple[str, str]]) -> None:
        every = {*names}
        own = {one for one in every if one == account(one[1]) or one[0] != "AWS"}
        left = {one for one in every - own if account(one[1]) not in own}
        self.count += 1
        self.spares.update(own | left)
        self.touches.update({account_of(name) for kind, name in every if kind == "AWS"})

    def may_spare(self, kind: str, name: str) -> bool:
        """Return whether each spares some of these. A role may be spared by its own
        name, and by that of its account.
        """
        one = spelled(kind, name)
        if one == account(name):
            return self.touches[account_of(name)] == self.count
        by_account = self.spares[account(name)] if kind == "AWS" else 0
        return self.spares[one] + by_account == self.count

    def of(self, kind: str, name: str) -> list[tuple[str, str]]:
        """Return whom one of them spares of everybody, or of an account."""
        if name == "*" or kind == "NotPrincipal":
            return self.names
        if spelled(kind, name) != account(name):
            return [(kind, name)]
        mine = [one for one in self.names if account(one[1]) == account(name)]
        return mine or [(kind, name)]


def inner(names: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return them without the accounts of others among them."""
    whose = {
        account(name) for kind, name in names if kind == "AWS" and not is_account(name)
    }
    return [one for one in names if one not in whose]


@dataclass(slots=True)
class Denied:
    """What the statements that deny do, whatever allows it."""

    everyone: set[str] = field(default_factory=set)
    """The ways that are denied to all."""
    named: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    """The ways that are denied to some."""
    excepts: dict[frozenset[str], Excepts] = field(default_factory=dict)
    """By the ways that they deny."""
    unless: dict[tuple[str, str], dict[frozenset[str], dict[str, Known]]] = field(
        default_factory=dict
    )
    """By some, or all, and the ways that are denied: how those are known who aren't
    denied. One for each issuer of tokens at most.
    """
    limits: str = ""
    """A digest of the conditions under which something is denied; empty: none is."""
    narrows: int = MOST_NARROWED

    @classmethod
    def by(cls, statements: Statements) -> Denied:
        denied, limits = cls(), []
        for statement in statements:
            if ways := ways_of(statement):
                denied.add(statement, ways)
                limits += [statement] if statement.get("Condition") else []
        if limits:
            text = json.dumps(limits, sort_keys=True)
            denied.limits = hashlib.sha256(text.encode()).hexdigest()
        return denied

    def add(self, statement: Statement, ways: frozenset[str]) -> None:
        found = list(conditions(statement))
        if found and not all(one.spares_known for one in found):
            return  # whom it denies, nobody knows
        keys = [one.key for one in found]
        known = Known(Shut.by_any(keys), in_words(keys)) if keys else None
        if "NotPrincipal" in statement:
            names = [spelled(*one) for one in principals(statement["NotPrincipal"])]
            if ALL_OF_AWS in names:
                return
            if known:
                # Who is named isn't denied, and is no stranger either.
                self.know(ALL_OF_AWS, ways, known)
            else:
                self.excepts.setdefault(ways, Excepts(inner(names))).add(names)
            return
        for kind, name in principals(statement.get("Principal", {})):
            one = spelled(kind, name)
            if known:
                self.know(one, ways, known)
            elif one == ALL_OF_AWS:
                self.everyone |= ways
            else:
                self.named.setdefault(one, set()).update(ways)

    def know(self, whom: tuple[str, str], ways: frozenset[str], known: Known) -> None:
        """Keep how somebody is known, unless that is known already."""
        kept = self.unless.setdefault(whom, {}).setdefault(ways, {})
        shut = known.shut
        for issuer in (ANY_ISSUER,) if shut.everywhere else (*shut.issuers, ""):
            kept.setdefault(issuer, known)

    def left(self, kind: str, name: str, ways: frozenset[str]) -> frozenset[str]:
        """Return the ways that aren't certainly denied to this principal."""
        gone = self.everyone | self.named.get(spelled(kind, name), set())
        if kind == "AWS":
            gone |= self.named.get(account(name), set())
        if name != "*" and kind != "NotPrincipal":
            for denied, some in self.excepts.items():
                if not some.may_spare(kind, name):
                    gone |= denied
        return ways - gone

    def narrowed(
        self, kind: str, name: str, ways: frozenset[str]
    ) -> Iterable[tuple[str, str]]:
        """Return whom a statement leaves of many that denies all but those."""
        for denied, some in self.excepts.items():
            if ways <= denied and self.narrows:
                self.narrows -= kind != "AWS" or name == "*" or is_account(name)
                return some.of(kind, name)
        return [(kind, name)]

    def known(self, kind: str, name: str, ways: frozenset[str]) -> Known | None:
        """Return how whoever comes in is known; None: they needn't be."""
        issuer = issuer_of(name) if kind == "Federated" and name != "*" else ""
        for whom in dict.fromkeys([ALL_OF_AWS, spelled(kind, name)]):
            for denied, kept in self.unless.get(whom, {}).items():
                found = kept.get(ANY_ISSUER) or kept.get(issuer)
                if found and ways <= denied:
                    return found
        return None


def bounded(text: str) -> str:
    """Return it in one line, and not longer than is shown."""
    line = one_line(text)
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def width_of(kind: str, name: str) -> Width:
    """Return how many it is without any condition."""
    if name == "*" or kind == "NotPrincipal":
        return Width.ANYBODY
    if kind == "Service":
        return Width.SERVICE
    if kind == "Federated":
        is_saml = ":saml-provider/" in name
        return Width.MANY if is_saml or is_cluster(issuer_of(name)) else Width.ANYBODY
    if kind == "AWS" and is_deleted(name):
        return Width.NONE
    if kind == "AWS" and "*" in account_of(name):
        return Width.ANYBODY
    return Width.MANY if kind != "AWS" or is_account(name) else Width.NAMED


def principal_in_words(kind: str, name: str) -> str:
    if kind == "NotPrincipal":
        return "Everyone except those that it names"
    if name == "*":
        return "Anybody in AWS"
    if kind == "Service":
        return f"AWS's service {name}"
    if kind == "Federated":
        return f"Every identity that {name} vouches for"
    if is_account(name):
        return f"Every identity that account {account_of(name)} permits"
    arn = Arn.of(name)
    if not arn.account:
        return f"A deleted identity ({name})"
    return f"{arn.kind.title()} {arn.name} of account {arn.account}"


def in_words(keys: Iterable[str]) -> str:
    """Say by what somebody is known."""
    words = dict.fromkeys(
        known.words if (known := Condition("", key).known) else key
        for key in sorted({*keys})
    )
    return bounded(" and ".join(words))


def under(keys: Iterable[str], *, can_all: bool) -> str:
    """Name conditions by which nobody is known."""
    some = tuple(keys)
    what = "a condition" if len(some) == 1 else "conditions"
    meets = " that anybody can meet" if can_all else ""
    return f", under {what}{meets} ({bounded(', '.join(some))})"


def without_deleted(trust: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return a trust policy without identities that were deleted, and name these: IAM
    shows them by an ID of its own, lets nobody in by it, and takes none back.
    """
    deleted: list[str] = []
    statements = []
    for statement in as_list(trust["Statement"]):
        principal = statement.get("Principal")
        if isinstance(principal, dict) and "AWS" in principal:
            names = as_list(principal["AWS"])
            gone = [name for name in names if is_deleted(str(name))]
            left = [name for name in names if name not in gone]
            deleted += gone
            if gone and left:
                principal = {**principal, "AWS": left}
            elif gone:
                principal = {k: v for k, v in principal.items() if k != "AWS"}
            statement = {**statement, "Principal": principal}
        if principal != {}:
            statements.append(statement)
    return ({**trust, "Statement": statements} if deleted else trust), deleted


def is_deleted(name: str) -> bool:
    """Return whether it is neither an ARN, an account nor everybody."""
    return name != "*" and ":" not in name and not name.isdigit()
