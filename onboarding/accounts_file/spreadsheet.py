"""The accounts file as CSV: another spelling of the same rows, read by the same reader.

A row becomes the nodes that YAML would give, with the row's line. A list is separated
by `;`. A provider's cell is `yes`, or its details as in YAML.

All CSV that leaves Bowline is written by `csv_row`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

import yaml

from onboarding.accounts_file.reader import (
    LONGEST,
    MOST_ACCOUNTS,
    REFUSED,
    TOO_MANY,
    Reader,
)
from onboarding.bounded_yaml import CORE, BadYaml, composed
from onboarding.description.fields import FIELDS, Field, Kind
from onboarding.names import UNSEEN, short
from onboarding.providers import PROVIDERS

BY_KEY = {one.key: one for one in FIELDS}
"""By the names of columns, all but the providers'."""
COLUMNS = (*BY_KEY, *PROVIDERS)
MOST_COLUMNS = 100
NEEDED = tuple(one.key for one in FIELDS if one.is_needed)

SIGNS = r"=+\-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b"
"""What a spreadsheet takes for the beginning of a formula, in each width."""
BREAKS = r";,|\t\n\x0b\x0c\r\x1c-\x1f\x85\u2028\u2029"
"""Where some spreadsheet, by its settings, begins another cell."""
PLACE = re.compile(
    rf"""(^[{BREAKS}\s"{UNSEEN}]*|[{BREAKS}\s"{UNSEEN}]+)('*)(?=([{SIGNS}])?)"""
)
"""Breaks, quotes and what nobody sees; apostrophes, and the sign that may follow."""
BREAK = re.compile(f"[{BREAKS}]")
PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/+-]*")
"""Most cells: no formula begins in them."""

SEPARATORS = {
    Kind.REGIONS: re.compile(r"[;,\s]+"),
    Kind.GROUPS: re.compile(r"[;,\n]"),
}
"""Roles of Fiat have spaces in them, regions have not."""

YES, NO = ("yes", "true", "x"), ("no", "false")
WORKBOOK = b"PK\x03\x04"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
SAVE_AS = "In the spreadsheet, save the file as “CSV UTF-8”."
DETAILS = "Write yes, no, or details as in YAML, such as {access: read}."


class Line:
    """A file that gives back what is written to it."""

    def write(self, text: str) -> str:
        return text


def csv_row(cells: Iterable[str]) -> str:
    """Write a row of which no spreadsheet calculates anything, wherever it separates
    the cells.
    """
    row: str = csv.writer(Line(), quoting=csv.QUOTE_ALL).writerow(map(guarded, cells))
    return row


def guarded(text: str) -> str:
    """Add an apostrophe where a formula could begin."""
    if PLAIN.fullmatch(text):
        return text
    return PLACE.sub(lambda at: at[0] + "'" * begins_formula(at), text)


def unguarded(cell: str) -> str:
    """Read a cell without what keeps a spreadsheet from calculating it."""
    return PLACE.sub(lambda at: at[1] + at[2][begins_formula(at) :], cell)


def begins_formula(at: re.Match[str]) -> bool:
    return bool(at[3] and (at.start() == 0 or BREAK.search(at[1])))


def wrong_format(content: bytes) -> str:
    """Say which other format a spreadsheet saved the file in; empty: none is known."""
    if content.startswith(WORKBOOK):
        return f"This is a workbook, and not a CSV file. {SAVE_AS}"
    if content.startswith(UTF_16):
        return f"This is UTF-16. {SAVE_AS}"
    return ""


def is_csv(content: bytes) -> bool:
    """Tell CSV from YAML by the first line, where no file name does."""
    first = content.lstrip(b"\xef\xbb\xbf\r\n").split(b"\n", 1)[0]
    return b":" not in first and any(mark in first for mark in (b",", b";", b"\t"))


def rows_as_nodes(reader: Reader, text: str) -> yaml.SequenceNode:
    """Return the rows as YAML's list of accounts; note problems with the table."""
    rows = numbered_rows(reader, text)
    line, heading = next(rows, (1, []))
    columns = read_heading(reader, line, heading)
    accounts: list[yaml.Node] = []
    for number, (line, row) in enumerate(rows if columns else ()):
        if number == MOST_ACCOUNTS:
            reader.wrong(mark_node(line), TOO_MANY)
            accounts.clear()
            break
        account = account_node(reader, columns, line, row)
        if account is not None:
            accounts.append(account)
    return yaml.SequenceNode(f"{CORE}seq", accounts, mark(0))


def numbered_rows(reader: Reader, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not empty, with the line on which it begins."""
    lines = io.StringIO(text, newline="")
    first = text.split("\n", 1)[0]
    before = 0
    if re.fullmatch(r"sep=[,;\t]\r?", first):  # Excel's own hint, no row
        next(lines)
        before, first = 1, text.split("\n", 2)[1]
    delimiter = max(",;\t", key=first.count)
    table = csv.reader(lines, delimiter=delimiter, strict=True)
    line = before + 1
    try:
        for row in table:
            if any(cell.strip() for cell in row):
                yield line, row
            line = before + table.line_num + 1
    except csv.Error as error:
        reader.wrong(mark_node(line), f"Invalid CSV: {error}.")


def read_heading(reader: Reader, line: int, heading: list[str]) -> list[str]:
    """Return the columns; none where the heading cannot be used."""
    where = mark_node(line)
    known = f"The columns are {', '.join(COLUMNS)}."
    if len(heading) > MOST_COLUMNS:
        reader.wrong(where, f"The heading has {len(heading):,} columns. {known}")
        return []
    columns = [column_of(cell) for cell in heading]
    while columns and not columns[-1]:
        columns.pop()
    before = len(reader.problems)
    for number, (column, cell) in enumerate(zip(columns, heading, strict=False)):
        if column not in COLUMNS:
            named = f"“{short(cell)}”" if cell.strip() else f"number {number + 1}"
            reader.wrong(where, f"There is no column {named}. {known}")
        elif column in columns[:number]:
            reader.wrong(where, f"The column “{column}” is there twice.")
    for column in NEEDED:
        if column not in columns:
            reader.wrong(where, f"The column “{column}” is missing. {known}")
    return columns if len(reader.problems) == before else []


def column_of(cell: str) -> str:
    """Return the column that a heading means, whatever its case."""
    text = re.sub(r"[\s-]+", "_", cell.strip().casefold())
    return {column.casefold(): column for column in COLUMNS}.get(text, text)


def account_node(
    reader: Reader, columns: list[str], line: int, row: list[str]
) -> yaml.MappingNode | None:
    where = mark(line - 1)
    if any(cell.strip() for cell in row[len(columns) :]):
        reader.wrong(
            mark_node(line),
            f"This row has {len(row):,} cells, and the heading has {len(columns)}. Put "
            "a cell that contains the separator in double quotes.",
        )
        return None
    cells = {
        column: unguarded(cell.strip())
        for column, cell in zip(columns, row, strict=False)
        if cell.strip()
    }
    nodes: dict[str, yaml.Node] = {}
    providers: dict[str, yaml.Node] = {}
    within: dict[str, dict[str, yaml.Node]] = {}
    for column, cell in cells.items():
        if one := BY_KEY.get(column):
            *above, key = one.keys
            place = within.setdefault(above[0], {}) if above else nodes
            place[key] = field_node(reader, one, cell, where)
        elif cell.casefold() not in NO:
            providers[column] = details_node(reader, column, cell, where)
    for key, inner in {**within, "providers": providers}.items():
        nodes[key] = mapping_node(inner, where)
    return mapping_node(nodes, where)


def field_node(reader: Reader, one: Field, cell: str, where: yaml.Mark) -> yaml.Node:
    if one.is_list:
        return list_node(reader, one, cell, where)
    if one.kind in (Kind.TRUTH, Kind.INSTEAD):
        return truth_node(cell, where)
    if one.kind in (Kind.CARRIED, Kind.NAMES):
        written = yaml_node(reader, one.key, cell, where)
        return written or mapping_node({}, where)
    return text_node(cell, where)


def list_node(
    reader: Reader, one: Field, cell: str, where: yaml.Mark
) -> yaml.SequenceNode:
    """Read a list: separated, or in brackets as in YAML."""
    if cell.startswith("["):
        written = yaml_node(reader, one.key, cell, where)
        if isinstance(written, yaml.SequenceNode):
            return written
    parts = (part.strip() for part in SEPARATORS[one.kind].split(cell))
    items = [text_node(part, where) for part in parts if part]
    return yaml.SequenceNode(f"{CORE}seq", items, where)


def truth_node(cell: str, where: yaml.Mark) -> yaml.ScalarNode:
    word = cell.casefold()
    if word in YES or word in NO:
        return yaml.ScalarNode(f"{CORE}bool", str(word in YES).lower(), where)
    return text_node(cell, where)


def details_node(reader: Reader, key: str, cell: str, where: yaml.Mark) -> yaml.Node:
    if cell.casefold() in YES:
        return mapping_node({}, where)
    node = yaml_node(reader, key, cell, where)
    if isinstance(node, yaml.ScalarNode):
        reader.wrong(node, f"{key}: “{short(cell)}” isn't valid. {DETAILS}")
        node = None
    return node or yaml.ScalarNode(REFUSED, cell, where)


def yaml_node(
    reader: Reader, column: str, cell: str, where: yaml.Mark
) -> yaml.Node | None:
    """Read a cell that is written as in YAML; every part of it gets the row's line."""
    if "&" in cell or "*" in cell:
        # Ten thousand cells with aliases are ten thousand times what one may hold.
        sentence = "A cell can't use anchors or aliases."
        reader.wrong(mark_node(where.line + 1), f"{column}: {sentence}")
        return None
    try:
        node = composed_cell(cell) if len(cell) <= LONGEST else composed(cell)
    except BadYaml as error:
        reader.wrong(mark_node(where.line + 1), f"{column}: {error.sentence}")
        return None
    return None if node is None else placed(node, where)


@lru_cache(maxsize=256)
def composed_cell(cell: str) -> yaml.Node | None:
    """Read what many rows say once."""
    return composed(cell)


def placed(node: yaml.Node, where: yaml.Mark) -> yaml.Node:
    """Return a copy of the node at another place."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(placed(key, where), placed(one, where)) for key, one in node.value]
        return yaml.MappingNode(node.tag, pairs, where)
    if isinstance(node, yaml.SequenceNode):
        items = [placed(item, where) for item in node.value]
        return yaml.SequenceNode(node.tag, items, where)
    return yaml.ScalarNode(node.tag, node.value, where)


def mapping_node(values: Mapping[str, yaml.Node], where: yaml.Mark) -> yaml.MappingNode:
    pairs = [(text_node(key, where), value) for key, value in values.items()]
    return yaml.MappingNode(f"{CORE}map", pairs, where)


def text_node(text: str, where: yaml.Mark) -> yaml.ScalarNode:
    return yaml.ScalarNode(f"{CORE}str", text, where)


def mark_node(line: int) -> yaml.ScalarNode:
    return text_node("", mark(line - 1))


def mark(line: int) -> yaml.Mark:
    """Name a place as YAML's parser does: lines count from 0."""
    return yaml.Mark("", 0, line, 0, None, 0)
