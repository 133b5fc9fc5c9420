"""Merging a halconfig and reading what changed in a real browser, with axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.accounts.management.test_merge_halconfig import CONFIG, SECRET
from tests.accounts.web.browsing import complaints, width_of
from tests.bundles import core, with_every_provider
from tests.factories import MANAGED_ID, topology
from tests.rows import bundle_row, managing_row, person

PAGE = "/bundles/2/halconfig/"
PAGES = (
    "/bundles/2/since/1/",
    "/bundles/2/",
    *(f"/bundles/2/?tab={tab}" for tab in ("accounts", "changes", "load")),
    "/bundles/2/files/README.md",
    "/bundles/now/",
    PAGE,
)
STAGING = "[{name: staging, accountId: '000000000008'}]"


@pytest.fixture
def bundles(transactional_db: None) -> None:
    person("operator")
    managing_row()
    bundle_row(topology(core()), 1)
    bundle_row(with_every_provider(), 2)


def shown(page: Page, config: Path) -> None:
    """Choose the file and look at what a merge would do."""
    config.write_text(CONFIG.replace("[]", STAGING))
    page.goto(PAGE)
    page.get_by_label("The file").set_input_files(config)
    page.get_by_role("button", name="Show changes").click()
    expect(page.get_by_text("Name conflicts")).to_be_visible()


@pytest.mark.smoke
def test_a_file_is_chosen_once_asked_about_and_given_back(
    signed_in, bundles: None, tmp_path: Path
) -> None:
    page = signed_in()
    told = complaints(page)
    shown(page, tmp_path / "config")

    page.get_by_label("Take over staging").check()
    page.get_by_role("button", name="Show changes").click()
    expect(page.get_by_text("taken over").first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download config.new").click()

    merged = download.value.path().read_text()
    assert download.value.suggested_filename == "config.new"
    assert f'accountId: "{MANAGED_ID}"' in merged
    assert f"secretAccessKey: {SECRET}" in merged
    assert SECRET not in page.content()
    assert told == []


def test_no_page_is_wider_than_a_phone(
    signed_in, bundles: None, tmp_path: Path
) -> None:
    page = signed_in(viewport={"width": 320, "height": 700})

    for path in PAGES:
        page.goto(path)
        assert width_of(page) <= 320, path
    shown(page, tmp_path / "config")

    assert width_of(page) <= 320
    label = page.get_by_text("Bundle directory")
    mark = label.evaluate("one => getComputedStyle(one, '::after').content")
    assert mark.startswith('"\xa0*"'), "the mark could stand in a line of its own"
