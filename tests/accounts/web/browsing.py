"""A person in a real browser, and what is asked of every page that they open."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

SignedIn = Callable[..., Page]
"""What the fixture `signed_in` does."""

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
CONTRAST = "color-contrast"
"""The rule that takes longest, and that no width changes."""

ONLY_CONTRAST = {"runOnly": {"type": "rule", "values": [CONTRAST]}}
NARROW = {"width": 390, "height": 844}
BUT_CONTRAST = {"rules": {CONTRAST: {"enabled": False}}}
RUN_AXE = """async ([options, rows]) => {
  const shapes = new Set(), alike = [];
  const shape = (one) => [one.tagName, one.getAttribute("class"),
    ...one.getAttributeNames(), !one.textContent.trim()].join(" ");
  const known = new Map();  // all rows share what is around them, and all of its text
  const around = (one) => {
    if (!known.has(one)) known.set(one, shape(one));
    return known.get(one);
  };
  for (const row of document.querySelectorAll(rows)) {
    const of = [...row.querySelectorAll("*")].map(shape);
    for (let one = row; one; one = one.parentElement) of.push(around(one));
    if (shapes.has(of.join())) alike.push(row);
    shapes.add(of.join());
  }
  const places = alike.map(() => document.createComment(""));
  alike.forEach((row, number) => row.replaceWith(places[number]));
  try {
    return await axe.run(document, options);
  } finally {
    alike.forEach((row, number) => places[number].replaceWith(row));
  }
}"""
"""Of rows with the same elements, classes and attributes axe sees one: a page has
thousands, and each takes it 20 ms. The others are taken out, because axe asks even for
the style of what is hidden.
"""


def signed_in(
    browser: Browser, live_server: Any, name: str = "operator", **context: Any
) -> Page:
    """Open an empty page of a person who signed in, without the form."""
    client = Client()
    client.force_login(User.objects.get(username=name))
    signed = client.cookies[settings.SESSION_COOKIE_NAME]
    opened = browser.new_context(base_url=live_server.url, **context)
    opened.add_cookies(
        [{"name": signed.key, "value": signed.value, "url": live_server.url}]
    )
    return opened.new_page()


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
    """Axe finds nothing, and the page is no wider than the window. In the dark, only
    the colours are others.
    """
    if look["color_scheme"] == "light":
        assert violations(page, **BUT_CONTRAST) == []
    assert violations(page, **ONLY_CONTRAST) == []
    assert width_of(page) <= look["viewport"]["width"], page.url


def assert_axe_finds_nothing(page: Page) -> None:
    assert violations(page, **BUT_CONTRAST) + violations(page, **ONLY_CONTRAST) == []


def assert_it_looks_right(page: Page, name: str) -> None:
    """Ask of the page what is asked of every page, wide and narrow; take pictures of it
    where the environment variable LOOK names a folder for them.
    """
    assert_axe_finds_nothing(page)
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
    wide = page.viewport_size
    page.set_viewport_size(NARROW)
    assert width_of(page) <= NARROW["width"]
    if folder:
        page.screenshot(path=f"{folder}/{name}-390.png", full_page=True)
    page.set_viewport_size(wide)


def violations(page: Page, **options: Any) -> list[str]:
    """Say what axe finds wrong, with the place of each finding."""
    options = {"resultTypes": ["violations"], "runOnly": TAGS, **options}
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    # Of a table's rows only the colours are alike: links may be too close to others.
    is_contrast = options["runOnly"] == ONLY_CONTRAST["runOnly"]
    rows = ".diff-row, tbody > tr" if is_contrast else ".diff-row"
    found = page.evaluate(RUN_AXE, [options, rows])
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
