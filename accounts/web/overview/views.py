"""The overview: what needs attention, and a picture of the accounts, which templates
draw as SVG.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.text import Truncator

from accounts.http import Request
from accounts.lists.accounts import NO_ENVIRONMENT
from accounts.lists.overview import (
    Counts,
    ToDo,
    accounts_url,
    counts_by_environment,
    fills,
    got_worse,
    states_of,
    to_do,
)
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import (
    BADGES,
    FAILING,
    IN_PROGRESS,
    OLD,
    PARTLY,
    TOGETHER,
    WORDS,
    Badge,
    State,
    word_of,
    words_of,
)
from accounts.people.policies import is_production
from accounts.runs.rollouts.census import causes_now
from accounts.web.live.views import live_site, watched
from accounts.web.managing.views import to_plan
from accounts.web.svg import Rectangle
from onboarding.partitions import Arn

MOST_NODES = 30
"""With more accounts, a matrix of environments says more than a picture."""

ROW, GAP, HEADING = 32, 8, 28
WIDTH, NODE_WIDTH = 1120, 290
CENTRE_WIDTH, CENTRE_HEIGHT = 230, 88
NARROW_WIDTH, INDENT = 358, 28
LONGEST_LINE = 36
"""Characters of a name and the word next to it that fit into a node."""

NOWHERE = "No environment"


@dataclass(frozen=True, slots=True)
class Node(Rectangle):
    account: ManagedAccount | ManagingAccount
    word: str
    """Next to the name: the state, or of the managing account Spinnaker's identity."""

    @property
    def label(self) -> str:
        room = LONGEST_LINE - len(self.word) - 2
        return Truncator(self.account.name).chars(room)

    @property
    def title(self) -> str:
        """Say the whole fact in one sentence, for hover and for screen readers."""
        return f"{self.account}: {words_of(self.account.word)}"

    @property
    def badge(self) -> Badge:
        return BADGES[self.account.word]


@dataclass(frozen=True, slots=True)
class Edge:
    """A trust, from the managing account to a node."""

    path: str
    state: str
    mark: tuple[int, int] | None = None
    """Where to show that it is broken."""

    @property
    def colour(self) -> str:
        return BADGES[self.state].colour


@dataclass(frozen=True, slots=True)
class Heading:
    x: int
    y: int
    text: str


@dataclass(slots=True)
class Picture:
    width: int
    height: int
    centre: Node
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)


Group = tuple[str, list[ManagedAccount]]


def grouped(accounts: Iterable[ManagedAccount]) -> list[Group]:
    """Group by environment, the nameless one last."""
    ordered = sorted(accounts, key=lambda a: (a.environment == "", a.environment))
    return [
        (environment, list(members))
        for environment, members in groupby(ordered, key=lambda a: a.environment)
    ]


def wide(managing: ManagingAccount, identity: str, groups: list[Group]) -> Picture:
    """Draw the managing account in the middle and environments on both sides.

    A lone account leaves no side empty: the two are next to each other.
    """
    left, right = halves(groups)
    height = max(tall(left), tall(right), CENTRE_HEIGHT)
    centre_at, right_at = WIDTH // 2, WIDTH - NODE_WIDTH // 2
    if not right:
        left, right = right, left
        centre_at, right_at = WIDTH // 4, WIDTH * 3 // 4
    middle = Node(
        centre_at - CENTRE_WIDTH // 2,
        (height - CENTRE_HEIGHT) // 2,
        CENTRE_WIDTH,
        CENTRE_HEIGHT,
        managing,
        identity,
    )
    picture = Picture(WIDTH, height, middle)
    for side, x in ((left, 0), (right, right_at - NODE_WIDTH // 2)):
        y = (height - tall(side)) // 2
        stack(picture, side, x=x, y=y, width=NODE_WIDTH)
    for node in picture.nodes:
        picture.edges.append(curve(middle, node))
    return picture


def narrow(managing: ManagingAccount, identity: str, groups: list[Group]) -> Picture:
    """Draw the managing account on top and the others below it, on one trunk."""
    top = Node(0, 0, NARROW_WIDTH, CENTRE_HEIGHT, managing, identity)
    below = CENTRE_HEIGHT + 2 * GAP
    picture = Picture(NARROW_WIDTH, below + tall(groups), top)
    stack(picture, groups, x=INDENT, y=below, width=NARROW_WIDTH - INDENT)
    for node in picture.nodes:
        trunk = INDENT // 2
        path = f"M{trunk} {CENTRE_HEIGHT}V{node.middle}H{node.x}"
        picture.edges.append(Edge(path, node.account.word))
    return picture


def tall(groups: list[Group]) -> int:
    return sum(HEADING + len(members) * (ROW + GAP) for _, members in groups)


def halves(groups: list[Group]) -> tuple[list[Group], list[Group]]:
    """Share the groups out to two sides; the only group is cut in two."""
    if len(groups) == 1:
        environment, members = groups[0]
        half = (len(members) + 1) // 2
        rest = members[half:]
        return [(environment, members[:half])], [(environment, rest)] if rest else []
    total, left = tall(groups), 0
    while tall(groups[:left]) + tall(groups[: left + 1]) < total:
        left += 1
    return groups[:left], groups[left:]


def stack(picture: Picture, groups: list[Group], *, x: int, y: int, width: int) -> None:
    """Put groups under one another, each under its heading."""
    for environment, members in groups:
        picture.headings.append(Heading(x, y + 18, environment or NOWHERE))
        y += HEADING
        for account in members:
            word = word_of(account.word)
            picture.nodes.append(Node(x, y, width, ROW, account, word))
            y += ROW + GAP


def curve(centre: Node, node: Node) -> Edge:
    """Bend from the side of the managing account to the near side of a node."""
    leftwards = node.x < centre.x
    start = centre.x if leftwards else centre.right
    end = node.right if leftwards else node.x
    bend = (start + end) // 2
    path = (
        f"M{start} {centre.middle}C{bend} {centre.middle} "
        f"{bend} {node.middle} {end} {node.middle}"
    )
    near = end + (26 if leftwards else -26)
    mark = (near, node.middle) if node.account.word in TOGETHER[FAILING] else None
    return Edge(path, node.account.word, mark)


FIRST = 20
"""The most environments that are shown unfolded."""


class Column(NamedTuple):
    title: str
    """What the list of accounts is searched by, too."""
    colour: str
    icon_of: str
    """The state whose icon it has."""

    @property
    def icon(self) -> str:
        return BADGES[self.icon_of].icon


COLUMNS = (
    Column(State.VERIFIED, "good", State.VERIFIED),
    Column(State.EVALUATED, "neutral", State.EVALUATED),
    Column(PARTLY, "warn", "cannot deploy"),
    Column(State.DRIFTED, "warn", State.DRIFTED),
    Column(OLD, "neutral", State.OUTDATED),
    Column(State.DRAFT, "neutral", State.DRAFT),
    Column(IN_PROGRESS, "busy", State.APPLYING),
    Column(FAILING, "bad", State.FAILED),
)
COLUMN_OF = {
    word: next(c.title for c in COLUMNS if word in TOGETHER.get(c.title, (c.title,)))
    for word in WORDS
}


class Cell(NamedTuple):
    column: Column
    accounts: int
    url: str


class Part(NamedTuple):
    """A piece of a bar that is 100 wide."""

    colour: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class EnvironmentRow:
    """An environment."""

    name: str
    counts: Counter[str]
    """By the title of a column."""
    columns: list[Column]
    oldest: datetime | None
    """When the account was verified whose proof is the oldest."""

    @property
    def total(self) -> int:
        return self.counts.total()

    @property
    def url(self) -> str:
        return self.filtered()

    def filtered(self, **filters: str) -> str:
        """Name the list of its accounts."""
        asked = {"environment": self.name or NO_ENVIRONMENT, **filters}
        return f"{accounts_url()}?{urlencode(asked)}"

    @property
    def cells(self) -> list[Cell]:
        return [
            Cell(one, self.counts[one.title], self.filtered(state=one.title))
            for one in self.columns
        ]

    @property
    def bar(self) -> list[Part]:
        parts, before = [], 0
        for column in self.columns:
            count = self.counts[column.title]
            start, width = 100 * before / self.total, 100 * count / self.total
            parts.append(Part(column.colour, start, width))
            before += count
        return parts

    @property
    def urgency(self) -> tuple[bool, int, int, str]:
        """Sort production first, then by failures, and by drift."""
        drifted = self.counts[State.DRIFTED]
        failing = self.counts[FAILING]
        return not is_production(self.name), -failing, -drifted, self.name


class Matrix(NamedTuple):
    columns: list[Column]
    """Those in which any account is."""
    first: list[EnvironmentRow]
    more: list[EnvironmentRow]


def matrix_of(counts: Counts) -> Matrix:
    """Count by environment and column, the environment that needs somebody first."""
    found: dict[str, Counter[str]] = {}
    oldest: dict[str, datetime] = {}
    for one in counts:
        columns = found.setdefault(one.environment, Counter())
        columns[COLUMN_OF[one.word]] += one.accounts
        if one.oldest:
            before = oldest.get(one.environment, one.oldest)
            oldest[one.environment] = min(before, one.oldest)
    used = [c for c in COLUMNS if any(row[c.title] for row in found.values())]
    rows = [EnvironmentRow(name, found[name], used, oldest.get(name)) for name in found]
    rows.sort(key=lambda row: row.urgency)
    return Matrix(used, rows[:FIRST], rows[FIRST:])


MOST_CAUSES = 5
"""The most causes of failures that are shown, the most frequent first."""


def overview(request: Request) -> HttpResponse:
    managing = ManagingAccount.objects.first()
    if managing is None:
        return render(request, "overview/welcome.html", {"step": 1})
    live = watched(request, live_site())
    counts = counts_by_environment()
    states = states_of(counts)
    total = states.total()
    if not total:
        welcome = {"step": 2, "managing": managing, "todo": managing_to_do(managing)}
        return render(request, "overview/welcome.html", welcome)
    shown = {
        "live": live,
        "managing": managing,
        "states": by_column(states),
        "total": total,
        "all_verified": {word for word in states if states[word]} == {State.VERIFIED},
        "moving": bool(live.every),
        "todo": [
            *managing_to_do(managing),
            *fills(managing),
            *to_do(states, counts, request.user),
        ],
        **got_worse(),
        "causes": causes_now()[:MOST_CAUSES] if states[State.FAILED] else [],
        **(drawn(managing) if total <= MOST_NODES else {"matrix": matrix_of(counts)}),
    }
    return render(request, "overview/overview.html", shown)


def by_column(states: Counter[str]) -> list[tuple[Column, int]]:
    """Count the accounts of each column in which there are any."""
    counts: Counter[str] = Counter()
    for word, accounts in states.items():
        counts[COLUMN_OF[word]] += accounts
    return [(one, counts[one.title]) for one in COLUMNS if counts[one.title]]


def drawn(managing: ManagingAccount) -> dict[str, Any]:
    """Draw every account, for wide windows and for narrow ones."""
    groups = grouped(ManagedAccount.objects.order_by("name"))
    identity = Arn.of(managing_of(managing).identity_arn).name
    pictures = [
        (kind.__name__, kind(managing, identity, groups)) for kind in (wide, narrow)
    ]
    return {"accounts": [a for _, some in groups for a in some], "pictures": pictures}


def managing_to_do(row: ManagingAccount) -> list[ToDo]:
    """Say what of the managing account is not as it was approved, or not proved."""
    says = to_plan(row)
    if not says:
        return []
    url = f"{row.get_absolute_url()}#changes"
    text = f"The managing account {row.name} {says}"
    return [ToDo(text, url, "Go to Plan changes")]
