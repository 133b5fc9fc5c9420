"""Which environment variables the code reads, and how: found by parsing it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
SOURCES = ("accounts/**/*.py", "bowline/**/*.py", "onboarding/**/*.py", "deploy/*.py")
SHIPPED = ROOT / "onboarding" / "spinnaker" / "bundle" / "formats" / "hal"
"""Runs where hal is, and not in Bowline: what it reads is no setting."""
VARIABLE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")
ENVIRON = "os.environ"
AT_ONCE = {f"{ENVIRON}.get", "os.getenv"}


class Read(NamedTuple):
    """Where the code reads a variable."""

    name: str
    reader: str
    """The function that reads it."""
    default: str | None
    """As the environment would have it; None: the code names none."""
    choices: tuple[str, ...] = ()
    """The only words that it may be."""


@cache
def variables_read() -> dict[str, Read]:
    """Find every variable; the first reading of each that names a default wins."""
    trees = [
        ast.parse(path.read_text())
        for pattern in SOURCES
        for path in sorted(ROOT.glob(pattern))
        if SHIPPED not in path.parents
    ]
    readers = reading_functions(trees)
    found: dict[str, Read] = {}
    for tree in trees:
        for read in readings(tree, readers):
            known = found.get(read.name)
            if known is None or (known.default is None and read.default is not None):
                found[read.name] = read
    return found


def reading_functions(trees: list[ast.Module]) -> set[str]:
    """Name the functions that read the variable which is their first argument: those
    that pass it to os.environ, and those that pass it to another one.
    """
    functions = [
        node
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.args.args
    ]
    readers = {*AT_ONCE}
    while True:
        more = {
            function.name
            for function in functions
            if function.name not in readers
            and any(
                isinstance(name, ast.Name) and name.id == function.args.args[0].arg
                for _, _, name in names_read(function, readers)
            )
        }
        if not more:
            return readers
        readers |= more


def names_read(
    tree: ast.AST, readers: Iterable[str]
) -> Iterator[tuple[ast.expr, str, ast.expr]]:
    """Yield each reading: its expression, its reader, and what names the variable."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            reader = ast.unparse(node.func)
            if reader in readers:
                yield node, reader, node.args[0]
        elif (
            isinstance(node, ast.Subscript)
            and isinstance(node.ctx, ast.Load)
            and ast.unparse(node.value) == ENVIRON
        ):
            yield node, ENVIRON, node.slice


def readings(tree: ast.Module, readers: set[str]) -> Iterator[Read]:
    """Yield each reading of a variable that is named on the spot."""
    otherwise = {
        id(node.values[0]): node.values[1]
        for node in ast.walk(tree)
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or)
    }
    for node, reader, name in names_read(tree, readers):
        text = constant(name)
        if text is None or not VARIABLE.fullmatch(text):
            continue
        default = constant(otherwise.get(id(node)))
        choices: tuple[str, ...] = ()
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg == "default":
                    default = constant(keyword.value)
            if reader == "env_choice":
                choices = tuple(ast.literal_eval(node.args[1]))
                default = choices[0]
        yield Read(text, reader, default, choices)


def constant(node: ast.expr | None) -> str | None:
    """Return a text, number or truth value as the environment would have it."""
    if not isinstance(node, ast.Constant):
        return None
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return str(node.value)
