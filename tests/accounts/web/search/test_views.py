"""The search's page, and the same list for the palette."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.attack.hostile import HOSTILE, PLANTED
from tests.attack.shape import shape_of
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


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_what_is_typed_stays_text(viewer: Client, headers: dict[str, str]) -> None:
    page = viewer.get("/search/", {"text": HOSTILE}, headers=headers)

    shape = shape_of(page)
    assert not any(PLANTED in word for element in shape.elements for word in element)
    assert shape.in_reach == []
