"""What people do on the pages, by what they read there."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.rows import PASSWORD

PATIENCE = 60_000
"""Milliseconds for what a worker does; two cores may be busy with other tests."""


def sign_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def press(page: Page, name: str) -> None:
    # What is pressed while its page still loads may be lost.
    page.wait_for_load_state()
    page.get_by_role("button", name=name, exact=True).click()


def plan(page: Page) -> None:
    press(page, "Plan changes")
    result = page.locator(".result")
    expect(result).to_be_visible(timeout=PATIENCE)
