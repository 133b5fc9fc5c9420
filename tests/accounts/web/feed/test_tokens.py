"""Who may pull the feed, and where the token does not stay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client, RequestFactory
from django.utils import timezone

from accounts.models import Activity, FeedRow, FeedToken
from accounts.spinnaker.feed import tokens
from accounts.web.feed import pull
from bowline.feed.token import hide
from bowline.sign_in import ADDRESS_LIMIT
from tests.accounts.spinnaker.feed.test_keeping import verified
from tests.accounts.web.feed.pulling import (
    GATEWAY,
    URL,
    call,
    get,
    many,
    plugin_of,
    token_of,
)
from tests.onboarding.plugin import Plugin, Reply
from tests.rows import PASSWORD, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
def test_without_a_token_there_is_no_hint(method):
    verified()
    ask = getattr(Client(), method)

    for text in ("", "?token=x", "?token=bowline-feed-", "?token=%00" + "%c3" * 5_000):
        found = ask(f"/feed/accounts{text}", secure=True)

        assert found.status_code == 403
        assert found["Content-Type"] == "application/json"
        assert found.content in (b"{}", b"")
        assert found["Cache-Control"] == "no-store"


def test_who_is_signed_in_needs_a_token_too(client):
    client.force_login(person("administrator"))

    assert client.get("/feed/accounts", secure=True).status_code == 403


def test_a_token_opens_nothing_else(token):
    found = Client().get("/accounts/", {"token": token}, secure=True)

    assert found.status_code == 302


def test_the_answer_is_kept_by_nobody(token):
    found = get(token)

    assert found["Cache-Control"] == "no-store"
    assert found["Referrer-Policy"] == "no-referrer"
    assert not found.cookies


def test_a_token_only_gets(token):
    found = Client().post(f"/feed/accounts?token={token}", secure=True)

    assert found.status_code == 405


@pytest.mark.parametrize(
    "fields",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
)
def test_a_token_that_ended_opens_nothing(token, fields):
    FeedToken.objects.update(**fields)

    assert get(token).status_code == 403


def test_two_tokens_work_while_one_takes_over(token):
    second = token_of(expires_at=timezone.now() + timedelta(days=1))

    assert get(token).status_code == get(second).status_code == 200


def test_the_last_use_and_how_much_was_sent_are_kept(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 2)
    many(3)
    before = timezone.now()

    plugin_of(token).sync()

    row = FeedToken.objects.get()
    assert row.sent == 3
    assert before <= row.used_at <= timezone.now()


def test_the_token_is_kept_as_its_digest_only(token):
    held = [str(one) for one in FeedToken.objects.values_list()]
    held += [str(one) for one in Activity.objects.values_list()]

    assert Activity.objects.filter(about="feed token prod").count() == 1
    assert not [text for text in held if token in text]
    assert FeedToken.objects.get().digest == tokens.token_digest(token)


# The token stays in no log


def test_the_token_leaves_the_request_before_anybody_logs_it(token, caplog, settings):
    settings.DEBUG = True
    request = RequestFactory().get(f"/feed/accounts?a=1&token={token}&%74oken=x&b=%2B")
    request.META["RAW_URI"] = f"/feed/accounts?token={token}"

    hide(request)

    assert request.META["QUERY_STRING"] == "a=1&b=%2B"
    assert request.META["RAW_URI"] == "/feed/accounts"
    assert request.get_full_path() == "/feed/accounts?a=1&b=%2B"
    assert request.META["FEED_TOKEN"] == "x"


@pytest.mark.parametrize(
    "path", ["/feed/accounts", "/feed/accounts/", "/feed/x", "/feed"]
)
@pytest.mark.parametrize("debug", [True, False])
def test_neither_logs_nor_error_pages_have_the_token(
    token, caplog, settings, monkeypatch, path, debug
):
    settings.DEBUG = debug
    monkeypatch.setattr(FeedRow.objects, "filter", None)  # what follows is an error
    client = Client(raise_request_exception=False)
    caplog.set_level(0)

    found = client.get(f"{path}?token={token}", secure=True)
    plain = client.get(f"{path}?token={token}", secure=False)

    assert found.status_code in (404, 500)
    assert plain.status_code in (301, 404, 500)
    shown = found.content + plain.content + str(plain.headers).encode()
    assert token not in caplog.text
    assert token.encode() not in shown


# How many wrong ones


def wrong(text: str = "x", address: str = "192.0.2.1") -> Any:
    return Client().get(
        "/feed/accounts", {"token": text}, secure=True, REMOTE_ADDR=address
    )


def test_wrong_tokens_are_bounded_as_wrong_passwords_are(token):
    statuses = [wrong(f"x-{n}").status_code for n in range(ADDRESS_LIMIT + 1)]

    waiting = wrong()
    written = AccessAttempt.objects.get().failures_since_start
    wrong()

    assert statuses[: ADDRESS_LIMIT - 1] == [403] * (ADDRESS_LIMIT - 1)
    assert waiting.status_code == 429
    assert 0 < int(waiting["Retry-After"]) <= 3_600
    assert AccessAttempt.objects.get().failures_since_start == written
    assert wrong(address="192.0.2.2").status_code == 403


def test_wrong_tokens_stop_neither_clouddriver_nor_people(token):
    person("operator")
    for number in range(ADDRESS_LIMIT + 2):
        wrong(f"x-{number}", "127.0.0.1")

    sign_in = {"username": "operator", "password": PASSWORD}
    found = Client().post("/sign-in/", sign_in, secure=True)

    assert wrong(address="127.0.0.1").status_code == 429
    assert get(token).status_code == 200
    assert found.status_code == 302


# Behind API Gateway


def test_behind_api_gateway_pages_lead_there_and_hold_no_token(monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 1)
    token = token_of(gateway=GATEWAY)
    many(2)
    seen: list[str] = []

    def through(url: str) -> Reply:
        seen.append(url)
        inner = url.replace(GATEWAY, URL)
        return call(inner, **{"X-Bowline-Token": token})

    plugin = Plugin(through, GATEWAY, iam=True)
    plugin.sync()
    plugin.sync()

    assert len(plugin.aws) == 2
    assert all(url.startswith(GATEWAY) for url in seen)
    assert not [url for url in seen if token in url]
