"""What is read of pages, messages, documents and names, and the banned words."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
Words = tuple[int, str]
"""The number of a line, and what people read from there on."""

JS = re.compile(r"""(//.*|/\*[\s\S]*?\*/|("|'|`)(?:(?!\2).)*\s(?:(?!\2).)*\2)|.""")
"""A comment, or a text of more than a word; else any other character."""

NOT_PROSE = re.compile(r"(?:class|style|d|points|viewBox|hx-.*)$")
"""Attributes of HTML that hold words for machines."""

QUOTING = {"docs/developers/editing.md", "docs/developers/history.md"}
"""Documents that quote what was written earlier."""

READ = (
    *("accounts/**/*.py", "onboarding/**/*.py", "bowline/**/*.py"),
    *("script/*", "deploy/*", "onboarding/**/*.sh", "docker-compose.yml"),
    *("templates/**/*.html", "static/js/*.js", "*.md", "docs/**/*.md", "docs/**/*.yml"),
    ".env.example",
)
"""The files that hold what people read."""

SHOWN = (
    *("accounts/**/*.py", "bowline/**/*.py", "onboarding/**/*.py"),
    *("templates/**/*.html", "static/js/*.js"),
    *("README.md", "docs/*.md", "docs/explain/*.md", "docs/install/*.md"),
    *(f"docs/{folder}/*.md" for folder in ("onboard", "operate", "people")),
    *(f"docs/{folder}/*.md" for folder in ("reference", "spinnaker", "start")),
)
"""The files of which users see pages, messages, forms, and documents; those of
docs/developers and docs/pages are read by developers.
"""

CODE = ("accounts/**/*.py", "bowline/**/*.py", "onboarding/**/*.py", "script/*.py")

STORED = (
    *("accounts/models/__init__.py", "accounts/models/people.py"),
    *("accounts/models/checks.py", "accounts/models/states.py"),
    "accounts/models/notifications.py",
    "accounts/web/search/views.py",
    *("onboarding/handoff/words.py", "onboarding/handoff/organization.py"),
    "onboarding/handoff/scripts.py",
    *("onboarding/providers/eks.py", "onboarding/desired/capacity.py"),
    "onboarding/verify/chain.py",
    "onboarding/spinnaker/bundle/formats/spring.py",
)
"""Files whose values are stored or searched by, and are shown in other words; and those
whose texts account owners or bundles have: another word would be another version.
"""


BLOCK = re.S | re.M


@dataclass(frozen=True, slots=True)
class Banned:
    """A phrase that is not used, and what to say instead."""

    phrase: str
    instead: str
    pattern: re.Pattern[str]


@cache
def word_list(heading: str = "| Say | Not |") -> tuple[Banned, ...]:
    """Read a list of CONTRIBUTING.md."""
    section = (ROOT / "CONTRIBUTING.md").read_text().split("\n## English\n")[1]
    section = section.split(heading)[1].split("\n\n")[0]
    return tuple(
        Banned(phrase, instead, pattern_of(phrase))
        for instead, phrases in re.findall(r"^\| ([^`|]+) \| (`.*`) \|$", section, re.M)
        for phrase in re.findall(r"`([^`]+)`", phrases)
    )


def pattern_of(phrase: str) -> re.Pattern[str]:
    """Match the phrase as words: no part of a name, a path or a hyphenated word."""
    # An ID is written as AWS does: “account id” is banned, “account ID” is not.
    words = (
        re.sub(r"\b(ids?)$", r"(?-i:\1)", re.escape(phrase))
        .replace(r"\*", r"\w*")
        .replace(r"\ ", r"\s+")
    )
    return re.compile(rf"(?<![\w/.$-]){words}(?![\w/(=-]|\.\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Finding:
    """A banned phrase in a file."""

    path: str
    line: int
    banned: Banned

    def __str__(self) -> str:
        return (
            f"{self.path}:{self.line}: “{self.banned.phrase}”: "
            f"say {self.banned.instead}"
        )


def findings(path: str, text: str) -> list[Finding]:
    """Find the banned phrases in what people read of a file."""
    return found_in(path, read_by_people(path, text), word_list())


def found_in(path: str, read: Iterable[Words], bans: Iterable[Banned]) -> list[Finding]:
    # What a text must have is found a hundred times faster than what it says.
    by_start = [(re.split(r"[*\s]", one.phrase.lower())[0], one) for one in bans]
    return [
        Finding(path, first + words[: found.start()].count("\n"), banned)
        for first, words in read
        for lower in [words.lower()]
        for start, banned in by_start
        if start in lower
        for found in banned.pattern.finditer(words)
    ]


def shown(path: str, text: str) -> Iterator[Words]:
    """Yield what users see of a file: no docstrings, comments and headers."""
    if path.endswith(".py"):
        tree = ast.parse(text)
        for node in ast.walk(tree):
            body = getattr(node, "body", None)
            for one in body if isinstance(body, list) else ():
                if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                    one.value.value = None
        yield from strings(tree)
    else:
        text = re.sub(r"{% comment %}.*?{% endcomment %}", blank, text, flags=re.S)
        text = re.sub(r"^ *```(yaml|csv|python)$.*?^ *```$", blank, text, flags=BLOCK)
        text = (
            re.sub(r"//.*|^/\*[\s\S]*?\*/", blank, text) if path[-3:] == ".js" else text
        )
        yield from read_by_people(path, text)


def blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def read_by_people(path: str, text: str) -> Iterator[Words]:
    """Yield what people read of a file, by its kind."""
    match path.rpartition(".")[2]:
        case "py":
            yield from python(text)
        case "html":
            yield 1, template(text)
        case "md":
            yield 1, markdown(text)
        case "js":
            yield 1, javascript(text)
        case _:
            yield 1, text


def python(source: str) -> Iterator[Words]:
    """Yield sentences in strings, docstrings and comments; no code that they quote."""
    yield from strings(ast.parse(source))
    # Comments stay on their lines: a phrase may go on in the next one.
    lines = [""] * (source.count("\n") + 2)
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = token.string.lstrip("#")
    yield 1, without_code("\n".join(lines))


def strings(tree: ast.AST) -> Iterator[Words]:
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    parts = {id(part) for node in joined for part in node.values}
    for node in ast.walk(tree):
        match node:
            case ast.JoinedStr():
                words = "".join(
                    str(part.value) if isinstance(part, ast.Constant) else "{}"
                    for part in node.values
                )
            case ast.Constant(value=str() as words) if id(node) not in parts:
                pass
            case _:
                continue
        if re.search(r"\s", words.strip()) or words[:1].isupper():
            yield node.lineno, without_code(words)


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "``", text)


def markdown(text: str) -> str:
    """Blank inline code and the addresses of links."""
    return re.sub(r"\]\([^)\n]*\)", "]", without_code(text))


def template(text: str) -> str:
    """Blank tags, of Django and HTML, but for quoted values that hold a sentence."""
    text = re.sub(
        r"\{%.*?%\}|\{\{.*?\}\}", lambda tag: sentences(tag[0]), text, flags=re.S
    )
    return re.sub(r"<[a-z/].*?>", lambda tag: sentences(tag[0]), text, flags=re.S)


def javascript(text: str) -> str:
    """Blank what is neither a comment nor a sentence."""
    plain = re.sub(r"\$\{[^}]*\}", lambda value: " " * len(value[0]), text)
    return JS.sub(lambda found: found[0] if found[1] else " ", plain)


def sentences(tag: str) -> str:
    """Keep a tag's values that are prose, and its line breaks."""
    kept = [
        found.span()
        for found in re.finditer(r"([\w-]*)=?([\"'])(.*?)\2", tag, re.DOTALL)
        if re.search(r"\s", found[3]) and not NOT_PROSE.match(found[1])
    ]
    return "".join(
        letter if letter == "\n" or any(a <= at < b for a, b in kept) else " "
        for at, letter in enumerate(tag)
    )


def everything(patterns: tuple[str, ...] = READ) -> list[str]:
    """List the files that hold what people read."""
    found = {
        path.relative_to(ROOT).as_posix()
        for pattern in patterns
        for path in ROOT.glob(pattern)
        if path.is_file() and path.suffix != ".png" and "migrations" not in path.parts
    }
    return sorted(found - QUOTING)


def text_of(path: str) -> str:
    return (ROOT / path).read_text()
