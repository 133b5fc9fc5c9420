"""Two documents side by side: policies by statement, what is unchanged or long folded.

Pure: documents in, rows out; how they look is the page's.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, zip_longest
from typing import Any, NamedTuple

from accounts.web.highlighting import highlighted_json_line
from accounts.web.runs.review.lines import (
    account_in,
    bare,
    likeness,
    printed,
    printed_short,
    without_account,
)
from accounts.web.runs.review.statements import fields_in_line, statement_in_words
from onboarding.resources.risks import is_risky

CONTEXT = 3
"""Unchanged lines kept on either side of a change, as in any diff."""

SHORTEST_FOLD = 3
"""Fewer unchanged lines than this are shown: folding them would save nothing."""

FEWEST_ALIKE = 5
"""From this many lines on that name the same of different accounts, they are one."""

LISTED = re.compile(r'\s+"(?:\\.|[^"\\])*",?')
SHOWN_OF_LIST, LONG_LIST = 3, 8
"""Of a longer list, in a document that is new or deleted, the first few
are shown; the rest is folded."""

SHORT = 12
"""A policy of at most this many lines is shown whole, a longer one by statement."""

ALIKE = 0.5
"""How much two statements without a common Sid must share to be compared."""

Block = tuple[str, ...]
"""Lines that belong together: a statement, or all between two statements."""


class DiffLine(NamedTuple):
    number: int
    text: str
    html: str = ""
    """The text with syntax colours."""


@dataclass(frozen=True, slots=True)
class DiffRow:
    """One line of both sides; a side that has none there is None."""

    kind: str
    """`same`, `changed`, `added` or `removed`."""
    old: DiffLine | None
    new: DiffLine | None


class Hunk(NamedTuple):
    """Rows that are changed, that surround a change, or that are folded away."""

    kind: str
    """`same`, `changed` or `folded`."""
    rows: tuple[DiffRow, ...]
    says: str = ""
    """What is folded away."""
    opens: bool = False
    inner: tuple[Hunk, ...] = ()
    """What a statement of a new policy is made of; it has no rows of its own then."""
    sign: str = ""
    """`+` or `−` where it is accounts that are all added or removed."""
    accounts: tuple[str, ...] = ()
    """Their ids."""


@dataclass(frozen=True, slots=True)
class Diff:
    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    sides: str
    """`both`, or the only one that differs: `old` or `new`, in one column."""


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Diff:
    """Compare what exists with what is to exist; None where there is nothing."""
    if before is None or after is None:
        return whole(after if before is None else before, is_new=before is None)
    lines = pairs(blocks(before, after), blocks(after, before))
    rows = tuple(numbered(lines, highlighted_json_line))
    return diff_of(rows, hunks(rows))


def diff_of(rows: tuple[DiffRow, ...], laid_out: Iterable[Hunk]) -> Diff:
    """Count what differs, and show one column where only one side does."""
    added = sum(row.kind in ("added", "changed") for row in rows)
    removed = sum(row.kind in ("removed", "changed") for row in rows)
    sides = "both" if bool(added) == bool(removed) else "new" if added else "old"
    return Diff(tuple(laid_out), added, removed, sides)


def whole(document: Mapping[str, Any] | None, *, is_new: bool) -> Diff:
    """Show a document that is new or goes, with long policies by statement."""
    cut = blocks(document, None)
    lines = [line for block in cut for line in block]
    sides = [(None, line) if is_new else (line, None) for line in lines]
    rows = tuple(numbered(sides, highlighted_json_line))
    policies = [value for value in (document or {}).values() if is_policy(value)]
    is_long = len(rows) > SHORT and len(policies) == 1
    return Diff(
        hunks=tuple(
            by_statement(document or {}, cut, rows) if is_long else folded_hunks(rows)
        ),
        added=len(rows) if is_new else 0,
        removed=0 if is_new else len(rows),
        sides="new" if is_new else "old",
    )


def by_statement(
    document: Mapping[str, Any], cut: list[Block], rows: tuple[DiffRow, ...]
) -> Iterator[Hunk]:
    """Fold each statement under a line that says it; what is risky begins open."""
    own = {key: statements(value) for key, value in document.items()}
    (policy,) = (key for key, value in document.items() if is_policy(value))
    keys = list(document)
    at = keys.index(policy)
    sizes = [len(block) for block in cut]
    first = at + 2  # after the brace that opens, and after the head of the policy
    last = first + len(own[policy])
    spans = spans_of(sizes, rows)
    head = tuple(row for span in spans[:first] for row in span)
    yield Hunk("folded", head, fields_in_line(document, keys[:at]))
    tail = tuple(row for span in spans[last:] for row in span)
    fields = fields_in_line(document, keys[at + 1 :])
    if not fields:  # only braces: they close the last statement, too
        spans[last - 1] += tail
    for statement, span in zip(own[policy], spans[first:last], strict=True):
        inner = tuple(folded_hunks(span))
        yield Hunk(
            "folded", (), statement_in_words(statement), is_risky(statement), inner
        )
    if fields:
        yield Hunk("folded", tail, fields)


def spans_of(
    sizes: Iterable[int], rows: tuple[DiffRow, ...]
) -> list[tuple[DiffRow, ...]]:
    left = iter(rows)
    return [tuple(islice(left, size)) for size in sizes]


def alike(value: Any, other: Any) -> Any:
    """Write a scalar as a list of one where the other side has a list.

    IAM does not tell them apart, and one more action is then one more line.
    """
    if isinstance(other, list) and not isinstance(value, list):
        return [value]
    if isinstance(value, dict) and isinstance(other, dict):
        return {key: alike(item, other.get(key)) for key, item in value.items()}
    return value


def is_policy(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("Statement"), list)


def statements(value: Any) -> list[Any]:
    return list(value["Statement"]) if is_policy(value) else []


def blocks(
    document: Mapping[str, Any] | None, other: Mapping[str, Any] | None
) -> list[Block]:
    """Cut a document into its lines, each statement of a policy in one block."""
    if document is None:
        return []
    cut: list[Block] = [("{",)]
    for position, (key, value) in enumerate(document.items()):
        comma = "," if position < len(document) - 1 else ""
        theirs = (other or {}).get(key)
        if is_policy(value):
            others = None if other is None else statements(theirs)
            cut += policy_blocks(key, value, others, comma)
        else:
            write = printed_short if other is None else printed
            first, *rest = write(alike(value, theirs), 1)
            lines = [f"  {json.dumps(key)}: {first.strip()}", *rest]
            cut.append((*lines[:-1], lines[-1] + comma))
    return [*cut, ("}",)]


def policy_blocks(
    key: str, policy: Mapping[str, Any], others: list[Any] | None, comma: str
) -> Iterator[Block]:
    head = [f"  {json.dumps(key)}: {{"]
    for name, value in policy.items():
        if name != "Statement":
            head.append(f"    {json.dumps(name)}: {json.dumps(value)},")
    yield (*head, '    "Statement": [')
    own = statements(policy)
    for position, statement in enumerate(own):
        if others is None:
            lines = printed_short(statement, 3, spread=True)
        else:
            lines = printed(alike(statement, counterpart(statement, others)), 3)
        last = "" if position == len(own) - 1 else ","
        yield (*lines[:-1], lines[-1] + last)
    yield ("    ]", f"  }}{comma}")


def counterpart(statement: Mapping[str, Any], others: Iterable[Any]) -> Any:
    """Find the statement of the other side with this Sid, or the most alike."""
    others = [other for other in others if isinstance(other, dict)]
    if sid := statement.get("Sid"):
        return next((other for other in others if other.get("Sid") == sid), None)
    lines = printed(statement, 0)
    ranked = [(likeness(lines, printed(o, 0)), -i) for i, o in enumerate(others)]
    best = max(ranked, default=(0.0, 0))
    return others[-best[1]] if best[0] >= ALIKE else None


def name_of(block: Block) -> str:
    """Name a block by its Sid, or by its first line where it has none."""
    return bare(next((line for line in block if line.lstrip()[:6] == '"Sid":'), ""))


def matches(old: Block, new: Block) -> bool:
    if name_of(old) or name_of(new):
        return name_of(old) == name_of(new)
    return bare(old[0]) == bare(new[0]) and likeness(old, new) >= ALIKE


Pair = tuple[str | None, str | None]


def pairs(old: list[Block], new: list[Block]) -> Iterator[Pair]:
    """Set lines side by side, block by block: those that match, the rest alone."""
    start = 0
    for block in old:
        found = next(
            (i for i in range(start, len(new)) if matches(block, new[i])), None
        )
        if found is None:
            yield from ((line, None) for line in block)
            continue
        for added in new[start:found]:
            yield from ((None, line) for line in added)
        yield from block_pairs(block, new[found])
        start = found + 1
    for added in new[start:]:
        yield from ((None, line) for line in added)


def block_pairs(old: Block, new: Block) -> Iterator[Pair]:
    return zip_sides(old, new, *([bare(line) for line in of] for of in (old, new)))


def zip_sides(
    old: Block, new: Block, old_like: Sequence[str], new_like: Sequence[str]
) -> Iterator[Pair]:
    """Set lines side by side that are alike, and those between them as they come:
    except ARNs of accounts, of which one never becomes another.
    """
    matcher = difflib.SequenceMatcher(None, old_like, new_like, False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        was, now = old[old_from:old_to], new[new_from:new_to]
        if tag == "replace" and all(map(account_in, (*was, *now))):
            yield from ((line, None) for line in was)
            yield from ((None, line) for line in now)
        else:
            yield from zip_longest(was, now)


def numbered(
    lines: Iterable[Pair], coloured: Callable[[str], str], *, exact: bool = False
) -> Iterator[DiffRow]:
    old_number = new_number = 0
    for old, new in lines:
        old_number += old is not None
        new_number += new is not None
        yield DiffRow(
            kind=kind_of(old, new, exact=exact),
            old=None if old is None else DiffLine(old_number, old, coloured(old)),
            new=None if new is None else DiffLine(new_number, new, coloured(new)),
        )


def kind_of(old: str | None, new: str | None, *, exact: bool) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    is_same = old == new if exact else bare(old) == bare(new)
    return "same" if is_same else "changed"


def by_account(rows: Iterable[DiffRow]) -> Iterator[Hunk]:
    """Fold lines that only differ in the account whose thing they add or remove."""
    shown: list[DiffRow] = []
    for is_alike, group in groupby(rows, shape):
        lines = tuple(group)
        if not is_alike or len(lines) < FEWEST_ALIKE:
            shown += lines
            continue
        if shown:
            yield Hunk("changed", tuple(shown))
        yield accounts_hunk(lines)
        shown = []
    if shown:
        yield Hunk("changed", tuple(shown))


def accounts_hunk(rows: tuple[DiffRow, ...]) -> Hunk:
    lines = [row.new or row.old for row in rows]
    ids = tuple(account_in(line.text) for line in lines if line)
    sign = "+" if rows[0].new else "−"
    return Hunk("folded", rows, f"{len(ids):,} accounts", sign=sign, accounts=ids)


def shape(row: DiffRow) -> tuple[str, str] | None:
    """Return what lines have in common that name the same of different accounts."""
    line = row.new or row.old
    if line is None or (row.old and row.new) or not account_in(line.text):
        return None
    return row.kind, without_account(line.text)


def folded_hunks(rows: tuple[DiffRow, ...]) -> Iterator[Hunk]:
    """Fold the long lists of a document that has one side only."""
    for hunk in by_account(rows):
        yield from [hunk] if hunk.sign else long_lists(hunk.rows)


def long_lists(rows: tuple[DiffRow, ...]) -> Iterator[Hunk]:
    shown: list[DiffRow] = []
    for is_listed, group in groupby(rows, is_list_item):
        items = tuple(group)
        if not is_listed or len(items) < LONG_LIST:
            shown += items
            continue
        shown += items[:SHOWN_OF_LIST]
        yield Hunk("changed", tuple(shown))
        more = items[SHOWN_OF_LIST:]
        yield Hunk("folded", more, f"{len(more)} more lines")
        shown = []
    if shown:
        yield Hunk("changed", tuple(shown))


def is_list_item(row: DiffRow) -> bool:
    line = row.new or row.old
    return line is not None and bool(LISTED.fullmatch(line.text))


def hunks(rows: tuple[DiffRow, ...]) -> Iterator[Hunk]:
    """Group the rows; fold what is unchanged and far from any change."""
    changed = [i for i, row in enumerate(rows) if row.kind != "same"]
    near = {j for i in changed for j in range(i - CONTEXT, i + CONTEXT + 1)}
    start = 0
    while start < len(rows):
        kind = hunk_kind(rows, start, near)
        end = start + 1
        while end < len(rows) and hunk_kind(rows, end, near) == kind:
            end += 1
        group = rows[start:end]
        if kind == "folded" and len(group) < SHORTEST_FOLD:
            kind = "same"
        if kind == "changed":
            yield from by_account(group)
        else:
            yield Hunk(kind, group, f"{len(group)} unchanged lines")
        start = end


def hunk_kind(rows: tuple[DiffRow, ...], index: int, near: set[int]) -> str:
    if rows[index].kind != "same":
        return "changed"
    return "same" if index in near else "folded"
