"""What people read is plain English: none of the phrases that CONTRIBUTING.md bans, and
an AWS Region has a capital, as in AWS's documentation.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

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
    *("deploy/grafana-dashboard.json", "deploy/prometheus-alerts.yml"),
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


KEYS = {
    "onboarding/spinnaker/bundle/formats/hal/known.py",
    "onboarding/spinnaker/halconfig/schema.py",
}
"""Files with texts that are lists of Spinnaker's keys."""
REGION = re.compile(r"(?<![\w/.{$-])regions?(?![\w/(=}-]|\.\w)")
KEPT = re.compile(
    # The description of a policy, which AWS never changes: a template replaces it.
    "Clouddriver asks for regions and zones when it starts"
    # The name of a check, by which results of earlier releases are compared.
    "|Look up regions as Spinnaker's identity"
    # A state as the API and stored filters have it; pages show another word.
    "|, some regions"
)
"""What stays in lower case."""


def test_an_aws_region_has_a_capital() -> None:
    ban = Banned("region", "Region, as AWS does", REGION)
    found = [
        str(finding)
        for path in everything((*SHOWN, "docs/developers/*.md", "docs/pages/*.md"))
        if path not in KEYS
        for line, words in shown_by_the_api(path) or shown(path, text_of(path))
        for finding in found_in(path, [(line, KEPT.sub("", words))], [ban])
    ]

    assert not found, "\n" + "\n".join(found)


def shown_by_the_api(path: str) -> list[Words]:
    """Return what a module of the API says: docstrings describe its operations."""
    of_api = path.startswith("accounts/api/v1/")
    return [*strings(ast.parse(text_of(path)))] if of_api else []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('SAYS = "Name at least one region."', [1]),
        ('SAYS = f"No {one} in the region {region}"', [1]),
        ('SAYS = f"The Region {region} in {regions}"', []),
        ('SAYS = "aws ec2 --region {region} regions=x"', []),
        ('KEY = "region"', []),
    ],
)
def test_a_region_is_told_from_a_key(text: str, lines: list[int]) -> None:
    ban = Banned("region", "Region", REGION)

    assert [one.line for one in found_in("a.py", shown("a.py", text), [ban])] == lines
