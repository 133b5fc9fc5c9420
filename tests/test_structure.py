"""The rules of ARCHITECTURE.md that a machine can read: who imports whom, and so on."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from pygments.lexers.css import _color_keywords as named_colours

from tests.tiers import ON_POSTGRESQL, SLOW

ROOT = Path(__file__).parent.parent
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)[^>]*>\s*[^<\s]|<style|\sstyle=["']|\son[a-z]+=["']"""
)

STYLESHEETS = sorted((ROOT / "static").rglob("*.css"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
LINKED = re.compile(r"""{% static "(css/[^"]+)" %}""")
TOKENS = "tokens.css"
COLOUR = re.compile(
    r"#[0-9a-f]{3,8}\b|\b(?:rgba?|hsla?|hwb|(?:ok)?(?:lab|lch)|color)\(|"
    rf"(?<![\w-])(?!transparent)(?:{'|'.join(named_colours)})(?![\w-])",
    re.IGNORECASE,
)
"""But not currentColor and transparent, which have no colour of their own."""

NOT_CODE = re.compile(r"""/\*.*?\*/|"[^"]*"|url\([^)]*\)""", re.DOTALL)
STEP = re.compile(r"\s*[>+~]\s*|\s+")
WITHIN = re.compile(r"\([^()]*\)")
MOVES = re.compile(r"(?:animation|transition)\b")
STILL_UNLESS = "@media (prefers-reduced-motion: no-preference)"


class Rule(NamedTuple):
    around: str
    """The at-rule that it stands in; empty: none."""
    selector: str
    body: str


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "migrations" not in path.parts
    ]


@cache
def nodes(path: Path) -> tuple[ast.Import | ast.ImportFrom | ast.Constant, ...]:
    """Parse a module once for all tests: give what it imports, and what it writes."""
    kinds = (ast.Import, ast.ImportFrom, ast.Constant)
    tree = ast.walk(ast.parse(path.read_text()))
    return tuple(node for node in tree if isinstance(node, kinds))


def imports(path: Path) -> Iterator[str]:
    """Yield the full name of every module, and of every name, that is imported."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # What is shipped to run beside hal goes by another name there.
            assert not node.level or path.parent.name == "hal", f"{path}: relative"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(paths: Iterable[Path], tops: set[str]) -> list[str]:
    """Name those of the modules that import one of these packages."""
    return [
        name_of(path)
        for path in paths
        if {name.split(".")[0] for name in imports(path)} & tops
    ]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def breaking(
    paths: Sequence[Path], found: Callable[[Path], Sequence[object]]
) -> dict[str, Sequence[object]]:
    """Give what breaks a rule in each file, where anything does."""
    assert len(paths) > 20, "A rule for files that were not found holds for nothing."
    return {name_of(path): broken for path in paths if (broken := found(path))}


def long_lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if len(line) > 120]


def dotted(path: Path) -> str:
    """Give the name by which a module is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(
        ".__init__"
    )


SITE, APP, ENGINE = "bowline", "accounts", "onboarding"
BROWSER_AND_QUEUE = {"django", "celery", "kombu", "crispy_forms", "django_htmx"}


def test_the_engine_imports_neither_the_app_nor_the_site() -> None:
    assert importing(modules(ENGINE), {APP, SITE}) == []


def test_the_app_does_not_import_the_site() -> None:
    assert importing(modules(APP), {SITE}) == []


def test_a_migration_imports_nothing_that_may_change_after_it() -> None:
    migrations = sorted((ROOT / APP / "migrations").glob("*.py"))

    assert importing(migrations, {APP, ENGINE, SITE}) == []
    assert len(migrations) > 1


STRONG_LOCK = re.compile(r"select_for_update\((?!(of=\(.*\), )?no_key=True\))")


def test_a_lock_of_rows_lets_others_refer_to_them() -> None:
    """PostgreSQL's stronger lock waits for whoever inserts a row that refers to these,
    such as an entry of the activity log, who may wait for what is locked next.
    """
    found = breaking(modules(APP), lambda path: STRONG_LOCK.findall(path.read_text()))

    assert found == {}


def test_boto3_is_imported_in_onboarding_aws_only() -> None:
    aws = ROOT / ENGINE / "aws"
    others = [path for path in modules(SITE, APP, ENGINE) if aws not in path.parents]

    assert importing(others, {"boto3", "botocore"}) == []
    assert importing(modules(f"{ENGINE}/aws"), {"boto3"})


def test_importing_the_engine_starts_neither_django_nor_celery() -> None:
    """In a fresh interpreter: what one module starts, the next one finds started."""
    names = [dotted(path) for path in modules(ENGINE) if path.parent.name != "hal"]
    program = (
        "import importlib, sys\n"
        f"for name in {names}: importlib.import_module(name)\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )

    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    started = set(run.stdout.split())
    assert ENGINE in started
    assert not started & {*BROWSER_AND_QUEUE, APP, SITE}


def test_what_runs_on_postgresql_exists() -> None:
    assert [name_of(path) for path in ON_POSTGRESQL if not path.exists()] == []


def test_those_that_are_not_quick_exist() -> None:
    files = {test: ROOT / test.partition("::")[0] for test in SLOW}

    assert [
        test
        for test, file in files.items()
        if not file.exists()
        or f"def {test.partition('::')[2]}(" not in file.read_text()
    ] == []


def test_no_folder_is_a_hall() -> None:
    counts = Counter(
        path.parent
        for path in modules(SITE, APP, ENGINE)
        if path.name != "__init__.py" and path.parent.name != COMMANDS
    )

    crowded = {name_of(f): count for f, count in counts.items() if count > MODULES}

    assert not crowded


MODULES, LINES = 12, 800
COMMANDS = "commands"
"""Django finds commands in one flat folder of an app only."""


def test_a_module_can_be_read_at_once() -> None:
    lines = {
        name_of(path): len(path.read_text().splitlines())
        for path in modules(SITE, APP, ENGINE, "script", "tests")
        if path not in LONGER
    }

    assert {name: count for name, count in lines.items() if count > LINES} == {}


NAMESAKES = 7


def test_a_name_says_what_it_is_without_its_module() -> None:
    names = Counter(
        node.name
        for path in modules(SITE, APP, ENGINE)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name != "Command"
    )

    assert {name: count for name, count in names.items() if count > NAMESAKES} == {}


def test_the_architecture_can_be_read_at_once() -> None:
    assert len((ROOT / "ARCHITECTURE.md").read_text().splitlines()) <= 200


LONGER = {ROOT / "script" / "emulated_organization.py"}
"""A whole organization's seed, in the order in which it is made."""


TOPICS = sorted(path.parent for path in (ROOT / "accounts/web").glob("*/__init__.py"))


def test_a_topic_has_its_views_and_its_templates() -> None:
    parts = (
        (folder / "views.py", ROOT / "templates" / folder.name) for folder in TOPICS
    )

    assert [name_of(path) for pair in parts for path in pair if not path.exists()] == []
    assert len(TOPICS) > 20


@pytest.mark.parametrize(
    ("folder", "table"),
    [("providers", "providers"), ("spinnaker/bundle/formats", "spinnaker/bundle")],
)
def test_siblings_meet_in_a_table_only(folder: str, table: str) -> None:
    """A provider or a format may import what they share, not another of its kind."""
    room = ROOT / "onboarding" / folder
    prefix = f"onboarding.{folder.replace('/', '.')}."
    listed = (ROOT / "onboarding" / table / "__init__.py").read_text()
    siblings = {path.stem for path in room.glob("*.py") if prefix + path.stem in listed}

    assert siblings
    for path in room.glob("*.py"):
        if path.stem in siblings:
            others = {
                name.removeprefix(prefix).split(".")[0]
                for name in imports(path)
                if name.startswith(prefix)
            }
            assert not others & (siblings - {path.stem, "base"}), path


def test_templates_hold_no_inline_script_or_style() -> None:
    assert breaking(TEMPLATES, lambda path: INLINE.findall(path.read_text())) == {}


def test_no_value_in_a_template_runs_into_the_next_word() -> None:
    def joined(path: Path) -> list[str]:
        return re.findall(r"}}[a-z]{3,}", path.read_text())

    assert breaking(TEMPLATES, joined) == {}


def test_no_arn_is_bound_to_one_partition() -> None:
    """ARNs are written by onboarding/partitions.py, which knows GovCloud and China."""
    bound = [
        f"{name_of(path)}:{node.lineno}"
        for path in modules(ENGINE, APP)
        for node in nodes(path)
        if isinstance(node, ast.Constant)
        if isinstance(node.value, str) and "arn:aws:" in node.value
    ]

    assert bound == []


def rules(path: Path) -> Iterator[Rule]:
    """Yield the rules of a stylesheet, without comments and strings."""
    around: list[str] = []
    for before, brace in re.findall(
        r"([^{}]*)([{}])", NOT_CODE.sub("", path.read_text())
    ):
        if brace == "{":
            around.append(" ".join(before.split()))
        else:
            selector = around.pop()
            if before.strip():
                yield Rule(" ".join(around), selector, before.strip())


def selectors(path: Path) -> Iterator[str]:
    """Yield each selector, without what stands in parentheses."""
    for rule in rules(path):
        if not rule.around.startswith("@keyframes"):
            yield from (one.strip() for one in WITHIN.sub("", rule.selector).split(","))


def rules_with(
    sign: Callable[[str], object],
) -> Callable[[Path], list[Rule]]:
    return lambda path: [rule for rule in rules(path) if sign(rule.body)]


def selectors_with(sign: Callable[[str], bool]) -> Callable[[Path], list[str]]:
    return lambda path: [one for one in selectors(path) if sign(one)]


def test_every_stylesheet_is_linked_and_every_link_leads_to_one() -> None:
    templates = (ROOT / "templates").rglob("*.html")

    linked = {name for page in templates for name in LINKED.findall(page.read_text())}

    assert linked == {str(p.relative_to(ROOT / "static")) for p in STYLESHEETS}


def test_a_stylesheet_has_short_lines() -> None:
    assert breaking(STYLESHEETS, long_lines) == {}


def test_a_colour_is_written_in_the_tokens_only() -> None:
    others = [path for path in STYLESHEETS if path.name != TOKENS]

    assert breaking(others, rules_with(COLOUR.search)) == {}


def test_no_rule_is_important() -> None:
    assert breaking(STYLESHEETS, rules_with(lambda body: "!" in body)) == {}


def test_no_selector_names_an_id() -> None:
    assert breaking(STYLESHEETS, selectors_with(lambda one: "#" in one)) == {}


def test_a_selector_nests_at_most_two_deep() -> None:
    deep = selectors_with(lambda one: len(STEP.findall(one)) > 2)

    assert breaking(STYLESHEETS, deep) == {}


def test_nothing_moves_for_those_who_want_less_motion() -> None:
    def moving(path: Path) -> list[Rule]:
        moves = rules_with(MOVES.search)(path)
        return [rule for rule in moves if rule.around != STILL_UNLESS]

    assert breaking(STYLESHEETS, moving) == {}


TAG = re.compile(r"{%.*?%}|{{.*?}}")
VALUE = re.compile(r"""(?<==)("[^"]*"|'[^']*')""")


def test_a_line_of_a_template_is_short_where_it_can_be() -> None:
    """Django's tags take no line break, nor do the values of attributes."""

    def breakable(path: Path) -> list[str]:
        return [
            line
            for line in long_lines(path)
            if " " in VALUE.sub("", TAG.sub("", line)).strip()
        ]

    assert breaking(TEMPLATES, breakable) == {}
