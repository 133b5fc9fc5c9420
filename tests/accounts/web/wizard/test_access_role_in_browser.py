"""The access role's template in a real browser: unfolded, on a phone, and taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import expect

from script.emulated_organization import MANAGING, Credentials
from tests.accounts.web.browsing import assert_axe_finds_nothing, complaints, width_of
from tests.rows import account_row, managing_row, person


@pytest.mark.smoke
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_unfolded_read_and_taken(
    signed_in,
    transactional_db: None,
    aws: Credentials,
    prompt_worker: None,
    scheme: Any,
) -> None:
    person("operator")
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)
    account = account_row(providers={})
    page = signed_in(color_scheme=scheme)
    told = complaints(page)
    page.goto(f"/accounts/{account.pk}/access/")

    page.get_by_text("Create the access role in every account at once").click()
    page.get_by_text("The template", exact=True).click()

    expect(page.locator("#access-role-template")).to_contain_text("RoleName")
    assert_axe_finds_nothing(page)
    page.set_viewport_size({"width": 320, "height": 700})
    assert width_of(page) == 320
    with page.expect_download() as taken:
        page.get_by_text("Download bowline-access.yml").click()
    template = yaml.safe_load(Path(taken.value.path()).read_text())
    assert list(template["Resources"]) == ["AccessRole"]
    assert told == []
