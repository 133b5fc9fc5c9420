"""docs/developers/attacks.md has a table of the attacks that are tests, made from them.

`REWRITE_DOCS=1 pytest tests/test_security.py` writes it anew.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "SECURITY.md"
ATTEMPTS = ROOT / "docs" / "developers" / "attacks.md"
ATTACKERS = "## Attackers, and what stops them"
HEAD = "| Tried | Refused | Test |\n|---|---|---|\n"
ATTACKS = sorted((ROOT / "tests" / "attack").glob("test_*.py"))
REWRITE = "REWRITE_DOCS=1 pytest tests/test_security.py writes the table anew."


def told(text: str) -> list[str]:
    """Give what a module tries and what is denied; empty where it does not say so."""
    docstring = ast.get_docstring(ast.parse(text)) or ""
    paragraphs = [" ".join(part.split()) for part in docstring.split("\n\n")]
    labels = ("Tried: ", "Refused: ")
    if len(paragraphs) != len(labels) or not all(
        map(str.startswith, paragraphs, labels)
    ):
        return []
    sentences = [
        part.removeprefix(label) for part, label in zip(paragraphs, labels, strict=True)
    ]
    return [one[0].upper() + one[1:] for one in sentences]


def rows() -> Iterator[str]:
    for path in ATTACKS:
        cells = [cell.replace("|", "\\|") for cell in told(path.read_text("utf-8"))]
        link = f"[{path.stem.removeprefix('test_')}](../../{path.relative_to(ROOT)})"
        yield f"| {' | '.join([*cells, link])} |\n"


def promises(page: str) -> list[str]:
    """List the rows of the attackers, and the paragraphs below them."""
    part = page.partition(f"{ATTACKERS}\n")[2].partition("\n## ")[0]
    blocks = part.strip().split("\n\n")[1:]
    return [*blocks[0].splitlines()[2:], *blocks[1:]]


def modules_of(promise: str) -> set[str]:
    """Find the tests that a promise names: by a link, or as an attack in its row."""
    row = promise.strip().strip("|").split("|")
    attacks = re.findall(r"\b([a-z_]+)(?=[,;]|$)", row[-1].strip()) if row[1:] else []
    linked = re.findall(r"\]\((tests/[^)]+)\)", promise)
    return {*linked, *(f"tests/attack/test_{name}.py" for name in attacks)}


def test_each_promise_names_tests_that_there_are() -> None:
    found = {promise: modules_of(promise) for promise in promises(PAGE.read_text())}

    missing = {
        test
        for tests in found.values()
        for test in tests
        if not (ROOT / test).is_file()
    }

    assert [promise for promise, tests in found.items() if not tests] == []
    assert missing == set()


def test_each_attack_is_about_a_promise() -> None:
    named = set().union(*map(modules_of, promises(PAGE.read_text())))

    assert {f"{path.relative_to(ROOT)}" for path in ATTACKS} - named == set()


def test_one_command_runs_every_test_that_the_page_names(tmp_path: Path) -> None:
    """With a pytest that only prints what it is given."""
    for name in ("script/test", "script/setup", ".venv/bin/python"):
        program = tmp_path / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text('#!/bin/sh\necho "CI=$CI" "$@"\n')
        program.chmod(0o755)
    (tmp_path / "script" / "test").write_text((ROOT / "script" / "test").read_text())
    (tmp_path / PAGE.name).write_text(PAGE.read_text())

    (command,) = re.findall(r"`(script/test --\w+)` runs every test", PAGE.read_text())
    done = subprocess.run(
        command.split(), cwd=tmp_path, capture_output=True, text=True, check=True
    )

    given = done.stdout.split()
    named = set().union(*map(modules_of, promises(PAGE.read_text())))
    assert {one for one in named if f"{Path(one).parent}" not in given} <= {*given}
    assert "tests/attack" in given
    assert "CI=true" in given


def test_a_promise_without_a_test_is_noticed() -> None:
    table = "| a | b | c |\n|---|---|---|\n| a | b | |\n"
    page = f"{ATTACKERS}\n\nEach.\n\n{table}\nMail.\n"

    assert [modules_of(one) for one in promises(page)] == [set(), set()]


@pytest.mark.parametrize("path", ATTACKS, ids=lambda path: path.stem)
def test_a_module_of_attacks_says_what_it_tries_and_what_is_refused(path: Path) -> None:
    assert told(path.read_text("utf-8")), (
        f'The docstring of {path.name} must be two paragraphs: "Tried: …", '
        '"Refused: …".'
    )


@pytest.mark.parametrize(
    "docstring",
    ["", "Tries markup.", "Tried: markup.", "Refused: it.\n\nTried: markup."],
)
def test_a_docstring_without_both_paragraphs_is_noticed(docstring: str) -> None:
    assert told(f'"""{docstring}"""') == []


def test_the_table_is_what_the_modules_say() -> None:
    page = ATTEMPTS.read_text("utf-8")
    written = page.partition(HEAD)[0] + HEAD + "".join(rows())

    if os.environ.get("REWRITE_DOCS"):
        ATTEMPTS.write_text(written, "utf-8")

    assert ATTEMPTS.read_text("utf-8") == written, REWRITE
