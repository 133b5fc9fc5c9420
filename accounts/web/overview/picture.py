"""The picture of who can access what: data into nodes and edges with coordinates.

Pure: it knows nothing of rows. Templates draw it as SVG.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from accounts.models.states import BADGES, FAILING, TOGETHER
from accounts.web.svg import Rectangle, cut

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
class ShownAccount:
    """What the picture is to show as one node: an account."""

    name: str
    environment: str
    state: str
    """It colours the node."""
    word: str
    url: str
    title: str
    """The whole fact in one sentence, for hover and for screen readers."""

    @property
    def is_broken(self) -> bool:
        return self.state in TOGETHER[FAILING]


@dataclass(frozen=True, slots=True)
class Node(Rectangle):
    seen: ShownAccount

    @property
    def label(self) -> str:
        return cut(self.seen.name, LONGEST_LINE - len(self.seen.word) - 2)

    @property
    def icon(self) -> str:
        return BADGES[self.seen.state].icon

    @property
    def colour(self) -> str:
        return BADGES[self.seen.state].colour


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


Group = tuple[str, list[ShownAccount]]


def grouped(seen: Iterable[ShownAccount]) -> list[Group]:
    """Group by environment, the nameless one last."""
    ordered = sorted(seen, key=lambda s: (s.environment == "", s.environment))
    return [
        (environment, list(members))
        for environment, members in groupby(ordered, key=lambda s: s.environment)
    ]


def wide(centre: ShownAccount, seen: Sequence[ShownAccount]) -> Picture:
    """Draw the managing account in the middle and environments on both sides.

    A lone account leaves no side empty: the two are next to each other.
    """
    groups = grouped(seen)
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
        centre,
    )
    picture = Picture(WIDTH, height, middle)
    for side, x in ((left, 0), (right, right_at - NODE_WIDTH // 2)):
        y = (height - tall(side)) // 2
        stack(picture, side, x=x, y=y, width=NODE_WIDTH)
    for node in picture.nodes:
        picture.edges.append(curve(middle, node))
    return picture


def narrow(centre: ShownAccount, seen: Sequence[ShownAccount]) -> Picture:
    """Draw the managing account on top and the others below it, on one trunk."""
    groups = grouped(seen)
    top = Node(0, 0, NARROW_WIDTH, CENTRE_HEIGHT, centre)
    below = CENTRE_HEIGHT + 2 * GAP
    picture = Picture(NARROW_WIDTH, below + tall(groups), top)
    stack(picture, groups, x=INDENT, y=below, width=NARROW_WIDTH - INDENT)
    for node in picture.nodes:
        trunk = INDENT // 2
        path = f"M{trunk} {CENTRE_HEIGHT}V{node.middle}H{node.x}"
        picture.edges.append(Edge(path, node.seen.state))
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
        for seen in members:
            picture.nodes.append(Node(x, y, width, ROW, seen))
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
    mark = (near, node.middle) if node.seen.is_broken else None
    return Edge(path, node.seen.state, mark)
