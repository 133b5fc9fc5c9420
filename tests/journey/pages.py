"""What people do on the pages, by what they read there."""

from __future__ import annotations

import zipfile
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.rows import PASSWORD

PATIENCE = 60_000
"""Milliseconds for what a worker does; two cores may be busy with other tests."""

VERIFIED = "Verified: Spinnaker has access"


def sign_in(page: Page, name: str = "olga", password: str = PASSWORD) -> None:
    page.goto("/")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Sign in")


def press(page: Page, name: str) -> None:
    # What is pressed while its page still loads may be lost.
    page.wait_for_load_state()
    page.get_by_role("button", name=name, exact=True).click()


def plan(page: Page, button: str = "Plan changes") -> None:
    press(page, button)
    result = page.locator(".result")
    expect(result).to_be_visible(timeout=PATIENCE)


def approve(page: Page, ends: str = VERIFIED) -> None:
    press(page, "Approve and apply")
    expect(page.get_by_role("heading", name=ends)).to_be_visible(timeout=PATIENCE)


def plan_first(page: Page) -> None:
    """Plan an account, and approve the managing account's own plan, which comes first;
    the pages lead there and back.
    """
    plan(page)
    page.get_by_role("link", name="Go to the managing account's plan").click()
    expect(page.locator(".result")).to_be_visible(timeout=PATIENCE)
    approve(page, "Verified")
    page.get_by_role("link", name="Continue with").click()


def section(page: Page, heading: str) -> Locator:
    """Find the part of the page under this heading."""
    return page.get_by_role("region", name=heading, exact=True)


def fact(page: Page, term: str) -> Locator:
    """Find what a list of facts says about this term."""
    terms = page.get_by_role("term").filter(has_text=term)
    return terms.locator("xpath=following-sibling::dd[1]")


def begin_bundle(page: Page, of: str) -> None:
    """Build the first bundle, of as many accounts, on the page of all bundles."""
    press(page, f"Build a bundle of {of}")


def built_bundle(page: Page, folder: Path) -> Path:
    """Build the first bundle on the page of all bundles, download it and unpack it."""
    begin_bundle(page, "1 account")
    link = page.get_by_role("link", name="Download bundle")
    expect(link).to_be_visible(timeout=PATIENCE)
    with page.expect_download() as download:
        link.click()
    archive = folder / "bundle.zip"
    download.value.save_as(archive)
    with zipfile.ZipFile(archive) as files:
        files.extractall(folder / "bundle")
    return folder / "bundle"
