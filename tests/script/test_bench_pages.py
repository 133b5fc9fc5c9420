"""The pages that script/bench pages measures: how many queries each of them needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import (
    Bundle,
    Lookup,
    ManagedAccount,
    ManagingAccount,
    Organization,
    Rollout,
    Run,
)
from script.bench_pages import make_site, opened


@pytest.fixture
def queries(
    db: None, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[int], dict[str, int]]:
    """Yield a function that counts each page's queries with so many accounts."""
    monkeypatch.setattr("script.bench_pages.TIMES", 1)  # nobody asks how long it took
    settings.SESSION_IDLE_MINUTES = 0  # or a use is written down once a minute
    client = Client()
    client.force_login(User.objects.create_superuser("bench"))

    def count(accounts: int) -> dict[str, int]:
        Run.objects.all().delete()
        Rollout.objects.all().delete()
        Bundle.objects.all().delete()
        Lookup.objects.all().delete()
        Organization.objects.all().delete()
        ManagedAccount.objects.all().delete()
        ManagingAccount.objects.all().delete()
        pages = make_site(accounts)
        return {name: opened(client, name, url).queries for name, url in pages.items()}

    return count


@pytest.mark.exhaustive
def test_no_page_needs_more_queries_for_more_accounts(
    queries: Callable[[int], dict[str, int]],
) -> None:
    few, many = queries(60), queries(120)

    assert {name: (few[name], n) for name, n in many.items() if n > few[name]} == {}
    assert min(many.values()) > 0
