"""The page of EKS clusters in a real browser: axe, and every column within sight."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import FoundCluster, Question
from tests.accounts.web.looks import faults
from tests.rows import account_row, managing_row, person, search_row


@pytest.fixture
def search(transactional_db: None) -> Question:
    by = person("operator")
    managing_row()
    found = search_row(by, answered_at=timezone.now())
    row = account_row("a-department-with-a-long-name", account_id="000000000001")
    for number in range(3):
        FoundCluster.objects.create(
            search=found,
            account=row,
            name=f"cluster-{number}-of-a-team-with-a-name-that-is-long",
            region="ap-southeast-1",
            endpoint="public",
            mode="API_AND_CONFIG_MAP",
        )
    return found


@pytest.mark.parametrize("width", [390, 820, 1024, 1440])
def test_every_column_is_within_sight(signed_in, search: Question, width: int) -> None:
    page = signed_in(viewport={"width": width, "height": 844})

    page.goto(search.get_absolute_url())

    assert faults(page) == []
    table = page.locator(".table-scroll")
    assert table.evaluate("one => one.scrollWidth - one.clientWidth") == 0
    cluster = page.get_by_role("row").nth(1)
    expect(cluster).to_contain_text("ap-southeast-1", use_inner_text=True)
    link = cluster.get_by_role("link", name="a-department-with-a-long-name")
    expect(link).to_have_count(1)
