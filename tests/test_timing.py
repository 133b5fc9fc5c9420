"""No test asserts how long something took: on a busy machine everything takes longer.

What must not grow is counted (growth.py), or measured side by side in script/bench.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLOCKS = ("monotonic", "now", "perf_counter", "process_time", "thread_time", "time")
CLOCK = re.compile(rf"\b(?:{'|'.join(CLOCKS)})(?:_ns)?\(")
LARGER_OR_SMALLER = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def called(node: ast.AST) -> str:
    """Return the name of the function that is called; empty: it is no call."""
    if not isinstance(node, ast.Call):
        return ""
    name: str = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name.removesuffix("_ns")


def is_timed(node: ast.AST, timed: set[str]) -> bool:
    """Tell whether it is made of how long something took, or of a name of `timed`."""
    return any(
        (called(part.left) in CLOCKS and called(part.right) != "timedelta")
        or called(part.right) in CLOCKS
        if isinstance(part, ast.BinOp) and isinstance(part.op, ast.Sub)
        else isinstance(part, ast.Name) and part.id in timed
        for part in ast.walk(node)
    )


def timed_assertions(tree: ast.AST) -> list[int]:
    """Return the lines that assert how long something took."""
    timed = {
        target.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and is_timed(node.value, set())
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
        and any(
            isinstance(part, ast.Compare)
            and isinstance(part.ops[0], LARGER_OR_SMALLER)
            and is_timed(part, timed)
            for part in ast.walk(node)
        )
    ]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("assert time.monotonic() - began < 5", [1]),
        ("took = perf_counter_ns() - began\nassert 1 < took < 5", [2]),
        ("assert timezone.now() - row.used_at < timedelta(minutes=1)", [1]),
        ("assert 29 <= (row.ends_at - datetime.now(UTC)).days", [1]),
        ("assert before <= row.used_at <= timezone.now()", []),
        ("assert ago(timezone.now() - past) == text", []),
        ("ago = now() - timedelta(days=1)\nassert row.used_at > ago", []),
    ],
)
def test_an_assertion_on_how_long_something_took_is_found(
    code: str, found: list[int]
) -> None:
    assert timed_assertions(ast.parse(code)) == found


def test_no_test_asserts_how_long_something_took() -> None:
    """A slow machine is no failure: count what is done, or measure in script/bench."""
    assert [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if CLOCK.search(text := path.read_text())
        for line in timed_assertions(ast.parse(text))
    ] == []
