"""The help on each page, and all of it on one page."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.web.help.topics import TOPICS, matching_topics, topic_of
from accounts.web.search.finding import find
from accounts.web.urls import urlpatterns
from tests.attack.whole_site import whole_site
from tests.rows import person

pytestmark = pytest.mark.django_db

WITHOUT = {"help"}
"""Pages that need none; a new one is a decision."""


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.slug)
def test_a_topic_has_two_to_four_short_lines(topic) -> None:
    assert 2 <= len(topic.lines) <= 4
    for line in topic.lines:
        assert len(line) <= 170, line
        assert line.endswith("."), line


def test_a_topic_explains_pages_that_exist_each_by_one_topic() -> None:
    known = {pattern.name for pattern in urlpatterns}
    explained = [page for topic in TOPICS for page in topic.pages]

    assert {*explained} <= known
    assert len(explained) == len({*explained})


def test_every_page_of_the_site_has_help(client: Client) -> None:
    site = whole_site()
    client.force_login(person("administrator", is_superuser=True))
    without = []

    for address in site.addresses():
        page = client.get(address)
        match = page.resolver_match
        is_page = page.status_code == 200 and not page.streaming
        if not is_page or match is None or match.app_name != "accounts":
            continue
        has_help = b"Help on this page" in page.content
        if b"<h1>" in page.content and not has_help:
            without.append(match.url_name)

    assert {*without} == WITHOUT


def test_the_help_page_has_every_topic(viewer: Client) -> None:
    page = viewer.get("/help/").content.decode()

    for topic in TOPICS:
        assert (
            f'<h2 id="{topic.slug}">{topic.title.replace(chr(39), "&#x27;")}</h2>'
            in page
        )


def test_help_is_found_by_the_search() -> None:
    groups = find(person("viewer"), "drifted")

    (found,) = (group for group in groups if group.title == "Help")
    assert [hit.url for hit in found.hits] == ["/help/#accounts"]


def test_all_words_must_be_in_a_topic() -> None:
    assert matching_topics("drifted halyard") == []


def test_a_page_without_a_topic_has_no_help() -> None:
    assert topic_of("you") is None
