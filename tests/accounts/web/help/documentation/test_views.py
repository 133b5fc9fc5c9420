"""The documents as pages: all of them, each one, and their pictures."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.test import Client

from accounts.help.documents import Document, documents, parts, pictures
from accounts.web.search.views import find
from tests.rows import person

pytestmark = pytest.mark.django_db

ID = re.compile(r'\sid="([^"]+)"')
LINK = re.compile(r'<(?:a|img)\b[^>]*?\s(?:href|src)="([^"]+)"')


def content(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.content.decode()


def test_the_list_has_every_document_by_purpose(viewer: Client) -> None:
    page = content(viewer, "/help/docs/")

    for part in parts():
        assert f">{part.title}</h2>" in page
        for one in part.documents:
            assert f'<a href="{one.url}">{one.title}</a>' in page


def test_the_list_is_searched_by_every_word(viewer: Client) -> None:
    page = content(viewer, "/help/docs/?text=KUBERNETES+kustomize")

    assert "/help/docs/kubernetes/" in page
    assert "/help/docs/tutorial/" not in page
    assert "No page has all" in content(viewer, "/help/docs/?text=nosuchword")
    assert "&lt;b&gt;" in content(viewer, "/help/docs/?text=<b>%00")


@pytest.mark.exhaustive(after=4)
@pytest.mark.parametrize("document", documents(), ids=lambda document: document.slug)
def test_every_link_of_a_document_answers(viewer: Client, document: Document) -> None:
    page = content(viewer, document.url)
    article = page.partition("<article")[2].partition("</article>")[0]
    ids = ID.findall(page)

    assert len(ids) == len({*ids})
    assert "REWRITE_DOCS" not in article
    for link in {unescape(link) for link in LINK.findall(article)}:
        url, _, anchor = link.partition("#")
        if "://" in link:
            continue
        elsewhere = page
        if url:
            answer = viewer.get(url)
            assert answer.status_code == 200, link
            elsewhere = answer.content.decode() if anchor else ""
        assert not anchor or anchor in ID.findall(elsewhere), link


def test_a_document_has_its_title_and_its_contents(viewer: Client) -> None:
    page = content(viewer, "/help/docs/backup/")

    assert "<h1>Back up and restore Bowline</h1>" in page
    assert page.count("<h1") == 1
    assert '<li><a href="#postgresql">PostgreSQL</a></li>' in page
    assert '<a href="/help/docs/">Documentation</a>' in page


@pytest.mark.parametrize(
    "url",
    [
        "/help/docs/nowhere/",
        "/help/docs/readme/",
        "/help/docs/..%2FSECURITY/",
        "/help/docs/%2e%2e/SECURITY.md",
        "/help/docs/pictures/nowhere.webp",
        "/help/docs/pictures/..%2f..%2fbowline-access.webp",
        "/help/docs/pictures/before/overview.webp",
        "/help/docs/pictures/README.md",
    ],
)
def test_no_name_in_a_url_becomes_a_path(viewer: Client, url: str) -> None:
    assert viewer.get(url).status_code == 404


def test_a_picture_is_one_of_those_of_pages(viewer: Client) -> None:
    answer = viewer.get("/help/docs/pictures/overview.webp")

    assert answer["Content-Type"] == "image/webp"
    assert answer.content == pictures()["overview"].read_bytes()
    assert answer.content[8:12] == b"WEBP"


def test_the_search_finds_a_document_by_its_title() -> None:
    groups = find(person("viewer"), "single sign-on")

    (found,) = (group for group in groups if group.title == "Documentation")
    assert [hit.url for hit in found.hits] == ["/help/docs/single-sign-on/"]
