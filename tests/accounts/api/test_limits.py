"""How many requests a token may make in a minute."""

from __future__ import annotations

import pytest
from django.core.cache import caches

from accounts.models import ApiToken
from accounts.models.people import Scope
from tests.accounts.api.calling import V1, Caller, caller
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_minute(monkeypatch):
    """Let all of it be in one minute, of which fifteen seconds are left."""
    monkeypatch.setattr("accounts.api.authentication.time.time", lambda: 1_000_005.0)


def test_more_are_refused_until_the_minute_is_over(reader, settings):
    settings.API_RATE = 2

    statuses = [reader.read("/accounts").status_code for _ in range(3)]
    answer = reader.read("/accounts")

    assert statuses == [200, 200, 429]
    assert answer["RateLimit-Remaining"] == "0"
    assert answer["Retry-After"] == "15"
    assert answer["Content-Type"] == "application/problem+json"
    assert "Try again in 15 seconds" in answer.json()["detail"]


def test_the_next_minute_begins_anew(reader, settings, monkeypatch):
    settings.API_RATE = 1
    statuses = [reader.read("/accounts").status_code for _ in range(2)]
    monkeypatch.setattr("accounts.api.authentication.time.time", lambda: 1_000_020.0)

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


def test_without_redis_each_process_counts_for_itself(reader, settings):
    settings.API_RATE = 1
    redis = "django.core.cache.backends.redis.RedisCache"
    settings.CACHES = {
        **settings.CACHES,
        "api": {"BACKEND": redis, "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert caches["api"]

    assert [reader.read("/accounts").status_code for _ in range(2)] == [200, 429]


def test_a_long_file_counts_as_many_requests(settings):
    settings.API_RATE = 10
    managing_row()
    token = caller("operator", Scope.OPERATE)
    path, kind = f"{V1}/accounts-file/preview", "application/yaml"
    short = b"accounts: []\n"
    long = short + b"#\n" * 80_000

    statuses = [
        token.generic("POST", path, body, kind).status_code
        for body in (short, long, long, short)
    ]

    # However long, it is half of a minute's: it can be sent.
    assert statuses == [200, 202, 429, 429]


def test_to_read_many_accounts_counts_as_many_requests(settings, monkeypatch):
    monkeypatch.setattr("accounts.api.v1.accounts_file.ACCOUNTS", 1)
    settings.API_RATE = 4
    managing_row()
    account_row("a", account_id="1" * 12)
    account_row("b", account_id="2" * 12)
    token = caller("operator", Scope.OPERATE)

    statuses = [token.read("/accounts-file").status_code for _ in range(2)]

    assert statuses == [200, 429]


def test_each_answer_says_how_many_are_left(reader, settings):
    settings.API_RATE = 5

    answers = [reader.read(path) for path in ("/accounts", "/accounts/none")]

    assert [
        [one[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]
        for one in answers
    ] == [["5", "4", "15"], ["5", "3", "15"]]
