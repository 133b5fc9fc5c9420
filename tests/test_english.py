"""What people read is plain English: none of the phrases that CONTRIBUTING.md bans."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.english import (
    CODE,
    SHOWN,
    STORED,
    Banned,
    everything,
    findings,
    found_in,
    pattern_of,
    shown,
    text_of,
    word_list,
)


def test_no_sentence_uses_a_banned_phrase() -> None:
    found = [
        str(finding)
        for path in everything()
        for finding in findings(path, text_of(path))
    ]

    assert not found, "\n" + "\n".join(found)


def test_no_page_and_no_message_uses_a_banned_word() -> None:
    bans = word_list("| On pages, say | Not |")
    found = [
        str(finding)
        for path in everything(SHOWN)
        if path not in STORED
        for finding in found_in(path, shown(path, text_of(path)), bans)
    ]

    assert len(bans) > 30
    assert not found, "\n" + "\n".join(found)


def test_apostrophes_are_straight() -> None:
    """The API's description alone has curly ones."""
    found = [
        f"{path}: {word}"
        for path in everything(SHOWN)
        if not path.startswith(("accounts/api/", "docs/reference/api-reference"))
        for word in re.findall(r"\w+’[a-z]\w*", text_of(path))
    ]

    assert not found, "\n" + "\n".join(found)


VARIABLES = "bowline/environment/variables.py"
"""Sites have these names in their configuration."""


def test_no_name_in_code_has_a_banned_word() -> None:
    bans = [one.phrase for one in word_list("| In code, name it | Not |")]
    found = [
        f"{path}: {name}"
        for path in everything(CODE)
        for name in {Path(path).stem, *names_of(ast.parse(text_of(path)))}
        for words in [f" {in_words(name)} "]
        if any(f" {ban} " in words for ban in bans)
        if not (path == VARIABLES and name.isupper())
    ]

    assert len(bans) > 15
    assert not found, "\n" + "\n".join(found)


def names_of(tree: ast.AST) -> Iterator[str]:
    """Yield the names that a module gives: not those that others gave."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def in_words(name: str) -> str:
    """Write `NotProved`, `not_proved` and `NOT_PROVED` as “not proved”."""
    parts = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).split("_")
    return " ".join(part.lower() for part in parts if part)


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("class NotProved: ...", ["not proved"]),
        ("def f(left_out): ...", ["f", "left out"]),
        ("STALE_PROOF = row.proof", ["stale proof"]),
        ("self.told_by = 1", ["told by"]),
    ],
)
def test_names_are_read_as_words(code: str, names: list[str]) -> None:
    assert [in_words(name) for name in names_of(ast.parse(code))] == names


@pytest.mark.parametrize(
    ("path", "text", "lines"),
    [
        ("a.py", '"""Whoever."""\n\nSAYS = "Ask whoever may."  # whoever', [3]),
        ("a.html", "{% comment %}whoever\n{% endcomment %}\n<p>Whoever may</p>", [3]),
        ("a.md", "```yaml\nwords: whoever\n```\n\nWhoever may", [5]),
        ("a.js", '// whoever may\nsay("Whoever may");', [2]),
    ],
)
def test_what_users_see_is_told_from_what_developers_read(
    path: str, text: str, lines: list[int]
) -> None:
    bans = (Banned("whoever", "you", pattern_of("whoever")),)

    assert [one.line for one in found_in(path, shown(path, text), bans)] == lines


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("a.py", 'say(\n    f"Nothing stands in {account}."\n)', 2),
        ("a.py", '"""Do it.\n\nFrom the beginning and\nanew.\n"""', 4),
        ("a.py", "it = 1  # what the bundle lacks", 1),
        ("a.html", "<p>\n  {{ name }} is\n  told</p>", 3),
        ("a.html", '<p class="row"\n title="Nothing stands here">', 2),
        ("a.html", '{% include "a.html" with title="What stands" %}', 1),
        ("a.md", "Compared by hand,\n| beside | it |", 2),
        ("a.sh", "say 'To mend it, run this'", 1),
        ("a.js", 'const a = 1;\nshow("It stands here"); // fine', 2),
        ("a.js", "// What it lacks", 1),
        ("a.md", "Take the wheel; it is brought in\nstep with AWS", 1),
    ],
)
def test_a_banned_phrase_is_found_with_its_line(
    path: str, text: str, line: int
) -> None:
    assert [finding.line for finding in findings(path, text)] == [line]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.py", 'KEY = "told"'),
        ("a.py", 'ask("understands it, and commend the bystander")'),
        ("a.py", '"""See `shall` and bundles.told_of, and standing.py."""'),
        ("a.html", '<p class="tick mend">{{ account.stands }} {% if told %}</p>'),
        ("a.html", "{# accounts/standing.html #}"),
        ("a.md", "[the page](docs/stands.md), `told`, stand-in"),
        ("a.sh", 'stands=1; [ "$stands" ]'),
        ("a.js", 'const ticked = box.tick; find("stands");'),
    ],
)
def test_names_and_longer_words_are_no_banned_phrases(path: str, text: str) -> None:
    assert findings(path, text) == []


def test_a_finding_names_what_to_say_instead() -> None:
    (finding,) = findings("pages/a.html", "Nothing stands here.")

    assert str(finding).startswith("pages/a.html:1: “stands”: say exists")
