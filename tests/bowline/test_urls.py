"""The doors of the site: what is open, what is shut, and what a browser may do."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.rows import person

pytestmark = pytest.mark.django_db


def test_every_other_page_asks_to_sign_in(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/sign-in/?next=/"


def test_the_admin_site_has_no_door_of_its_own(client: Client) -> None:
    answer = client.get("/admin/login/?next=/admin/")

    assert answer.headers["Location"] == "/sign-in/?next=/admin/"


def test_pages_forbid_inline_scripts_and_frames(client: Client) -> None:
    policy = client.get("/sign-in/").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_an_address_that_only_takes_a_form_leads_to_its_page(client: Client) -> None:
    client.force_login(person("administrator"))

    answer = client.get("/settings/second-approver/")

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    said = answer.content.decode()
    assert 'href="/settings/">Open the page with the form</a>' in said
