"""The form above a list: what it shows, what it keeps, what it counts."""

from __future__ import annotations

from django.http import QueryDict

from accounts.web.filters import Filter, FilterForm

FILTERS = [
    Filter("text", "Name", "Name"),
    Filter("state", "State", "Any state", [("failed", "failed")], often=True),
    Filter(
        "verification",
        "Verification",
        "Any verification",
        [("stale", "Stale verification")],
    ),
]


def form(address: str) -> FilterForm:
    return FilterForm.of(
        QueryDict(address),
        "Accounts",
        "accounts:accounts",
        FILTERS,
        kept=["sort"],
        narrows=["file"],
    )


def test_it_shows_what_the_address_asks_for() -> None:
    found = form("text=+web+&state=failed")

    assert (found.search.value, found.often[0].value) == ("web", "failed")
    assert found.others[0].value == ""


def test_it_counts_what_is_chosen_without_the_search() -> None:
    found = form("text=web&state=failed&verification=stale")

    assert (found.chosen, found.chosen_others) == (2, 1)
    assert (form("text=web").chosen, form("text=web").chosen_others) == (0, 0)


def test_a_parameter_without_a_field_stays_and_only_one_that_narrows_filters() -> None:
    assert form("sort=-name").kept == (("sort", "-name"),)
    assert form("file=1").kept == (("file", "1"),)
    assert not form("sort=-name").is_filtered
    assert form("file=1").is_filtered
    assert form("text=a").is_filtered
