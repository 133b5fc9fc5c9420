"""The blocks of code in documents, and what a document says of running each.

```` ```sh ```` is run by a test; ```` ```sh (not run: why) ```` is only checked.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md"))]
PARSER = MarkdownIt("commonmark").enable("table")
OLD = {"history.md", "editing.md"}
"""Documents that quote what was said earlier."""
INFO = re.compile(r"(\w*)(?: \(not run: (.+)\))?")
ENDS_WITH = re.compile(r"# exit code (\d)$")
CALLS = ("&&", ";", "|")


class Block(NamedTuple):
    page: str
    language: str
    reason: str
    """Why it is not run; empty: it is."""
    text: str

    @property
    def lines(self) -> list[str]:
        """List the commands; a line that ends with a backslash goes on in the next."""
        joined = self.text.replace("\\\n", " ").splitlines()
        return [line for line in joined if line.strip() and line.strip()[0] != "#"]


class Run(NamedTuple):
    line: str
    ends_with: int


@cache
def parsed(path: Path) -> Sequence[Token]:
    return PARSER.parse(path.read_text())


def blocks() -> Iterator[Block]:
    for path in DOCUMENTS:
        page = str(path.relative_to(ROOT))
        for token in parsed(path):
            if token.type in {"fence", "code_block"}:
                known = INFO.fullmatch(token.info)
                language, reason = known.groups() if known else (token.info, "")
                yield Block(page, language, reason or "", token.content)


def blocks_of(page: str, language: str) -> list[Block]:
    return [one for one in blocks() if (one.page, one.language) == (page, language)]


def runs(block: Block) -> list[Run]:
    """List the commands of a block, each with the exit code that the page says."""
    return [
        Run(line, int(found[1]) if (found := ENDS_WITH.search(line)) else 0)
        for line in block.lines
    ]


def calls(line: str) -> Iterator[list[str]]:
    """Split a line into its commands, and these into words."""
    call: list[str] = []
    for word in shlex.split(line, comments=True):
        if word in CALLS:
            yield call
            call = []
        else:
            call.append(word)
    yield call


def inline_commands() -> Iterator[tuple[str, str]]:
    """Yield the commands of manage.py that sentences have, with their pages."""
    for path in DOCUMENTS:
        if path.name in OLD:
            continue
        for token in parsed(path):
            for child in token.children or ():
                if child.type == "code_inline" and "manage.py " in child.content:
                    yield str(path.relative_to(ROOT)), child.content
