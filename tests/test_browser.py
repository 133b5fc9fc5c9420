"""What every test with a browser relies on."""

from __future__ import annotations

import ast
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import NAVIGATION


def test_every_context_has_the_same_time_to_load_a_page(browser: Browser) -> None:
    limits = browser.new_context()._impl_obj._timeout_settings

    assert limits.navigation_timeout(None) == NAVIGATION


TESTS = Path(__file__).parent
MEASURE = {
    "assert_axe_finds_nothing",
    "assert_it_fits",
    "assert_it_looks_right",
    "evaluate",
    "screenshot",
    "violations",
    "width_of",
}


def calls(node: ast.AST) -> set[str]:
    return {
        part.func.attr if isinstance(part.func, ast.Attribute) else part.func.id
        for part in ast.walk(node)
        if isinstance(part, ast.Call)
        and isinstance(part.func, ast.Attribute | ast.Name)
    }


def measured_at_once(tree: ast.AST) -> list[int]:
    """Where a page is measured right after a click: the old page may still be there,
    or be leaving. What the click should show has to be expected before.
    """
    return [
        then.lineno
        for node in ast.walk(tree)
        if isinstance(body := getattr(node, "body", None), list)
        for first, then in pairwise(body)
        if isinstance(first, ast.Expr)
        and "click" in calls(first)
        and MEASURE & calls(then)
        and "expect" not in calls(then)
    ]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("link.click()\nassert_it_fits(page, look)", [2]),
        ("page.get_by_role('link').click()\nassert width_of(page) <= 390", [2]),
        ("def test():\n    link.click()\n    assert_it_looks_right(page, 'x')", [3]),
        ("link.click()\nexpect(title).to_be_visible()\nassert_it_fits(page)", []),
        ("page.goto('/')\nassert_it_fits(page, look)", []),
    ],
)
def test_a_page_measured_right_after_a_click_is_found(
    code: str, found: list[int]
) -> None:
    assert measured_at_once(ast.parse(code)) == found


def test_no_page_is_measured_right_after_a_click() -> None:
    assert [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if "page" in (text := path.read_text())
        for line in measured_at_once(ast.parse(text))
    ] == []
