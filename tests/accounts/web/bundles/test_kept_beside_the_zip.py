"""A bundle's page reads what was kept when it was built, and not the zip."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Bundle
from accounts.models.states import State
from accounts.spinnaker.bundles import build, new_bundle
from tests.rows import account_row

README = "/bundles/1/files/README.md"
OTHER = "/bundles/1/files/manifest.json"


@pytest.fixture
def bundle(managing, monkeypatch: pytest.MonkeyPatch) -> Bundle:
    monkeypatch.setattr("onboarding.spinnaker.bundle.limits.MANY_ACCOUNTS", 1)
    account_row(verification=State.VERIFIED, regions=["us-east-1", "eu-west-1"])
    bundle = new_bundle(None)
    build(bundle)
    return Bundle.objects.get(pk=bundle.pk)


def opened(client: Any, url: str) -> tuple[str, bool]:
    """Return the page, and whether the zip was read for it."""
    with CaptureQueriesContext(connection) as queries:
        page = client.get(url)
    assert page.status_code == 200
    reads = any('"archive"' in one["sql"] for one in queries)
    return " ".join(page.content.decode().split()), reads


def test_the_page_leaves_the_zip_in_the_database(operator, bundle) -> None:
    page, reads_zip = opened(operator, README)

    assert not reads_zip
    assert "2 × 14 (EC2, for each account and Region)" in page
    assert "<h3>Accounts for Spinnaker</h3>" in page


def test_another_file_is_read_in_the_zip(operator, bundle) -> None:
    page, reads_zip = opened(operator, OTHER)

    assert reads_zip
    assert "staging" in page


def test_a_bundle_of_an_earlier_release_says_the_same(operator, bundle) -> None:
    now, _ = opened(operator, README)
    Bundle.objects.update(readme="", load=None)

    earlier, reads_zip = opened(operator, README)

    assert reads_zip
    assert without_tokens(earlier) == without_tokens(now)


def without_tokens(page: str) -> list[str]:
    """Leave out what differs in each request."""
    return [word for word in page.split() if "value=" not in word]


def test_lists_leave_all_of_it_in_the_database(operator, bundle) -> None:
    with CaptureQueriesContext(connection) as queries:
        operator.get("/bundles/")

    asked = " ".join(one["sql"] for one in queries)
    assert '"accounts_bundle"."sha256"' in asked
    assert not [
        name
        for name in ("archive", "files", "readme", "load")
        if f'"accounts_bundle"."{name}"' in asked
    ]
