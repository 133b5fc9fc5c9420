"""A plan as a person reviews it: what to read first, an index, and each change.

Pure: a plan in, what the page shows out. What is counted, or risky, says the plan.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from typing import NamedTuple

from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from accounts.web.runs.review.cards import (
    CLOSELY,
    DELETIONS_THERE,
    TONES,
    Card,
    Mark,
    Risky,
    attached_path,
    cards_of,
    changed,
    document_of,
    entry_card,
    holder_of,
    path_of,
)
from accounts.web.runs.review.diff import (
    NO_ONE,
    DiffLine,
    DiffRow,
    Names,
    called,
    short_name,
)
from onboarding.resources.kinds import (
    MANAGED_PATH,
    MANAGING_PATH,
    Attachment,
    ClusterAccess,
    Key,
    KeyGrant,
    ManagedPolicy,
    OidcProvider,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Plan, PlannedChange, by_verb
from onboarding.resources.risks import Risk, Topic, says_accounts

ROW = '<div class="diff-row diff-{}">{}{}</div>'
SIDE = (
    '<span class="diff-{}"><span class="diff-number">{}</span>'
    '<span class="diff-sign">{}</span><code>{}</code></span>'
)
"""Filled without escaping: nothing but a line's text is foreign."""

BREAKS = re.compile(r"(<[^<>]*>)|([:/])(?=[\w*:/$-])")
"""Where an ARN may break: after what divides it, outside the tags of colours."""


def rows_html(rows: Iterable[DiffRow], sides: str) -> SafeString:
    """Write rows with both sides, or with the only one that there is."""
    return mark_safe("\n".join(ROW.format(*cells) for cells in row_cells(rows, sides)))


def row_cells(rows: Iterable[DiffRow], sides: str) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        is_same = row.kind == "same"
        old = "" if sides == "new" else side("old", row.old, "" if is_same else "−")
        new = "" if sides == "old" else side("new", row.new, "" if is_same else "+")
        yield row.kind, old, new


def side(name: str, line: DiffLine | None, sign: str) -> str:
    if line is None:
        return SIDE.format(f"{name} diff-void", "", "", "")
    html = conditional_escape(line.html)
    if "arn:" in html:
        html = mark_safe(BREAKS.sub(lambda at: at[1] or f"{at[2]}<wbr>", html))
    return SIDE.format(name, line.number, sign, html)


TOGETHER = {
    ServiceLinkedRole.kind: "Roles of AWS's services",
    OidcProvider.kind: "Identity providers",
    ClusterAccess.kind: "EKS clusters",
    KeyGrant.kind: "KMS keys",
}
POLICIES = "Policies"
"""Where a plan does not tell whose they are: they are attached already."""

MANAGING, MANAGED = "Managing account", "Managed account"
SPINNAKER = "Spinnaker"
FIRST = 3
"""The most lines of a topic, and changes of a line, that are shown at once."""

MOST_CARDS, SHOWN = 12, 8
"""The most cards of a section that are all shown, and how many of more are."""

FEW = 3
"""The most changes that begin open."""

MOST_LINES = 50
"""The most lines of a topic: a trust policy of others may name hundreds."""

PLAN = "plan"
"""Where a role is said something of that stays as it is, and that has no change."""

MOST_ACCOUNTS = 8
"""The most accounts of a line that are named without a click."""


class Section(NamedTuple):
    """A role with what is its own, or things of one kind."""

    title: str
    cards: tuple[Card, ...]

    @property
    def is_told(self) -> bool:
        """Return whether the title says more than the first card does."""
        return self.cards[0].key.name != self.title

    @property
    def first(self) -> tuple[Card, ...]:
        return self.cards if len(self.cards) <= MOST_CARDS else self.cards[:SHOWN]

    @property
    def rest(self) -> tuple[Card, ...]:
        return self.cards[len(self.first) :]

    @property
    def rest_marks(self) -> Mapping[Mark, int]:
        """Count what nobody must miss among the rest, the most severe first."""
        found = Counter(mark for card in self.rest for mark in card.marks)
        order = [*(topic.value for topic in Topic), CLOSELY]
        return dict(sorted(found.items(), key=lambda one: order.index(one[0].says)))


class Group(NamedTuple):
    """One side of an account, or what Spinnaker is configured with."""

    title: str
    account_id: str
    side: str
    counts: Mapping[str, int]
    sections: tuple[Section, ...]


class Pointer(NamedTuple):
    """A line of the summary, and the change that it is about."""

    name: str
    anchor: str
    sentence: str
    page: str = ""
    """The query of the page that has the change, where it is another one."""
    accounts: tuple[str, ...] = ()
    """The accounts that it is about, by name where Bowline knows them."""


class Line(NamedTuple):
    """A sentence of the summary, and everything of which it is true."""

    sentence: str
    pointers: tuple[Pointer, ...]

    @property
    def accounts(self) -> tuple[str, ...]:
        return self.pointers[0].accounts

    @property
    def is_long(self) -> bool:
        return len(self.accounts) > MOST_ACCOUNTS

    @property
    def first(self) -> tuple[Pointer, ...]:
        return self.pointers[: len(self.pointers) - len(self.rest)]

    @property
    def rest(self) -> tuple[Pointer, ...]:
        """Return those that are folded: to fold a single one saves no line."""
        rest = self.pointers[FIRST:]
        return rest if len(rest) > 1 else ()


class Reading(NamedTuple):
    """What to read first of one topic."""

    topic: str
    pointers: tuple[Pointer, ...]
    plans: int = 1
    """How many have the same: the pointers are those of one."""

    @property
    def total(self) -> str:
        each = f" in each of {self.plans:,} plans" if self.plans > 1 else ""
        return f"{len(self.pointers):,}{each}"

    @property
    def tone(self) -> str:
        return TONES.get(self.topic, "")

    @property
    def lines(self) -> tuple[Line, ...]:
        """Say an equal sentence once."""
        found: dict[tuple[str, tuple[str, ...]], list[Pointer]] = {}
        for one in self.pointers:
            found.setdefault((one.sentence, one.accounts), []).append(one)
        return tuple(Line(said, tuple(of)) for (said, _), of in found.items())

    @property
    def first(self) -> tuple[Line, ...]:
        return self.lines[:FIRST]

    @property
    def rest(self) -> tuple[Line, ...]:
        return self.lines[FIRST:MOST_LINES]

    @property
    def more(self) -> int:
        """Count the lines that only the API and the changes themselves have."""
        return len(self.lines[MOST_LINES:])


class Review(NamedTuple):
    groups: tuple[Group, ...]
    readings: tuple[Reading, ...] = ()
    not_recommended: tuple[Pointer, ...] = ()
    """What is discouraged, with the change that it brings where there is one."""
    names: Names = NO_ONE

    @property
    def cards(self) -> tuple[Card, ...]:
        return tuple(
            card
            for group in self.groups
            for section in group.sections
            for card in section.cards
        )

    @property
    def is_short(self) -> bool:
        """Return whether all of it can be read without folding any of it."""
        return len(self.cards) <= FEW

    @property
    def places(self) -> dict[Key, str]:
        """Say where on the page each change is."""
        cards = {card.key: card.anchor for card in self.cards}
        lines = {line.key: line.anchor for card in self.cards for line in card.lines}
        return {**cards, **lines}


def review(plan: Plan, own: str, names: Names = NO_ONE, plans: int = 1) -> Review:
    """Lay a plan out, of this many that are the same; `own` is the name of the managed
    account that it is for.
    """
    risky: dict[Key, tuple[Risk, ...]] = {}
    for risk in plan.risks:
        risky[risk.key] = (*risky.get(risk.key, ()), risk)
    numbers = count(1)
    groups = [
        group_of(place, changes, risky, numbers)
        for place, changes in by_place(plan, own).items()
    ]
    if entries := tuple(entry_card(one, risky, next(numbers)) for one in plan.entries):
        accounts = (Section("Accounts", entries),)
        groups.append(Group(SPINNAKER, "", "", plan.entry_counts, accounts))
    laid_out = Review(tuple(groups))
    places = laid_out.places
    return laid_out._replace(
        readings=tuple(readings(plan, places, names, plans)),
        not_recommended=tuple(not_recommended(plan, places)),
        names=names,
    )


Place = tuple[str, str, str]
"""The title of a group, the ID of the account, and the side."""


def by_place(plan: Plan, own: str) -> dict[Place, list[PlannedChange]]:
    """Group the changes by account and side, in the order of the plan."""
    by_path = dict(sides_by_path(plan.changes))
    # By what is attached to them: the managing account is usually managed, too.
    sides_of_roles = {
        Key(key.account, Role.kind, key.name.partition("/")[0]): side
        for key, side in by_path.items()
        if key.kind == Attachment.kind
    }
    found: dict[Place, list[PlannedChange]] = {}
    for change in plan.changes:
        account = change.key.account
        default = MANAGED if change.account_name == own else MANAGING
        holder = Key(account, Role.kind, holder_of(change))
        side = by_path.get(change.key) or sides_of_roles.get(holder, default)
        place = (change.account_name or account, account, side)
        found.setdefault(place, []).append(change)
    return found


def sides_by_path(changes: Iterable[PlannedChange]) -> Iterator[tuple[Key, str]]:
    """Return on which side a policy is, and what attaches it. The path of one that is
    only detached says nothing: anybody can choose it.
    """
    policies = {one.key for one in changes if one.key.kind == ManagedPolicy.kind}
    for change in changes:
        account, kind, name = change.key
        policy = Key(account, ManagedPolicy.kind, name.rpartition("/")[2])
        detached = kind == Attachment.kind and change.verb == "delete"
        if detached and policy not in policies:
            continue
        shown = document_of(change)
        path = f"{shown.get('path', '')} {shown.get('policy_arn', '')}"
        for side, own in ((MANAGING, MANAGING_PATH), (MANAGED, MANAGED_PATH)):
            if own in path:
                yield change.key, side


def group_of(
    place: Place, changes: list[PlannedChange], risky: Risky, numbers: Iterator[int]
) -> Group:
    holders = {
        attached_path(change): holder_of(change)
        for change in changes
        if change.key.kind == Attachment.kind
    }
    by_title: dict[str, list[PlannedChange]] = {}
    for change in changes:
        by_title.setdefault(title_of(change, holders), []).append(change)
    sections = tuple(
        Section(title, tuple(cards_of(title, of, risky, numbers)))
        for title, of in by_title.items()
    )
    return Group(*place, by_verb(changes), sections)


def title_of(change: PlannedChange, holders: Mapping[str, str]) -> str:
    """Name the section of a change: the role that it belongs to, or its kind."""
    if change.key.kind != ManagedPolicy.kind:
        return holder_of(change) or TOGETHER.get(change.key.kind, change.key.kind)
    return holders.get(path_of(change), POLICIES)


def readings(
    plan: Plan, places: Mapping[Key, str], names: Names, plans: int
) -> Iterator[Reading]:
    """Yield what to read first, and what Spinnaker will be configured with."""
    for concern in plan.concerns:
        found: dict[str, list[Pointer]] = {}
        for risk in concern.risks:
            # A plan counts deletions in AWS and in Spinnaker separately.
            is_entry = concern.topic is Topic.DELETIONS and not risk.key.account
            topic = DELETIONS_THERE if is_entry else concern.topic
            at = places.get(risk.key, PLAN)
            found.setdefault(topic, []).append(pointer(risk, at, names))
        for topic, pointers in found.items():
            yield Reading(topic, tuple(pointers), plans)
    # Deletions name the accounts that Spinnaker loses.
    gets = (entry for entry in plan.entries if entry.after is not None)
    if entries := tuple(Pointer(e.name, places[e.key], changed(e)) for e in gets):
        yield Reading(SPINNAKER, entries, plans)


def not_recommended(plan: Plan, places: Mapping[Key, str]) -> Iterator[Pointer]:
    """Point from each discouraged choice to the policy of AWS's that it attaches."""
    attached = (r.key for r in plan.risks if r.topic is Topic.AWS_POLICIES)
    policies = {key.name.rpartition("/")[2]: places[key] for key in attached}
    for choice in plan.not_recommended:
        named = (at for name, at in policies.items() if name in choice.sentence)
        yield Pointer(choice.titles, next(named, ""), choice.sentence)


def pointer(risk: Risk, anchor: str, names: Names) -> Pointer:
    name = short_name(risk.key)
    if not risk.accounts:
        return Pointer(name, anchor, risk.sentence)
    said = says_accounts(risk.topic, len(risk.accounts))
    accounts = (called(one, names) for one in risk.accounts)
    return Pointer(name, anchor, f"{said}.", accounts=tuple(sorted(accounts)))
