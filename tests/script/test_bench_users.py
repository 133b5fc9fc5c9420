"""The people of script/bench users open pages, and their tabs find what moved."""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from script.bench_pages import make_site
from script.bench_users import (
    ASKED,
    CLICKED,
    REFRESHED,
    Crowd,
    Site,
    Waited,
    clicked,
    moving,
    signed_in,
    summed,
    tabs,
)


@pytest.mark.django_db(transaction=True)
@pytest.mark.exhaustive
def test_people_open_pages_and_their_tabs_find_what_moved(
    live_server: LiveServer,
) -> None:
    pages = make_site(20)
    port = int(live_server.url.rpartition(":")[2])
    site = Site(port, {name: pages[name] for name in CLICKED})
    cookies = signed_in(2)

    with moving(), tabs(site, cookies) as seen:
        opened = clicked(site, cookies, Crowd(people=2, seconds=3, pause=0.05))

    assert {name for name, _ in opened} <= {*CLICKED}
    assert len(opened) > 2
    assert REFRESHED in {name for name, _ in seen()} <= {ASKED, REFRESHED}


def test_of_a_hundred_pages_five_may_take_longer() -> None:
    opened = [("overview", number / 1000) for number in range(1, 101)]

    assert summed(opened) == {"overview": Waited(100, 50.5, 95)}
    assert summed([("a run", 0.2)]) == {"a run": Waited(1, 200, 200)}
