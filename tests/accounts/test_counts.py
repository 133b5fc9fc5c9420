"""Sentences that count are right for one, two and many."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.template import Context, Template

from accounts.people.roles import some_of
from accounts.wording import counted, first_of, for_count, listed

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
NOUN = (
    "account|plan|change|run|bundle|file|cluster|role|resource|write|region|environment"
    "|day|hour|minute|token|session|group|code|failure|error|line|action|check"
)
WRONG = re.compile(
    rf"(?<![\d.,:-])1 (?:\w+ )?(?:(?:{NOUN})s|people|policies|deliveries)\b"
    rf"|\beach of 1\b|\b(?:1|one) \w+ (?:are|were|have|wait|need)\b"
    rf"|(?<![\d.,:-])2 (?:\w+ )?(?:{NOUN}|person|policy|delivery)\b"
    r"|(?<![\d.,:-])2 \w+ (?:is|was|has|waits|needs)\b",
    re.IGNORECASE,
)
NOUNS = re.compile(rf" (?:(?:{NOUN})s|people|policies)\b")


class Number(int):
    """A count under any name: what is looked up in it, and its length, is the count."""

    def __getattr__(self, name: str) -> Number:
        if name.startswith("__") or name in ("resolve_expression", "as_sql"):
            raise AttributeError(name)
        return self

    def __len__(self) -> int:
        return int(self)


def counting() -> Iterator[tuple[str, str]]:
    """Yield what templates say between two tags, where it has a number and a noun."""
    for path in TEMPLATES.rglob("*.html"):
        text = re.sub(
            r"{% comment %}.*?{% endcomment %}", "", path.read_text(), flags=re.S
        )
        for piece in re.split(r"{%.*?%}", text, flags=re.S):
            # Attributes hold what other templates count.
            piece = " ".join(re.sub(r"<[^>]*>", "", piece, flags=re.S).split())
            number = r"{{ [\w.]+\|(?:length|thousands)(?:\|thousands)? }}"
            if "pluralize" in piece or re.search(number + NOUNS.pattern, piece):
                yield path.relative_to(TEMPLATES).as_posix(), piece


def rendered(piece: str, count: int) -> str:
    names = re.findall(r"{{ (\w+)", piece)
    context = {**dict.fromkeys(names, Number(count)), "endings": "s"}
    return Template("{% load bowline %}" + piece).render(Context(context))


@pytest.mark.parametrize("count", [1, 2, 10010])
def test_every_count_of_a_template_fits_its_noun(count: int) -> None:
    found, wrong = 0, []
    for path, piece in counting():
        said = rendered(piece, count)
        found += 1
        wrong += [f"{path}: {said}"] * bool(WRONG.search(said))

    assert not wrong, "\n".join(wrong)
    assert found > 50


def texts(tree: ast.AST) -> Iterator[ast.JoinedStr]:
    """Yield f-strings, but for those that are chosen for a count."""
    chosen: set[int] = set()
    for node in ast.walk(tree):
        is_choice = isinstance(node, ast.IfExp | ast.If) or (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "for_count"
        )
        if is_choice:
            chosen |= {id(part) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in chosen:
            yield node


def plurals(node: ast.JoinedStr) -> bool:
    """Whether a value is followed by a noun that only fits many."""
    for value, after in zip(node.values, node.values[1:], strict=False):
        is_number = isinstance(value, ast.FormattedValue) and (
            value.format_spec is not None or "len(" in ast.unparse(value)
        )
        if is_number and isinstance(after, ast.Constant) and NOUNS.match(after.value):
            return True
    return False


ALWAYS_MANY = {
    "accounts/api/v1/rollouts.py": "the most of one request",
    "accounts/models/checks.py": "for the admin site",
    "accounts/lists/overview.py": "of all that fit, and of two plans or more",
    "accounts/people/deciding.py": "of two accounts or more",
    "accounts/runs/capacity.py": "more than fit",
    "accounts/web/activity/views.py": "entries that are alike",
    "accounts/web/live/views.py": "a sum of runs",
    "accounts/web/runs/review/diff.py": "lines that are folded",
}
"""Files with a noun that only fits many, and of what it is there."""


def test_code_counts_by_the_words_for_it_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}"
        for path in (ROOT / "accounts").rglob("*.py")
        if "migrations" not in path.parts
        for node in texts(ast.parse(path.read_text()))
        if plurals(node) and path.relative_to(ROOT).as_posix() not in ALWAYS_MANY
    ]

    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (counted(1), "1 account"),
        (counted(2), "2 accounts"),
        (counted(10010, "person", "people"), "10,010 people"),
        (for_count(1, "1 plan waits", "{count} plans wait"), "1 plan waits"),
        (for_count(2000, "1 plan waits", "{count} plans wait"), "2,000 plans wait"),
        (for_count(2, "", "{count} accounts in {x!r}"), "2 accounts in {x!r}"),
        (listed(["ada"]), "ada"),
        (listed(["ada", "bob"], "or"), "ada or bob"),
        (listed(["ada", "bob", "cleo"]), "ada, bob, and cleo"),
        (first_of(["ada", "bob"], 2), "ada, bob"),
        (first_of(["ada", "bob", "cleo"], 2), "ada, bob, and 1 more"),
        (first_of(["ada", "bob"], 1), "ada and 1 more"),
        (some_of(["ada", "bob", "cleo", "dan"]), "ada, bob, cleo, and 1 other"),
        (some_of(["ada"], count=5), "ada and 2 others"),
    ],
)
def test_a_count_and_a_list_read_as_people_say_them(said: str, expected: str) -> None:
    assert said == expected


@pytest.mark.parametrize(
    "said", ["1 plans", "in each of 1 plan", "1 account are", "one plan are", "2 plan"]
)
def test_a_count_that_does_not_fit_is_found(said: str) -> None:
    assert WRONG.search(said)


@pytest.mark.parametrize(
    "said",
    ["1 plan waits", "2 plans wait", "1 of 2 accounts", "Page 1 to 2", "21 plans"],
)
def test_a_count_that_fits_is_not_found(said: str) -> None:
    assert not WRONG.search(said)


def found_in(source: str) -> list[bool]:
    found = (plurals(node) for node in texts(ast.parse(source)))
    return [one for one in found if one]


def test_a_plural_in_code_is_found_unless_the_count_chose_it() -> None:
    assert found_in('f"{count:,} plans"') == [True]
    assert found_in('"1 plan" if count == 1 else f"{count:,} plans"') == []
    assert found_in('for_count(count, "1 plan", f"{count:,} plans")') == []
    assert found_in('f"{name} plans"') == []
