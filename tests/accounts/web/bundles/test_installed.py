"""What Spinnaker has is what somebody said it has; a later bundle is told beside it."""

from __future__ import annotations

import pytest
from django.core.cache import cache

from accounts.discover.comparisons import of_two
from accounts.discover.questions import carry_on
from accounts.models import Bundle
from tests.bundles import core, staging
from tests.factories import topology
from tests.rows import account_row, bundle_row, question_row


@pytest.fixture(autouse=True)
def bundles(two_bundles: None) -> None:
    cache.clear()


def text(client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_nobody_said_anything_at_first(operator) -> None:
    assert "Bowline doesn't know which bundle" in text(operator, "/bundles/1/")
    assert "Spinnaker has bundle" not in text(operator, "/bundles/")


def test_what_a_person_says_stands_on_record(operator) -> None:
    operator.post("/bundles/1/installed/")

    bundle = Bundle.objects.get(number=1)
    assert bundle.installed_at is not None
    assert bundle.installed_by.get_username() == "operator"
    assert "Spinnaker has this bundle, recorded" in text(operator, "/bundles/1/")


def test_a_later_bundle_says_what_it_would_change(operator) -> None:
    operator.post("/bundles/1/installed/")

    page = text(operator, "/bundles/")

    assert (
        "Spinnaker has bundle 1; bundle 2 would add 1, change 1, and remove 3 accounts."
    ) in page
    assert "/bundles/2/since/1/" in page


def test_large_bundles_are_counted_once_a_worker_compared_them(
    operator, monkeypatch
) -> None:
    monkeypatch.setattr("accounts.discover.comparisons.MOST_BYTES", 0)
    operator.post("/bundles/1/installed/")
    before = text(operator, "/bundles/")
    question = of_two(*Bundle.objects.order_by("number")).question
    carry_on(question_row(question, times_asked=1))

    after = text(operator, "/bundles/")

    assert "Spinnaker has bundle 1; bundle 2 is newer." in before
    assert "bundle 2 would add 1, change 1, and remove 3 accounts." in after


def test_the_last_word_counts(operator) -> None:
    operator.post("/bundles/1/installed/")
    operator.post("/bundles/2/installed/")

    assert "Spinnaker has Bundle 2, the latest bundle." in text(operator, "/bundles/")


def test_the_same_again_is_no_change(operator) -> None:
    bundle_row(topology(core(environment="live")), 3)
    bundle_row(topology(core(environment="live")), 4)
    operator.post("/bundles/3/installed/")

    assert "bundle 4 has no changes." in text(operator, "/bundles/")


def test_the_overview_tells_it(operator, managing) -> None:
    account_row()

    operator.post("/bundles/1/installed/")

    assert "Spinnaker has bundle 1; bundle 2 would" in text(operator, "/")


def test_where_accounts_are_gone_from_it_the_page_asks(operator) -> None:
    bundle_row(topology(core()), 3, topology(core(), staging()))

    page = text(operator, "/bundles/3/")
    refused = operator.post("/bundles/3/installed/", follow=True).content.decode()

    assert "hal/apply.sh --prune --dry-run" in page
    assert "hal/apply.sh --prune && hal/profiles.sh" in page.replace("&amp;", "&")
    assert 'name="answer"' in page
    assert 'name="answer"' not in text(operator, "/bundles/1/")
    assert "hal keeps them until they&#x27;re removed" in refused
    assert not Bundle.objects.installed().exists()

    operator.post("/bundles/3/installed/", {"answer": " gone "})

    assert Bundle.objects.installed().get().number == 3
