"""How many requests a token may make in a minute."""

from __future__ import annotations

import pytest
from django.core.cache import caches

from accounts.models import ApiToken
from tests.accounts.api.calling import Caller, caller

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_minute(monkeypatch):
    """Let all of it be in one minute, of which fifteen seconds are left."""
    monkeypatch.setattr("accounts.api.limits.time.time", lambda: 1_000_005.0)


def test_more_are_refused_until_the_minute_is_over(reader, settings):
    settings.API_RATE = 2

    statuses = [reader.read("/accounts").status_code for _ in range(3)]
    answer = reader.read("/accounts")

    assert statuses == [200, 200, 429]
    assert answer["Retry-After"] == "15"
    assert answer["Content-Type"] == "application/problem+json"
    assert "Try again in 15 seconds" in answer.json()["detail"]


def test_the_next_minute_begins_anew(reader, settings, monkeypatch):
    settings.API_RATE = 1
    statuses = [reader.read("/accounts").status_code for _ in range(2)]
    monkeypatch.setattr("accounts.api.limits.time.time", lambda: 1_000_020.0)

    assert [*statuses, reader.read("/accounts").status_code] == [200, 429, 200]


def test_each_token_counts_for_itself(reader, settings):
    settings.API_RATE = 1
    statuses = [reader.read("/accounts").status_code for _ in range(2)]

    assert [*statuses, caller("operator").read("/accounts").status_code] == [
        200,
        429,
        200,
    ]


def test_wrong_tokens_count_for_their_address(reader, settings):
    settings.API_RATE = 1

    wrong = [Caller(f"x{n}").read("/accounts").status_code for n in range(2)]

    assert wrong == [401, 429]
    assert reader.read("/accounts").status_code == 200


def test_an_ended_token_counts_too(reader, settings):
    settings.API_RATE = 1
    ApiToken.objects.all().revoke()

    assert [reader.read("/accounts").status_code for _ in range(2)] == [401, 429]


def test_without_redis_nobody_counts(reader, settings):
    settings.API_RATE = 1
    redis = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {
        **settings.CACHES,
        "api": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert caches["api"]

    assert [reader.read("/accounts").status_code for _ in range(2)] == [200, 200]
