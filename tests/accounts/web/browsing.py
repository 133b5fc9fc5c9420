"""A person in a real browser, and what is asked of every page that they open."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.rows import PASSWORD

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


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


def assert_axe_finds_nothing(page: Page) -> None:
    report = Axe().run(page, options=RULES)
    assert report.violations_count == 0, f"{page.url}\n{report.generate_report()}"


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
