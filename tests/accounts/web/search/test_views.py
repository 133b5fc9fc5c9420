"""The search's page, and the same list for the palette."""

from __future__ import annotations

from django.test import Client

from tests.rows import account_row


def test_the_page_works_without_scripts(viewer: Client) -> None:
    account = account_row()

    page = viewer.get("/search/", {"text": "stag"})

    assert f'href="{account.get_absolute_url()}">' in page.content.decode()
    assert 'name="text" value="stag"' in page.content.decode()


def test_htmx_gets_the_list_alone(viewer: Client) -> None:
    account_row()

    page = viewer.get("/search/", {"text": "stag"}, headers={"HX-Request": "true"})

    assert "<html" not in page.content.decode()
    assert 'data-found="stag" data-found-count="1"' in page.content.decode()


def test_nothing_found_says_what_can_be(viewer: Client) -> None:
    page = viewer.get("/search/", {"text": "zzz"})

    assert "No matches." in page.content.decode()
