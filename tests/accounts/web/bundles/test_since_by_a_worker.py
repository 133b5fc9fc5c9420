"""Large bundles are compared by a worker, once: only these two, as they are now."""

from __future__ import annotations

import re
from typing import Any

import pytest

from accounts.discover import comparisons
from accounts.models import Bundle, Question
from tests.accounts.web.answers import looked, work
from tests.bundles import core, staging
from tests.factories import managed, provider, topology
from tests.rows import bundle_row, person

PAGE, OTHER_PAGE = "/bundles/2/since/1/", "/bundles/3/since/1/"
IN_HTMX = {"HTTP_HX_REQUEST": "true"}
REMOVED = "1 AWS account removed (3 Spinnaker accounts: 1 aws, 1 ecs, 1 kubernetes)"
THREE_REMOVED = f"1 AWS account added, 1 Spinnaker account changed (aws), {REMOVED}"
WAITS = "Comparing Bundle 2 with Bundle 1"


@pytest.fixture(autouse=True)
def bundles(two_bundles: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_BYTES", 0)
    qa = managed(provider("ec2"), name="qa", account_id="933333333333")
    bundle_row(topology(core(), staging(), qa), 3)


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def test_the_page_says_that_it_compares_and_then_goes_on_by_itself(operator) -> None:
    first = text(operator.get(PAGE))
    waiting = text(operator.get(f"{PAGE}?look=1", **IN_HTMX))
    work()
    there = operator.get(f"{PAGE}?look=answer", **IN_HTMX)

    assert WAITS in first
    assert 'hx-trigger="load"' in first
    assert THREE_REMOVED not in first
    assert waiting.startswith("<div hx-get=")
    assert 'hx-trigger="every 1s"' in waiting
    assert there["HX-Redirect"].startswith(f"{PAGE}?of=")
    for url in (there["HX-Redirect"], PAGE):
        assert THREE_REMOVED in text(operator.get(url))


def test_it_shows_what_a_request_would_show(monkeypatch, operator) -> None:
    looked(operator, PAGE)
    by_a_worker = text(operator.get(PAGE))
    monkeypatch.setattr(comparisons, "MOST_BYTES", 10**6)
    in_a_request = text(operator.get(PAGE))

    token = r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"'
    assert "staging-ecs" in in_a_request
    assert re.sub(token, "", by_a_worker) == re.sub(token, "", in_a_request)


def test_it_is_compared_once_for_everybody(client, operator) -> None:
    looked(operator, PAGE)
    Question.objects.update(times_asked=7)
    client.force_login(person("viewer"))

    assert "1 AWS account added, 1 Spinnaker account changed" in text(client.get(PAGE))
    assert "1 AWS account added, 1 Spinnaker account changed" in text(
        client.get(f"{PAGE}?look=1", follow=True)
    )
    assert Question.objects.get().times_asked == 7


@pytest.mark.parametrize(
    ("number", "says"),
    [(1, "1 AWS account added."), (2, REMOVED)],
)
def test_a_bundle_that_was_built_again_is_compared_again(
    operator, number, says
) -> None:
    looked(operator, PAGE)
    Bundle.objects.get(number=number).delete()
    bundle_row(topology(core(**LIVE[number])), number)

    assert WAITS in text(operator.get(PAGE))
    looked(operator, PAGE)

    assert says in text(operator.get(PAGE))


LIVE: dict[int, dict[str, str]] = {1: {"environment": "live"}, 2: {}}


def test_a_comparison_that_failed_says_what_to_do(monkeypatch, operator) -> None:
    operator.get(f"{PAGE}?look=1")
    with monkeypatch.context() as patched:
        patched.setattr(
            "accounts.discover.comparisons.changes_between", lambda digests: 1 / 0
        )
        work()

    page = text(operator.get(f"{PAGE}?look=answer"))

    assert (
        "Bowline couldn&#x27;t compare the accounts. See the worker&#x27;s log." in page
    )
    assert f'<a href="{PAGE}?look=1">Compare again</a>' in page
