"""Two JSON documents side by side: policies by statement, unchanged lines folded.

Pure: documents in, rows out; colours and folding are the page's.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

CONTEXT = 3
"""Unchanged lines kept on either side of a change, as in any diff."""

SHORTEST_FOLD = 3
"""Fewer unchanged lines than this are shown: folding them would save nothing."""

ALIKE = 0.5
"""How much two statements without a common Sid must share to be compared."""

Block = tuple[str, ...]
"""Lines that belong together: a statement, or all between two statements."""


class DiffLine(NamedTuple):
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of both sides; a side that has none there is None."""

    kind: str
    """`same`, `changed`, `added` or `removed`."""
    old: DiffLine | None
    new: DiffLine | None


@dataclass(frozen=True, slots=True)
class Hunk:
    """Rows that are changed, that surround a change, or that are folded away."""

    kind: str
    """`same`, `changed` or `folded`."""
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    hunks: tuple[Hunk, ...]
    added: int
    removed: int
    sides: str
    """`both`, or the only one there is: `old` or `new`."""


def compare(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Diff:
    """Compare what stands with what shall stand; None where there is nothing."""
    rows = tuple(numbered(pairs(blocks(before, after), blocks(after, before))))
    return Diff(
        hunks=tuple(hunks(rows)),
        added=sum(row.kind in ("added", "changed") for row in rows),
        removed=sum(row.kind in ("removed", "changed") for row in rows),
        sides="new" if before is None else "old" if after is None else "both",
    )


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


def printed(value: Any, depth: int) -> list[str]:
    """Print a value as JSON, each line indented, without a comma after it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return ["  " * depth + line for line in text.splitlines()]


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
            cut += policy_blocks(key, value, statements(theirs), comma)
        else:
            first, *rest = printed(alike(value, theirs), 1)
            lines = [f"  {json.dumps(key)}: {first.strip()}", *rest]
            cut.append((*lines[:-1], lines[-1] + comma))
    return [*cut, ("}",)]


def policy_blocks(
    key: str, policy: Mapping[str, Any], others: list[Any], comma: str
) -> Iterator[Block]:
    head = [f"  {json.dumps(key)}: {{"]
    for name, value in policy.items():
        if name != "Statement":
            head.append(f"    {json.dumps(name)}: {json.dumps(value)},")
    yield (*head, '    "Statement": [')
    own = statements(policy)
    for position, statement in enumerate(own):
        lines = printed(alike(statement, counterpart(statement, others)), 3)
        last = "" if position == len(own) - 1 else ","
        yield (*lines[:-1], lines[-1] + last)
    yield ("    ]", f"  }}{comma}")


def counterpart(statement: Mapping[str, Any], others: Iterable[Any]) -> Any:
    """Find the statement of the other side with the same Sid, or the likest one."""
    others = [other for other in others if isinstance(other, dict)]
    if sid := statement.get("Sid"):
        return next((other for other in others if other.get("Sid") == sid), None)
    lines = printed(statement, 0)
    ranked = [(likeness(lines, printed(o, 0)), -i) for i, o in enumerate(others)]
    best = max(ranked, default=(0.0, 0))
    return others[-best[1]] if best[0] >= ALIKE else None


def bare(line: str) -> str:
    """Give a line without its comma, which depends on what follows it."""
    return line.removesuffix(",")


def likeness(old: Iterable[str], new: Iterable[str]) -> float:
    matcher = difflib.SequenceMatcher(
        None, [bare(line) for line in old], [bare(line) for line in new], False
    )
    return matcher.ratio()


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
    matcher = difflib.SequenceMatcher(
        None, [bare(line) for line in old], [bare(line) for line in new], False
    )
    for _, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = old[old_from:old_to], new[new_from:new_to]
        for i in range(max(len(gone), len(come))):
            yield (
                gone[i] if i < len(gone) else None,
                come[i] if i < len(come) else None,
            )


def numbered(lines: Iterable[Pair]) -> Iterator[Row]:
    old_number = new_number = 0
    for old, new in lines:
        old_number += old is not None
        new_number += new is not None
        yield Row(
            kind=kind_of(old, new),
            old=None if old is None else DiffLine(old_number, old),
            new=None if new is None else DiffLine(new_number, new),
        )


def kind_of(old: str | None, new: str | None) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "same" if bare(old) == bare(new) else "changed"


def hunks(rows: tuple[Row, ...]) -> Iterator[Hunk]:
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
        yield Hunk(kind, group)
        start = end


def hunk_kind(rows: tuple[Row, ...], index: int, near: set[int]) -> str:
    if rows[index].kind != "same":
        return "changed"
    return "same" if index in near else "folded"
