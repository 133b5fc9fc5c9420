"""Two documents side by side: policies by statement, what is unchanged or long folded.

Pure: documents in, rows out; how they look is the page's.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice, takewhile, zip_longest
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from django.utils.html import escape

from accounts.web.highlighting import highlighted_json_line
from onboarding.resources.kinds import ClusterAccess, Key
from onboarding.resources.policy import as_list
from onboarding.resources.risks import is_risky
from onboarding.resources.trusts import principals

MOST_LINES = 1500
"""Of two files no more lines than this are compared: it would take seconds."""


def compare_texts(
    before: str | None, after: str | None, coloured: Callable[[str], str] = escape
) -> Diff | None:
    """Compare two files by their lines; None: too much differs to be shown.

    Of unchanged lines only those near a change are kept.
    """
    old, new = (tuple((text or "").splitlines()) for text in (before, after))
    head = common(old, new)
    tail = common(old[head:][::-1], new[head:][::-1])
    middle = old[head : len(old) - tail], new[head : len(new) - tail]
    if max(map(len, middle)) > MOST_LINES:
        return None
    lines = chain(
        zip(old[:head], new[:head], strict=True),
        zip_sides(*middle, like=str),
        zip(old[len(old) - tail :], new[len(new) - tail :], strict=True),
    )
    rows = tuple(numbered(lines, coloured, like=str))
    return diff_of(rows, without_folded(hunks(rows)))


def common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the lines with which both begin."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def without_folded(found: Iterable[Hunk]) -> Iterator[Hunk]:
    for hunk in found:
        is_same = hunk.kind == "folded" and not hunk.sign
        yield hunk._replace(rows=()) if is_same else hunk


Names = Mapping[str, str]
"""What Bowline calls accounts, by id."""

NO_ONE: Names = MappingProxyType({})


def called(account_id: str, names: Names) -> str:
    """Name an account that Bowline knows: “payments (922222222222)”; others by id."""
    name = (names or NO_ONE).get(account_id)
    return f"{name} ({account_id})" if name else account_id


def short_name(key: Key) -> str:
    """Name a change where its card is one click away."""
    if key.kind != ClusterAccess.kind:
        return key.name
    region, cluster, _principal = key.name.split("/", 2)
    return f"{cluster} · {region}"


OF_ACCOUNT = re.compile(r'\s+"arn:[^"]*:(\d{12}):[^"]*",?')
"""A line of a list that names something of an account by its ARN."""

WIDE = 76
"""A value without a counterpart is printed in one line of at most this many letters."""


def account_in(line: str) -> str:
    """Return the id of the account; empty where the line is no such ARN."""
    found = OF_ACCOUNT.fullmatch(line)
    return found[1] if found else ""


def without_account(line: str) -> str:
    """Return a line as it would be for any account."""
    return bare(line).replace(account_in(line), "", 1)


def bare(line: str) -> str:
    """Return a line without its comma, which depends on what follows it."""
    return line.removesuffix(",")


def likeness(old: Iterable[str], new: Iterable[str]) -> float:
    """Compare by lines; how many accounts a list names makes no difference."""
    matcher = difflib.SequenceMatcher(None, condensed(old), condensed(new), False)
    return matcher.ratio()


def condensed(lines: Iterable[str]) -> list[str]:
    return [shape for shape, _ in groupby(map(without_account, lines))]


def printed(value: Any, depth: int) -> list[str]:
    """Print a value as JSON, each line indented, without a comma after it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return ["  " * depth + line for line in text.splitlines()]


def printed_short(value: Any, depth: int, *, spread: bool = False) -> list[str]:
    """Print it with as much in a line as fits, where nothing is compared with it.

    spread: an object has a line for each of its parts, however short it is.
    """
    line = "  " * depth + json.dumps(value, ensure_ascii=False)
    if len(line) <= WIDE and not spread:
        return [line]
    if not isinstance(value, dict):
        return printed(value, depth)
    lines = ["  " * depth + "{"]
    for position, (key, inner) in enumerate(value.items()):
        first, *rest = printed_short(inner, depth + 1)
        lines += [f"{'  ' * (depth + 1)}{json.dumps(key)}: {first.strip()}", *rest]
        lines[-1] += "," if position < len(value) - 1 else ""
    return [*lines, "  " * depth + "}"]


def statement_in_words(statement: Mapping[str, Any]) -> str:
    """Say it: “EC2Read: Allows 12 actions of ec2 on every resource”."""
    sid = f"{statement['Sid']}: " if statement.get("Sid") else ""
    verb = "Allows" if statement.get("Effect") == "Allow" else "Denies"
    return f"{sid}{verb} {' '.join(parts(statement))}"


def parts(statement: Mapping[str, Any]) -> Iterator[str]:
    yield from either(statement, "Action", "actions", listed_actions)
    sides = (statement.get(key, {}) for key in ("Principal", "NotPrincipal"))
    if named := [name for side in sides for _, name in principals(side)]:
        yield f"to {named_or_counted(named, 'principals')}"
    if "Resource" in statement or "NotResource" in statement:
        yield "on"
        yield from either(statement, "Resource", "resources", named_or_counted)
    tests = statement.get("Condition", {}).values()
    if keys := [key for test in tests for key in test]:
        yield f"if {' and '.join(keys)}"


def either(
    statement: Mapping[str, Any], key: str, what: str, write: Any
) -> Iterator[str]:
    """Yield what is named, or that all else is meant."""
    if f"Not{key}" in statement:
        yield "all but"
    values = as_list(statement.get(key, statement.get(f"Not{key}", [])))
    if values:
        yield write([str(value) for value in values], what)


def named_or_counted(values: list[str], what: str) -> str:
    if values == ["*"]:
        return f"all {what}"
    return values[0] if len(values) == 1 else f"{len(values)} {what}"


def listed_actions(actions: list[str], what: str) -> str:
    services = sorted({action.partition(":")[0] for action in actions})
    more = f" of {', '.join(services)}" if len(actions) > 1 else ""
    return named_or_counted(actions, what) + more


def fields_in_line(document: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Say a document's plain fields: “name: BaseIAMRole, path: /”."""
    return ", ".join(
        f"{key.replace('_', ' ')}: {spelled(document[key]) or 'none'}" for key in keys
    )


def spelled(value: Any) -> str:
    """Write a field's value as text: a list with commas; empty: nothing."""
    if isinstance(value, bool):
        return "yes" if value else ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


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
        return whole(before or after or {}, is_new=before is None)
    lines = pairs(blocks(before, after), blocks(after, before))
    rows = tuple(numbered(lines, highlighted_json_line))
    return diff_of(rows, hunks(rows))


def diff_of(rows: tuple[DiffRow, ...], laid_out: Iterable[Hunk]) -> Diff:
    """Count what differs, and show one column where only one side does."""
    added = sum(row.kind in ("added", "changed") for row in rows)
    removed = sum(row.kind in ("removed", "changed") for row in rows)
    sides = "both" if bool(added) == bool(removed) else "new" if added else "old"
    return Diff(tuple(laid_out), added, removed, sides)


def whole(document: Mapping[str, Any], *, is_new: bool) -> Diff:
    """Show a document that is new or goes, with long policies by statement."""
    cut = blocks(document, None)
    lines = [line for block in cut for line in block]
    sides = [(None, line) if is_new else (line, None) for line in lines]
    rows = tuple(numbered(sides, highlighted_json_line))
    policies = [key for key, value in document.items() if is_policy(value)]
    if len(rows) <= SHORT or len(policies) != 1:
        return diff_of(rows, folded_hunks(rows))
    return diff_of(rows, by_statement(document, policies[0], cut, rows))


def by_statement(
    document: Mapping[str, Any],
    policy: str,
    cut: list[Block],
    rows: tuple[DiffRow, ...],
) -> Iterator[Hunk]:
    """Fold each statement under a line that says it; what is risky begins open."""
    own, keys = statements(document[policy]), list(document)
    at = keys.index(policy)
    first = at + 2  # after the brace that opens, and after the head of the policy
    last = first + len(own)
    left = iter(rows)
    spans = [tuple(islice(left, len(block))) for block in cut]
    head = tuple(row for span in spans[:first] for row in span)
    yield Hunk("folded", head, fields_in_line(document, keys[:at]))
    tail = tuple(row for span in spans[last:] for row in span)
    fields = fields_in_line(document, keys[at + 1 :])
    if not fields:  # only braces: they close the last statement, too
        spans[last - 1] += tail
    for statement, span in zip(own, spans[first:last], strict=True):
        inner = tuple(folded_hunks(span))
        yield Hunk(
            "folded", (), statement_in_words(statement), is_risky(statement), inner
        )
    if fields:
        yield Hunk("folded", tail, fields)


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


def blocks(document: Mapping[str, Any], other: Mapping[str, Any] | None) -> list[Block]:
    """Cut a document into its lines, each statement of a policy in one block."""
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
        yield from zip_sides(block, new[found], like=bare)
        start = found + 1
    for added in new[start:]:
        yield from ((None, line) for line in added)


Like = Callable[[str], str]
"""What is compared of a line."""


def zip_sides(old: Block, new: Block, *, like: Like) -> Iterator[Pair]:
    """Set lines side by side that are alike, and those between them as they come:
    except ARNs of accounts, of which one never becomes another.
    """
    was, now = ([*map(like, lines)] for lines in (old, new))
    matcher = difflib.SequenceMatcher(None, was, now, False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        gone, come = old[old_from:old_to], new[new_from:new_to]
        if tag == "replace" and all(map(account_in, (*gone, *come))):
            yield from ((line, None) for line in gone)
            yield from ((None, line) for line in come)
        else:
            yield from zip_longest(gone, come)


def numbered(
    lines: Iterable[Pair], coloured: Callable[[str], str], *, like: Like = bare
) -> Iterator[DiffRow]:
    old_number = new_number = 0
    for old, new in lines:
        old_number += old is not None
        new_number += new is not None
        yield DiffRow(
            kind=kind_of(old, new, like),
            old=None if old is None else DiffLine(old_number, old, coloured(old)),
            new=None if new is None else DiffLine(new_number, new, coloured(new)),
        )


def kind_of(old: str | None, new: str | None, like: Like) -> str:
    if old is None:
        return "added"
    if new is None:
        return "removed"
    return "same" if like(old) == like(new) else "changed"


def by_account(rows: Iterable[DiffRow]) -> Iterator[Hunk]:
    """Fold lines that only differ in the account whose thing they add or remove."""
    return fold(rows, shape, FEWEST_ALIKE, accounts_hunk)


def fold(
    rows: Iterable[DiffRow],
    kind: Callable[[DiffRow], Any],
    fewest: int,
    folded: Callable[[tuple[DiffRow, ...]], Hunk],
    *,
    first: int = 0,
) -> Iterator[Hunk]:
    """Fold rows that follow each other and are of one kind, but for the first ones,
    where they are at least this many; the others are shown.
    """
    shown: list[DiffRow] = []
    for is_one, group in groupby(rows, kind):
        lines = tuple(group)
        if not is_one or len(lines) < fewest:
            shown += lines
            continue
        shown += lines[:first]
        if shown:
            yield Hunk("changed", tuple(shown))
        yield folded(lines[first:])
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
        if hunk.sign:
            yield hunk
            continue
        yield from fold(
            hunk.rows, is_list_item, LONG_LIST, items_hunk, first=SHOWN_OF_LIST
        )


def items_hunk(rows: tuple[DiffRow, ...]) -> Hunk:
    return Hunk("folded", rows, f"{len(rows)} more lines")


def is_list_item(row: DiffRow) -> bool:
    line = row.new or row.old
    return line is not None and bool(LISTED.fullmatch(line.text))


def hunks(rows: tuple[DiffRow, ...]) -> Iterator[Hunk]:
    """Group the rows; fold what is unchanged and far from any change."""
    changed = [i for i, row in enumerate(rows) if row.kind != "same"]
    near = {j for i in changed for j in range(i - CONTEXT, i + CONTEXT + 1)}
    kinds = [
        "changed" if row.kind != "same" else "same" if i in near else "folded"
        for i, row in enumerate(rows)
    ]
    for kind, near_by in groupby(zip(kinds, rows, strict=True), itemgetter(0)):
        group = tuple(row for _, row in near_by)
        if kind == "changed":
            yield from by_account(group)
            continue
        shown = "same" if len(group) < SHORTEST_FOLD else kind
        yield Hunk(shown, group, f"{len(group)} unchanged lines")
