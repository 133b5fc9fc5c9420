"""What every test with a browser relies on."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.conftest import NAVIGATION


def test_every_context_has_the_same_time_to_load_a_page(browser: Browser) -> None:
    limits = browser.new_context()._impl_obj._timeout_settings

    assert limits.navigation_timeout(None) == NAVIGATION
