"""Filters that a person saves of a list: theirs alone, named, and few."""

from __future__ import annotations

import pytest
from django.http import QueryDict
from django.test import Client

from accounts.models import Preferences
from accounts.web.you.preferences import LISTS, MOST, saved_filters_of
from tests.rows import account_row, person, run_row

FAILED = "state=failed&sort=-environment"
PATHS = {
    "accounts": "/accounts/",
    "runs": "/runs/",
    "activity": "/settings/activity/",
    "people": "/settings/people/",
    "organization": "/accounts/organization/",
}


def save(client: Client, name: str, query: str = FAILED, where: str = "accounts"):
    sent = {"list": where, "name": name, "query": query}
    return client.post("/you/filters/save/", sent, follow=True)


def names(user, where: str = "accounts") -> list[str]:
    return [one.name for one in saved_filters_of(user, where)]


@pytest.fixture
def vera(client, managing):
    run_row(account=account_row())
    user = person("administrator", username="vera")
    client.force_login(user)
    return user


def test_a_saved_filter_is_offered_with_what_it_filters(client, vera) -> None:
    page = client.get(f"/accounts/?{FAILED}&page=1").content.decode()
    assert f'name="query" value="{FAILED.replace("&", "&amp;")}"' in page

    shown = save(client, "Broken in <prod>")

    assert shown.redirect_chain == [(f"/accounts/?{FAILED}", 302)]
    html = client.get("/accounts/").content.decode()
    assert 'href="/accounts/?state=failed&amp;sort=-environment"' in html
    assert "Broken in &lt;prod&gt;</a>" in html
    assert "The filter “Broken in &lt;prod&gt;” is saved." in shown.content.decode()


def test_each_list_keeps_its_own(client, vera) -> None:
    assert PATHS.keys() == {*LISTS}

    for where in LISTS:
        shown = save(client, f"My {where}", "text=a", where)
        assert shown.redirect_chain == [(f"{PATHS[where]}?text=a", 302)]

    for where, path in PATHS.items():
        if where != "organization":  # of which nothing is read yet
            assert f"My {where}" in client.get(path).content.decode()
        assert names(vera, where) == [f"My {where}"]


def test_nothing_is_offered_where_nothing_is_filtered_or_saved(client, vera) -> None:
    assert "saved-filters" not in client.get("/accounts/").content.decode()


def test_a_name_that_is_used_again_gets_the_new_filter(client, vera) -> None:
    save(client, "Mine")
    save(client, "Mine", "state=draft")

    (one,) = saved_filters_of(vera, "accounts")
    assert one.url == "/accounts/?state=draft"


def test_a_filter_is_deleted_by_its_name(client, vera) -> None:
    save(client, "Mine")
    save(client, "Other")
    sent = {"list": "accounts", "name": "Mine"}

    client.post("/you/filters/delete/", sent)
    again = client.post("/you/filters/delete/", sent, follow=True)

    assert names(vera) == ["Other"]
    assert "That filter no longer exists." in again.content.decode()


def test_nobody_sees_the_filters_of_others(client, vera) -> None:
    save(client, "Mine")
    client.force_login(person("viewer"))

    assert "Mine</a>" not in client.get("/accounts/").content.decode()
    client.post("/you/filters/delete/", {"list": "accounts", "name": "Mine"})
    assert names(vera) == ["Mine"]


@pytest.mark.parametrize(
    ("name", "query", "where"),
    [
        ("", FAILED, "accounts"),
        ("x" * 61, FAILED, "accounts"),
        ("a\u202eb", FAILED, "accounts"),
        ("Mine", "", "accounts"),
        ("Mine", "text=" + "x" * 1000, "accounts"),
        ("Mine", FAILED, "https://elsewhere.example"),
    ],
)
def test_what_is_no_filter_is_not_saved(
    client, vera, name: str, query: str, where: str
) -> None:
    shown = save(client, name, query, where)

    assert shown.status_code == 200
    assert shown.redirect_chain[0][0] == PATHS.get(where, "/")
    assert not Preferences.objects.exists()


def test_a_list_has_few_of_them(client, vera) -> None:
    for number in range(MOST):
        save(client, f"{number:02}")

    shown = save(client, "One more").content.decode()
    save(client, "00", "state=draft")

    assert "You have 20 saved filters of this list." in shown
    assert len(names(vera)) == MOST
    assert saved_filters_of(vera, "accounts")[0].url == "/accounts/?state=draft"


def test_what_leads_elsewhere_stays_behind_the_lists_address(client, vera) -> None:
    save(client, "Mine", "//elsewhere.example/?a=1&b")

    (one,) = saved_filters_of(vera, "accounts")
    assert one.url.startswith("/accounts/?")
    assert QueryDict(one.url.partition("?")[2])["//elsewhere.example/?a"] == "1"


def test_what_cannot_be_read_is_left_out(client, vera) -> None:
    odd = [{"name": "Mine", "query": 3}, "text", {"name": "Good", "query": "a=b"}]
    Preferences.objects.create(person=vera, saved_filters={"accounts": odd})

    assert names(vera) == ["Good"]
