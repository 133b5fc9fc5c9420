"""A list: what its filters find, what the form above it shows, keeps, and counts."""

from __future__ import annotations

import pytest
from django.db.models import Q
from django.http import QueryDict

from accounts.lists.accounts import ACCOUNTS
from accounts.lists.declaration import NOTHING, Filter, FilterForm, Listing
from accounts.models.standing import GROUPS, TOGETHER, WORDS

NAMED = Q(name="web")
LISTED = Listing(
    "accounts",
    title="Accounts",
    sorts={"name": "Name", "state": "State"},
    filters=(
        Filter("text", lambda _: NAMED, "Name"),
        Filter("state", lambda _: NAMED, "State", [("failed", "failed")], often=True),
        Filter("age", lambda _: NAMED, "Age in days", unasked="Of any age"),
        Filter("file", lambda _: NAMED),
        Filter("mine", lambda who: Q(who=who), of_person=True),
    ),
)


def form(address: str) -> FilterForm:
    return LISTED.form(QueryDict(address), age=[("9", "Old")])


def test_it_shows_what_the_address_asks_for() -> None:
    found = form("text=+web+&state=failed")

    assert (found.search.value, found.often[0].value) == ("web", "failed")
    assert found.others[0].value == ""


def test_a_field_says_what_it_is_about_while_nothing_is_chosen() -> None:
    found = form("")

    assert [one.says for one in (found.search, *found.often, *found.others)] == [
        "Name",
        "Any state",
        "Of any age",
    ]


def test_a_filter_that_nobody_is_offered_has_no_field() -> None:
    assert LISTED.form(QueryDict(), age=()).others == []


def test_it_counts_what_is_chosen_without_the_search() -> None:
    found = form("text=web&state=failed&age=9")

    assert (found.chosen, found.chosen_others) == (2, 1)
    assert (form("text=web").chosen, form("text=web").chosen_others) == (0, 0)


def test_a_parameter_without_a_field_stays_and_only_one_that_narrows_filters() -> None:
    assert form("sort=-name").kept == {"sort": "-name"}
    assert form("sort=name").kept == form("sort=secret").kept == {}
    assert form("file=1").kept == {"file": "1"}
    assert not form("sort=-name").is_filtered
    assert form("file=1").is_filtered
    assert form("text=a").is_filtered


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("state", "failed", NAMED),
        ("state", "unknown", NOTHING),
        ("age", "unknown", NAMED),
        ("mine", "1", Q(who="ann")),
    ],
)
def test_what_is_no_choice_finds_nothing(name: str, value: str, found: Q) -> None:
    (one,) = (one for one in LISTED.filters if one.name == name)

    assert one.finds(value, "ann") == found  # type: ignore[arg-type]


def states_offered(asked: str) -> list[str]:
    fields = ACCOUNTS.form(QueryDict(asked)).often
    return [
        value for value, _ in next(f for f in fields if f.of.name == "state").options
    ]


def test_accounts_are_looked_for_by_few_states_that_have_each_word_once() -> None:
    words = [one for group in GROUPS for one in TOGETHER.get(group, (group,))]

    assert sorted(states_offered("")) == sorted(GROUPS)
    assert len(GROUPS) <= 8
    assert sorted(words) == sorted(WORDS)


def test_a_state_of_an_older_address_stays_chosen_and_still_finds() -> None:
    assert "planned" in states_offered("state=planned")
    assert states_offered("state=nonsense") == states_offered("")
    assert ACCOUNTS.filters[1].finds("planned", None) != NOTHING
