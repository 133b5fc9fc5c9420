from __future__ import annotations

import pytest
from django.test import RequestFactory

from accounts.web.accounts.account import Tab, chosen_tab

TABS = [
    Tab("checks", "Checks", 4),
    Tab("history", "History"),
    Tab("permissions", "Permissions", page="/accounts/1/permissions/"),
]


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("/", "checks"),
        ("/?tab=history", "history"),
        ("/?tab=nonsense", "checks"),
        ("/?tab=permissions", "checks"),
    ],
)
def test_the_address_chooses_a_tab_of_this_page(address: str, key: str) -> None:
    assert chosen_tab(RequestFactory().get(address), TABS).key == key


def test_a_tab_leads_to_itself_or_to_its_own_page() -> None:
    assert [tab.url for tab in TABS] == [
        "?tab=checks",
        "?tab=history",
        "/accounts/1/permissions/",
    ]
