"""The managing page filled in from AWS while somebody types, in a real browser."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.utils import timezone
from playwright.sync_api import Route, expect

from accounts.discover.looking import home
from onboarding.aws.discover import OwnAccount
from tests.rows import person, question_row


@pytest.mark.smoke
def test_an_answer_does_not_write_over_what_was_typed_meanwhile(
    signed_in, transactional_db: None
) -> None:
    person("operator")
    page = signed_in()
    held: list[Route] = []
    page.route("**/managing/?*look=1*", lambda route: held.append(route))
    name = page.get_by_role("textbox", name="Name", exact=True)
    with page.expect_request("**/managing/?*look=1*"):
        page.goto("/managing/")

    name.fill("mine")
    question_row(
        home(),
        answered_at=timezone.now(),
        answer=asdict(OwnAccount("911111111111", "aws", "core")),
    )
    held.pop().continue_()

    expect(page.get_by_text("Filled in from AWS")).to_be_visible()
    expect(page.get_by_label("AWS account ID")).to_have_value("911111111111")
    expect(name).to_have_value("mine")
