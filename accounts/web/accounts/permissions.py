"""What Spinnaker may do in an account, as its security reviewer reads it, with the
chain of trust as a picture.

Pure: a chain into boxes, lines and words with coordinates. Templates draw it as SVG.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.external_ids import cancel_rotation, finish_rotation, rotate
from accounts.http import Request, attachment
from accounts.lists.declaration import KINDS, Columns, dated, lines_of_file
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import ForeignPolicy, ManagedAccount
from accounts.review.as_found import reviewed
from accounts.web.crumbs import crumbs
from accounts.web.posts import post
from accounts.web.runs.decisions import account_of
from accounts.web.svg import Rectangle
from onboarding.desired import POLICY_SET
from onboarding.details import DetailsError
from onboarding.resources.policy import as_list
from onboarding.review.effective import all_actions
from onboarding.review.evidence import SPINNAKER, Evidence
from onboarding.review.lines import (
    ONLY,
    Filter,
    Line,
    Risks,
    count_of,
    folded,
    permission_lines,
)
from onboarding.review.permissions import AllowedAction
from onboarding.review.power_user import is_power_users
from onboarding.review.trust_chain import Home, Link, Party, TrustChain
from onboarding.topology import Managing

NARROW, WIDE, COLUMN = 330, 900, 340
"""The picture's width on a phone, its width elsewhere, and there that of a frame."""

LINE, PAD, GAP = 17, 12, 14
"""The height of a line of words, the room around them, and between boxes."""

SIDE, GUTTER, TRUNK, INDENT = 14, 28, 44, 64
"""From a frame's edge: lines next to the boxes, boxes, lines between boxes, and boxes
that hang on such a line.
"""

BOLD, PLAIN = 9, 7.6
"""The width of a character, amply: of a digit in the widest font of a system."""

MOST_LINES, MOST_CLUSTERS = 3, 6


class Point(NamedTuple):
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Words:
    x: int
    y: int
    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Box(Rectangle):
    words: tuple[Words, ...] = ()
    style: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line through points, and where its head points: down, up, left or right."""

    points: tuple[Point, ...]
    style: str = ""

    @property
    def path(self) -> str:
        return "M" + "L".join(f"{x} {y}" for x, y in self.points)

    @property
    def head(self) -> str:
        (x, y), (before_x, before_y) = self.points[-1], self.points[-2]
        if x == before_x:
            back = -7 if y > before_y else 7
            return f"M{x} {y}l-4 {back}h8z"
        back = -7 if x > before_x else 7
        return f"M{x} {y}l{back} -4v8z"


@dataclass(slots=True)
class Drawing:
    width: int
    height: int = 0
    frames: list[Box] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def put(self, party: Party, x: int, y: int, width: int, style: str = "") -> Box:
        """Put a box that is as tall as its words."""
        texts = [(party.kind, ""), (party.name, "name")]
        texts += [(note, "") for note in party.notes]
        top = y + PAD // 2
        words, end = stacked(texts, x + PAD, top, width - 2 * PAD)
        box = Box(x, y, width, end + PAD - 2 - y, tuple(words), style)
        self.boxes.append(box)
        self.height = max(self.height, box.bottom)
        return box

    def label(self, link: Link, x: int, y: int, room: int) -> int:
        """Write how and on which conditions, below y; return where it ends."""
        texts = [(link.verb, "verb"), *((words, "") for words in link.conditions)]
        words, end = stacked(texts, x, y, room)
        self.words += words
        return end

    def head(self, home: Home, x: int, y: int, room: int) -> int:
        """Write what an account is called; return where its boxes may begin."""
        texts = [(home.kind, ""), (f"{home.name} · {home.account_id}", "name")]
        words, end = stacked(texts, x, y + PAD // 2, room)
        self.words += words
        return end + GAP

    def arrow(self, *points: tuple[int, int], style: str = "") -> None:
        arrow = Arrow(tuple(Point(*point) for point in points), style)
        # Where two share a trunk, the solid one is to cover the broken one.
        self.arrows.insert(0 if style else len(self.arrows), arrow)

    def enclose(self, x: int, top: int, width: int, bottom: int) -> None:
        self.frames.append(Box(x, top, width, bottom - top))
        self.height = max(self.height, bottom)


def stacked(
    texts: Iterable[tuple[str, str]], x: int, y: int, room: int
) -> tuple[list[Words], int]:
    """Set (text, style) below one another, each in as many lines as it takes."""
    words = []
    for text, style in texts:
        for line in wrapped(text, int(room / (BOLD if style else PLAIN))):
            y += LINE
            words.append(Words(x, y - 3, line, style))
    return words, y


def wrapped(text: str, most: int) -> list[str]:
    """Break between words, or else between the parts of names; cut what is too long."""
    lines: list[str] = []
    for piece in pieces(text, most):
        if lines and len(lines[-1]) + len(piece.rstrip()) <= most:
            lines[-1] += piece
        else:
            lines.append(piece)
    if len(lines) > MOST_LINES:
        last = lines[MOST_LINES - 1]
        lines[MOST_LINES - 1 :] = [f"{last[: most - 1]}…"]
    return [line.strip() for line in lines]


def pieces(text: str, most: int) -> Iterator[str]:
    """Yield what is best not broken, as far as it fits into a line."""
    for word in re.split(r"(?<= )|(?=/)", text):
        parts = [word] if len(word) <= most else re.split(r"(?<=[:,_-])", word)
        for part in parts:
            for start in range(0, len(part), most):
                yield part[start : start + most]


def narrow(chain: TrustChain) -> Drawing:
    """Draw the managing account above the managed one."""
    drawing = Drawing(NARROW)
    identity = managing_side(drawing, chain, NARROW)
    y = drawing.height
    beside = TRUNK + PAD
    for link in chain.assumes:
        y = drawing.label(link, beside, y, NARROW - beside)
    top = y + GAP
    heading = beside if chain.role else GUTTER
    y = drawing.head(chain.managed, heading, top, NARROW - heading - PAD)
    role, entered = managed_side(drawing, chain, Point(0, y), NARROW)
    drawing.enclose(0, top, NARROW, drawing.height + PAD)
    if role:
        drawing.arrow((TRUNK, identity.bottom), (TRUNK, role.y))
    start = identity.middle
    for box in entered:
        turns = ((SIDE, start), (SIDE, box.middle), (box.x, box.middle))
        drawing.arrow((identity.x, start), *turns)
    return drawing


def wide(chain: TrustChain) -> Drawing:
    """Draw the managing account on the left and the managed one on the right."""
    drawing = Drawing(WIDE)
    identity = managing_side(drawing, chain, COLUMN)
    tall, drawing.height = drawing.height, 0
    x = WIDE - COLUMN
    y = drawing.head(chain.managed, x + GUTTER, 0, COLUMN - 2 * GUTTER)
    role, entered = managed_side(drawing, chain, Point(x, y), COLUMN)
    drawing.enclose(x, 0, COLUMN, drawing.height + PAD)
    drawing.height = max(drawing.height, tall)
    turn = COLUMN + 2 * PAD
    beside, room = turn + PAD, x - turn - PAD
    start, y = Point(identity.right, identity.middle), identity.middle
    if role:
        turns = ((turn, start.y), (turn, role.middle), (role.x, role.middle))
        drawing.arrow(start, *turns)
        for link in chain.assumes:
            y = drawing.label(link, beside, role.middle, room) + LINE + PAD
        start = Point(identity.right - SIDE, identity.bottom)
        y = max(y, identity.bottom + PAD + GAP)
    if entered:
        drawing.words.append(Words(beside, y - 5, "accesses as itself", "verb"))
    for box in entered:
        side = x + SIDE
        turns = ((side, y), (side, box.middle), (box.x, box.middle))
        drawing.arrow(start, *([(start.x, y)] if role else []), *turns)
    return drawing


def managing_side(drawing: Drawing, chain: TrustChain, width: int) -> Box:
    """Draw what becomes Spinnaker's identity, and return the identity."""
    inner = width - 2 * GUTTER
    y = drawing.head(chain.managing, GUTTER, 0, inner)
    running = []
    for link in chain.runs:
        box = drawing.put(link.party, GUTTER, y, inner)
        y = drawing.label(link, TRUNK + PAD, box.bottom, inner - GUTTER) + GAP // 2
        running.append(box)
    identity = drawing.put(chain.identity, GUTTER, y, inner, "own")
    for box in running:
        drawing.arrow((TRUNK, box.bottom), (TRUNK, identity.y))
    drawing.enclose(0, 0, width, identity.bottom + PAD)
    for link in chain.verifies:
        x, free = INDENT + 2 * PAD, width - GUTTER - SIDE - PAD
        beside = x + PAD
        y = drawing.label(link, beside, drawing.height, free + PAD - beside) + GAP // 2
        box = drawing.put(link.party, INDENT, y, free - INDENT, "optional")
        drawing.arrow((x, box.y), (x, identity.bottom), style="optional")
    return identity


def managed_side(
    drawing: Drawing, chain: TrustChain, at: Point, width: int
) -> tuple[Box | None, list[Box]]:
    """Draw the managed role with what hangs on it; return it, and the clusters."""
    x, y = at
    inner = width - 2 * GUTTER
    role = None
    if chain.role:
        role = drawing.put(chain.role, x + GUTTER, y, inner, "own")
        hang(drawing, chain, role)
        y = drawing.height + GAP // 2
    entered = []
    for link in chain.clusters[:MOST_CLUSTERS]:
        y = drawing.label(link, x + GUTTER, y, inner)
        entered.append(drawing.put(link.party, x + GUTTER, y + 4, inner))
        y = entered[-1].bottom + GAP // 2
    if rest := len(chain.clusters) - len(entered):
        text = f"and {rest} more, see the list"
        words, drawing.height = stacked([(text, "")], x + GUTTER, y, inner)
        drawing.words += words
    return role, entered


def hang(drawing: Drawing, chain: TrustChain, role: Box) -> None:
    """Draw who else may assume the managed role, and what it may pass."""
    x = role.x + INDENT - GUTTER
    room = role.right - x
    for link in (*chain.services, *chain.hands):
        style = "not-recommended" if link.is_not_recommended else ""
        y = drawing.label(link, x, drawing.height + GAP // 2, room)
        box = drawing.put(link.party, x, y + 4, room, style)
        if link in chain.services:
            side, end = role.right + SIDE, (role.right, role.middle)
            turns = [(side, box.middle), (side, role.middle), end]
            drawing.arrow((box.right, box.middle), *turns, style=style)
        else:
            trunk = role.x + TRUNK - GUTTER
            turns = [(trunk, box.middle), (box.x, box.middle)]
            drawing.arrow((trunk, role.bottom), *turns, style=style)


ROLES = {"managed": "the managed role", "identity": "Spinnaker's identity"}
FILE: Columns = {
    "role": lambda row: ROLES.get(row[0], row[0]),
    "for": lambda row: row[1].topic,
    "capability": lambda row: row[1].capability,
    "access": lambda row: row[1].access,
    "action": lambda row: row[1].action,
    "resources": lambda row: list(row[1].allowed.resources),
    "condition": lambda row: row[1].condition,
    "reason": lambda row: row[1].allowed.evidence.reason,
    "may_show": lambda row: row[1].shows,
    "in_power_user_access": lambda row: (
        row[1].allowed.evidence.access
        and ("yes" if is_power_users(row[1].action) else "no")
    ),
    "sources": lambda row: list(row[1].allowed.evidence.sources),
}
"""Of the file: what each column holds of a role's key and a line."""


def listing_of(shown: Mapping[str, Any], query: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page shows of what was reviewed."""
    asked = Filter.of(query)
    every = permission_lines(shown["review"].topics)
    own = permission_lines(shown["identity_topics"])
    found = asked.of_all(every)
    granted = shown["size"].comparison.granted
    whole = sum(len(some) for some in all_actions().values())
    return {
        "asked": asked,
        "queried": f"?{urlencode(asked.as_query)}" if asked else "",
        "only": [(key, choice.title) for key, choice in ONLY.items()],
        "risks": Risks.of(every),
        "folds": folded(found),
        "own_folds": folded(asked.of_all(own)),
        "line_count": len(found),
        "found_count": count_of(found),
        "action_count": count_of(every),
        "whole": whole,
        "service_count": len(all_actions()),
        "share": round(100 * granted / whole, 1),
        "is_admin": granted >= whole,
        "others_differ": any(
            said.trust.is_other or said.boundary.is_other or said.policies
            for _, said in shown["other_roles"]
        ),
    }


def rows(shown: Mapping[str, Any], query: Mapping[str, str]) -> list[tuple[str, Line]]:
    """List the lines of the file, each with the key of its role; those of policies of
    others whatever is asked for.
    """
    asked = Filter.of(query)
    clusters = [
        line_of(link.title, link.party.name, link.verb, link.arn, reason=link.sentence)
        for link in shown["chain"].clusters
    ]
    topics = {"identity": shown["identity_topics"]}
    if shown["chain"].role:
        topics = {"managed": shown["review"].topics, **topics}
    return [
        *of_others(shown["reading"].policies),
        *(
            (role, line)
            for role, some in topics.items()
            for line in asked.of_all(permission_lines(some))
        ),
        *(("identity", line) for line in asked.of_all(clusters)),
    ]


def of_others(policies: Iterable[ForeignPolicy]) -> Iterator[tuple[str, Line]]:
    """Yield what policies of others allow or deny, an action a line."""
    for one in policies:
        reason = " ".join(one.effects)
        if one.is_accepted:
            by = f"{one.accepted_by_name} accepted it until {one.until}"
            reason = f"{reason} {by}. {one.why}"
        about = "Policies of others", one.policy, one.state
        if one.document is None:
            yield one.role, line_of(*about, action="not read", reason=reason)
            continue
        for statement in as_list(one.document.get("Statement", [])):
            resources = [
                f"{'' if key == 'Resource' else 'not '}{resource}"
                for key in ("Resource", "NotResource")
                for resource in as_list(statement.get(key, []))
            ]
            verb = "" if statement["Effect"] == "Allow" else "Deny "
            for key in ("Action", "NotAction"):
                excepts = "" if key == "Action" else "NotAction "
                for action in as_list(statement.get(key, [])):
                    line = line_of(
                        *(*about, *resources),
                        action=f"{verb}{excepts}{action}",
                        condition=statement.get("Condition"),
                        reason=reason,
                    )
                    yield one.role, line


def line_of(
    topic: str,
    capability: str,
    access: str,
    *resources: str,
    action: str = "",
    condition: dict[str, Any] | None = None,
    reason: str,
) -> Line:
    """Write as a line what Bowline has no evidence of."""
    evidence = Evidence(reason, (), required=False, access="")
    allowed = AllowedAction(action, resources, condition or {}, evidence)
    return Line(0, topic, capability, access, allowed)


def permissions(request: Request, pk: UUID) -> HttpResponse:
    """Show who may assume the managed role, what it may do, and why; printable."""
    account, managing = account_and_managing(pk)
    shown: dict[str, Any] = {
        "account": account,
        "crumbs": crumbs("accounts", account),
        "latest": POLICY_SET,
        "source": {
            "spinnaker": f"https://github.com/{SPINNAKER.name}/tree/{SPINNAKER.version}",
            "version": SPINNAKER.version.removeprefix("spinnaker-release-"),
        },
    }
    try:
        shown |= reviewed(managing, managed_of(account), account)
    except DetailsError as error:
        shown["trouble"] = str(error)
    else:
        shown |= listing_of(shown, request.GET)
        chain = shown["chain"]
        shown["drawings"] = [("wide", wide(chain)), ("narrow", narrow(chain))]
    return render(request, "permissions/permissions.html", shown)


def permissions_csv(request: Request, pk: UUID) -> HttpResponse:
    """Answer with what is allowed, a line an action, as the page's filter asks."""
    account, managing = account_and_managing(pk)
    try:
        found = reviewed(managing, managed_of(account), account)
    except DetailsError as error:
        raise Http404(str(error)) from error
    text = "".join(lines_of_file("csv", FILE, rows(found, request.GET)))
    return attachment(text, dated(f"permissions-{account.name}", "csv"), KINDS["csv"])


def account_and_managing(pk: UUID) -> tuple[ManagedAccount, Managing]:
    account = account_of(pk)
    try:
        return account, managing_of(managing_row())
    except NoManagingAccount as error:
        raise Http404(str(error)) from error


def settings_of(account: ManagedAccount, *_: Any) -> str:
    return f"{account.get_absolute_url()}?tab=settings"


account_post = partial(post, find=account_of, then=settings_of, refused=settings_of)
rotations = [
    account_post(
        "accounts/<uuid:pk>/rotate/",
        rotate,
        name="rotate",
        said="A new external ID was created. Plan again, so that AWS accepts both.",
    ),
    account_post(
        "accounts/<uuid:pk>/unrotate/",
        cancel_rotation,
        name="unrotate",
        said="Plan again. AWS then accepts only the previous external ID.",
    ),
    account_post(
        "accounts/<uuid:pk>/rotated/",
        finish_rotation,
        name="rotated",
        said="Plan again. AWS then accepts only the new external ID.",
    ),
]
