"""Patterns are the project's own: a regular expression of somebody else's text can take
forever, and hold the interpreter meanwhile. Those of IAM are for wildcards.py.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_structure import APP, ENGINE, ROOT, SITE, breaking, modules, name_of

OF_RE = {
    *("compile", "match", "search", "fullmatch", "sub", "subn"),
    *("split", "findall", "finditer"),
}
TAKING = {"RegexValidator", "RegexField", "re_path", "glob", "rglob"}
"""Others that take a pattern first, by their names."""
BANNED = {"fnmatch", "glob"}
"""Modules that make regular expressions of patterns, with classes in brackets."""
LOOKUPS = ("__regex", "__iregex")
IN_SQL = (" LIKE ", " ILIKE ", " REGEXP ", " SIMILAR TO ")
OTHERS = {
    "bowline/environment/variables.py": {"self.pattern"},  # literals, there
    "accounts/management/commands/adopt.py": {"profiles"},  # of PROFILES_OF_HAL
}
"""Names of patterns that are own, where this can't be seen, and why."""


class Patterns(ast.NodeVisitor):
    """Find what is used as a pattern, and isn't made of literals and escaped text."""

    def __init__(self) -> None:
        self.values: list[dict[str, list[ast.expr]]] = []
        self.broken: list[ast.expr] = []

    def visit_scope(self, node: ast.AST) -> None:
        """Read a module or a function with what its names are set to."""
        self.values.append({})
        for one in within(node):
            match one:
                case ast.Assign(targets=[ast.Name(id=name)], value=value) | (
                    ast.AugAssign(target=ast.Name(id=name), value=value)
                ):
                    self.values[-1].setdefault(name, []).append(value)
        self.generic_visit(node)
        self.values.pop()

    visit_Module = visit_FunctionDef = visit_AsyncFunctionDef = visit_scope

    def visit_Call(self, node: ast.Call) -> None:
        if takes_a_pattern(node) and not self.is_own(node.args[0]):
            self.broken.append(node.args[0])
        self.generic_visit(node)

    def is_own(self, node: ast.expr) -> bool:
        match node:
            case ast.Constant():
                return True
            case ast.JoinedStr(values=values):
                return all(map(self.is_own, values))
            case ast.FormattedValue(value=value):
                return self.is_own(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self.is_own(left) and self.is_own(right)
            case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr="escape")):
                return True
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(), attr="join"),
                args=[ast.GeneratorExp(elt=elt)],
            ):
                return self.is_own(elt)
            case ast.Call(
                func=ast.Attribute(value=ast.Constant(), attr="join"), args=[joined]
            ):
                return self.is_own(joined)
            case ast.Attribute(value=ast.Name("names"), attr=attr):
                return attr.isupper()
            case ast.Attribute(value=value, attr="pattern"):
                return self.is_own(value)
            case ast.Name(id=name) if name.isupper():
                return True
            case ast.Name(id=name):
                assigned = [one for scope in self.values for one in scope.get(name, ())]
                return bool(assigned) and all(map(self.is_own, assigned))
        return False


def within(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what is in a scope, but not in the functions inside it."""
    for node in ast.iter_child_nodes(scope):
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from within(node)


def takes_a_pattern(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(value=ast.Name("re"), attr=attr) if call.args:
            return attr in OF_RE
        case ast.Attribute(attr=name) | ast.Name(id=name) if call.args:
            return name in TAKING
    return False


def patterns_of_others(source: str) -> list[str]:
    """Return what breaks the rule in a module's source, as it is written there."""
    tree = ast.parse(source)
    found = Patterns()
    found.visit(tree)
    broken = [ast.unparse(one) for one in found.broken]
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=imported):
                broken += [one.name for one in imported if one.name in BANNED]
                broken += [
                    "re as" for one in imported if one.name == "re" and one.asname
                ]
            case ast.ImportFrom(module=str(module)) if module in BANNED | {"re"}:
                broken.append(f"from {module}")
            case ast.keyword(arg=str(text)) | ast.Constant(value=str(text)):
                broken += [text for one in LOOKUPS if text.endswith(one)]
                broken += [text for one in IN_SQL if one in f" {text} "]
    return broken


def test_no_pattern_is_somebody_elses() -> None:
    def found(path: Path) -> list[str]:
        known = OTHERS.get(name_of(path), set())
        return [one for one in patterns_of_others(path.read_text()) if one not in known]

    assert breaking(modules(SITE, APP, ENGINE), found) == {}


def test_an_exception_from_the_rule_is_needed() -> None:
    for name, known in OTHERS.items():
        assert known <= {*patterns_of_others((ROOT / name).read_text())}, name


@pytest.mark.parametrize(
    "source",
    [
        "import fnmatch",
        "from fnmatch import fnmatchcase",
        "from re import compile",
        "import re as expressions",
        "re.compile(action)",
        "re.search(rf'^{action}', text)",
        "re.sub('a' + action, '', text)",
        "def f(action):\n    part = action.lower()\n    return re.match(part, text)",
        "re.compile('|'.join(actions))",
        "words = 'a'\nwords += action\nre.compile(words)",
        "re.compile('|'.join(one for one in actions))",
        "path.glob(asked)",
        "RegexValidator(asked)",
        "rows.filter(name__iregex=asked)",
        "rows.filter(**{'name__regex': asked})",
        "cursor.execute('SELECT 1 WHERE a LIKE %s', [asked])",
    ],
)
def test_the_rule_sees_a_pattern_of_others(source: str) -> None:
    assert patterns_of_others(source)


@pytest.mark.parametrize(
    "source",
    [
        "re.compile('a' + f'{re.escape(word)}{names.ROLE_NAME.pattern}')",
        "PART = 'a'\nre.fullmatch(PART, text)",
        "words = '|'.join(re.escape(one) for one in some)\nre.search(words, text)",
        "path.glob('*.py')",
        "WORD.match(text)",
    ],
)
def test_the_rule_leaves_what_is_own(source: str) -> None:
    assert patterns_of_others(source) == []
