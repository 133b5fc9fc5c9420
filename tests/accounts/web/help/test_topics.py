"""The help on each page, and all of it on one page."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.html import escape

from accounts.web.factors.views import urlpatterns as of_factors
from accounts.web.help.views import PAGES, TOPICS, matching_topics, topic_of
from accounts.web.search.views import find
from accounts.web.urls import urlpatterns
from tests.attack.whole_site import whole_site
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db

WITHOUT = {"help", "documentation", "document"}
"""Pages that need none; a new one is a decision."""


MOST_ON_A_PAGE, MOST_IN_HELP = 80, 170
"""Characters of a line."""


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.slug)
def test_a_topic_has_a_line_and_says_the_rest_in_short_ones(topic) -> None:
    assert topic.rest
    for line in (topic.line, *topic.rest):
        assert len(line) <= MOST_IN_HELP, line
        assert line.endswith("."), line


@pytest.mark.parametrize("topic", PAGES, ids=lambda topic: topic.slug)
def test_a_page_has_one_line_of_help(topic) -> None:
    assert len(topic.line) <= MOST_ON_A_PAGE


def test_a_topic_explains_pages_that_exist_each_by_one_topic() -> None:
    known = {pattern.name for pattern in (*urlpatterns, *of_factors)}
    explained = [page for topic in TOPICS for page in topic.pages]

    assert {*explained} <= known
    assert len(explained) == len({*explained})


@pytest.mark.exhaustive
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


def test_the_page_of_second_factors_leads_to_its_help(viewer: Client) -> None:
    page = viewer.get("/you/second-factor/").content.decode()

    assert 'href="/help/#second-factors"' in page


def test_nobody_without_a_role_is_led_to_help(client: Client) -> None:
    client.force_login(User.objects.create_user("new", password=PASSWORD))

    page = client.get("/you/second-factor/").content.decode()

    assert "Second factor" in page
    assert "/help/" not in page


def test_the_help_page_has_every_topic(viewer: Client) -> None:
    page = viewer.get("/help/").content.decode()

    for topic in TOPICS:
        assert page.count(f' id="{topic.slug}"') == 1
        for said in (topic.title, topic.line, *topic.rest):
            assert escape(said) in page


def test_the_help_page_has_its_contents(viewer: Client) -> None:
    text = viewer.get("/help/").text

    contents = text[: text.index("</nav>", text.index('class="contents"'))]
    missing = [one.slug for one in TOPICS if f'href="#{one.slug}"' not in contents]
    assert missing == []


def test_a_topic_leads_to_the_one_that_says_more_and_to_no_file(viewer: Client) -> None:
    page = viewer.get("/help/").content.decode()

    assert 'See also <a href="#denials">Where a denial comes from</a>' in page
    for slug in {topic.see for topic in TOPICS if topic.see}:
        assert f' id="{slug}"' in page
    assert "docs/" not in page.replace("/help/docs/", "")


def test_help_is_found_by_the_search() -> None:
    groups = find(person("viewer"), "drifted")

    (found,) = (group for group in groups if group.title == "Help")
    assert [hit.url for hit in found.hits] == ["/help/#accounts"]


def test_all_words_must_be_in_a_topic() -> None:
    assert matching_topics("drifted halyard") == []


def test_a_page_without_a_topic_has_no_help() -> None:
    assert topic_of("you") is None
