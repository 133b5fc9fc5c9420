"""The browser of a person who plans and approves, with everything real behind it.

Six journeys are what people do with Bowline:

| journey | tests |
|---|---|
| first hour | test_onboarding, test_few_clicks |
| many accounts, one of them broken | test_few_clicks, test_organization_to_bundle |
| day two: drift | test_day_two |
| hand-off to an account's owner | test_handed_off |
| by the API alone | test_by_api |
| people, and roles for some environments | test_people |

The others kill, delay or restore what is behind the pages.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from script.emulated_organization import Credentials
from tests.journey.pages import sign_in
from tests.rows import decider
from tests.servers import StartWorker


@pytest.fixture
def page(
    browser: Browser,
    live_server: Any,
    own_aws: Credentials,
    celery_worker: StartWorker,
) -> Iterator[Page]:
    """Yield the site, with a worker behind it, for somebody who plans and approves."""
    celery_worker(**own_aws.environment)
    decider()
    context = browser.new_context(base_url=live_server.url, accept_downloads=True)
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    sign_in(opened)
    yield opened
    context.close()
    assert wrong == []
