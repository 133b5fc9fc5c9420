"""A person in a real browser, and what is asked of every page that they open."""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page, expect

from tests.rows import PASSWORD

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
CONTRAST = "color-contrast"
"""The rule that takes longest, and that no width changes."""


def signed_in(
    browser: Browser, live_server: Any, name: str = "operator", **context: Any
) -> Page:
    page = browser.new_context(base_url=live_server.url, **context).new_page()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill(name)
    password = page.get_by_label("Password")
    password.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(password).not_to_be_attached()
    return page


def at_widths(*widths: int) -> pytest.MarkDecorator:
    """Try a test at these widths, light and dark: `look` is for `signed_in`."""
    return pytest.mark.parametrize(
        "look",
        [
            pytest.param(
                {
                    "bypass_csp": True,
                    "color_scheme": scheme,
                    "viewport": {"width": width, "height": 800},
                },
                id=f"{width}-{scheme}",
            )
            for width in widths
            for scheme in ("light", "dark")
        ],
    )


def assert_it_fits(page: Page, look: dict[str, Any]) -> None:
    """Axe finds nothing, and the page is no wider than the window."""
    assert_axe_finds_nothing(page)
    assert width_of(page) <= look["viewport"]["width"], page.url


def assert_axe_finds_nothing(page: Page) -> None:
    assert violations(page) == []


def violations(page: Page, **options: Any) -> list[str]:
    """Say what axe finds wrong, with the place of each finding."""
    options = {"resultTypes": ["violations"], "runOnly": TAGS, **options}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{page.url}: {one['id']}: {node['target'][0]}: {one['help']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def complaints(page: Page) -> list[str]:
    """Collect what scripts throw, and what the browser refuses, from now on."""
    told: list[str] = []
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("console", lambda m: told.append(m.text) if m.type == "error" else None)
    return told


def width_of(page: Page) -> int:
    """Measure the page itself, which may be wider than the window."""
    width: int = page.evaluate("document.documentElement.scrollWidth")
    return width
