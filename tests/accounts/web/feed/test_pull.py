"""The feed at its URL, pulled by a client as strict as the plugin; traps by name."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import FeedRow, FeedToken, ManagedAccount
from accounts.web.feed import pull
from tests.accounts.spinnaker.feed.test_keeping import approve, verified
from tests.accounts.web.feed.pulling import (
    URL,
    call,
    get,
    leave,
    many,
    plugin_of,
    records,
)
from tests.factories import LEAST
from tests.onboarding.plugin import Reply

pytestmark = pytest.mark.django_db


def test_the_plugin_gets_what_bundles_hold(token):
    verified("prod", providers={"ec2": {}, "ecs": {}}, read_roles=["team"])
    plugin = plugin_of(token)

    assert plugin.sync()

    assert plugin.aws["prod"] == {
        "accountId": "922222222222",
        "assumeRole": "role/spinnakerManaged",
        "regions": ["us-east-1"],
        "lambdaEnabled": False,
        "permissions": {"READ": ["team"]},
    }
    assert plugin.ecs == {"prod-ecs": "prod"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "application/xml"},
        {"If-None-Match": "*"},
        {"If-Modified-Since": "Sat, 02 Jan 2100 03:04:05 GMT"},
        {"Accept-Encoding": "gzip"},
    ],
)
def test_trap_the_answer_is_always_200_and_json(token, headers):
    verified()

    reply = call(f"{URL}?token={token}", **headers)

    assert reply[:2] == (200, "application/json")
    assert json.loads(reply.text)["SpinnakerAccounts"]


def test_trap_an_empty_answer_means_no_change(token):
    verified()
    plugin = plugin_of(token)
    plugin.sync()

    reply = call(plugin.asked[0] + f"&UpdatedAt.gt={plugin.newest}")

    assert reply.status == 200
    assert json.loads(reply.text) == {
        "SpinnakerAccounts": [],
        "Pagination": {"NextUrl": ""},
    }
    assert not plugin.sync()
    assert plugin.failures == 0
    assert plugin.aws.keys() == {"staging"}


def test_trap_removal_is_an_explicit_record(token):
    first, _ = many(2)
    plugin = plugin_of(token)
    plugin.sync()

    leave(first)
    plugin.sync()
    restarted = plugin_of(token)
    restarted.sync()

    assert plugin.aws.keys() == restarted.aws.keys() == {"a-1"}
    assert [one["SpinnakerStatus"] for one in records(token)] == ["ACTIVE", "SUSPENDED"]


def test_trap_a_removal_record_is_as_valid_as_before(token):
    """The plugin ignores one with an unknown region, and keeps the account."""
    first, _ = many(2)
    plugin = plugin_of(token)
    plugin.sync()

    approve(first, regions=["mx-central-1"])
    plugin.sync()

    assert plugin.aws.keys() == {"a-1"}


def test_trap_what_lost_its_last_aws_provider_leaves(token):
    first, _ = many(2)
    plugin = plugin_of(token)
    plugin.sync()

    eks_only = verified("eks", account_id="3" * 12, providers={"eks": LEAST["eks"]})
    ManagedAccount.objects.filter(pk=first.pk).keep_verified(
        {**first.verified, "entries": eks_only.verified["entries"]}
    )
    plugin.sync()

    assert plugin.aws.keys() == {"a-1"}


def test_trap_a_renamed_account_leaves_its_old_name(token):
    first, _ = many(2)
    plugin = plugin_of(token)
    plugin.sync()

    approve(first, name="new")
    plugin.sync()

    assert plugin.aws.keys() == {"a-1", "new"}


def test_trap_ecs_is_dropped_and_comes_back(token):
    account = verified("prod", providers={"ec2": {}, "ecs": {}})
    plugin = plugin_of(token)
    plugin.sync()
    entries = account.verified["entries"]

    only_aws = [one for one in entries if one["provider"] == "aws"]
    ManagedAccount.objects.all().keep_verified(
        {**account.verified, "entries": only_aws}
    )
    plugin.sync()
    without = dict(plugin.ecs)
    ManagedAccount.objects.all().keep_verified({**account.verified, "entries": entries})
    plugin.sync()

    assert without == {}
    assert plugin.ecs == {"prod-ecs": "prod"}


def test_trap_each_name_once_with_its_own_moment_in_ascending_order(token):
    for account in many(5):
        records(token)
        approve(account, lambda_enabled=True)

    found = records(token)

    moments = [one["UpdatedAt"] for one in found]
    names = [one["SpinnakerAccountName"] for one in found]
    assert moments == sorted({*moments})
    assert sorted(names) == sorted({*names}) == [f"a-{n}" for n in range(5)]


def test_trap_no_moment_is_in_the_future_or_without_its_offset(token):
    many(2)

    moments = [one["UpdatedAt"] for one in records(token)]

    assert all(moment.endswith("Z") and len(moment) == 27 for moment in moments)
    assert max(moments) < (timezone.now() + timedelta(seconds=1)).isoformat()


def test_trap_ids_are_texts_and_roles_are_short(token):
    verified(account_id="012345678901")

    (one,) = records(token)

    assert one["AccountId"] == "012345678901"
    assert one["SpinnakerAssumeRole"] == "role/spinnakerManaged"
    assert one["SpinnakerProviders"] == ["ec2"]


def test_trap_updated_at_gt_is_strict(token):
    many(3)
    moments = [one["UpdatedAt"] for one in records(token)]

    after = records(token, UpdatedAt__gt=moments[1])
    with_offset = records(token, UpdatedAt__gt=moments[1].replace("Z", "+00:00"))

    assert [one["UpdatedAt"] for one in after] == moments[2:]
    assert with_offset == after


@pytest.mark.parametrize(
    "query",
    [
        {"UpdatedAt__gt": ""},
        {"UpdatedAt__gt": "yesterday"},
        {"UpdatedAt__gt": "2026-01-02T03:04:05"},
        {"UpdatedAt__gt": "1767323045000"},
        {"cursor": "x"},
        {"cursor": "9" * 18 + "." + "9" * 18},
        {"cursor": "\0"},
    ],
)
def test_trap_malformed_questions_are_400_and_json(token, query):
    verified()

    found = get(token, **query)

    assert found.status_code == 400
    assert found["Content-Type"] == "application/json"
    assert found["Cache-Control"] == "no-store"
    assert "SpinnakerAccounts" not in found.json()


def test_trap_pages_have_the_same_host_and_path_and_carry_the_token(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 2)
    many(5)
    plugin = plugin_of(token)
    plugin.sync()
    plugin.restart()
    plugin.sync()

    assert len(plugin.aws) == 5
    assert len(plugin.asked) == 6
    assert all(f"token={token}" in url for url in plugin.asked)


def test_trap_updated_at_gt_is_added_to_each_page_by_the_plugin(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 2)
    accounts = many(5)
    plugin = plugin_of(token)
    plugin.sync()

    for account in accounts:
        approve(account, lambda_enabled=True)
    plugin.sync()

    assert all(one["lambdaEnabled"] for one in plugin.aws.values())
    assert sum("UpdatedAt.gt" in url for url in plugin.asked) == 3


def test_trap_what_changes_between_two_pages_is_not_lost(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 1)
    first, second, third = many(3)
    plugin = plugin_of(token)

    def between() -> None:
        plugin.between_pages = lambda: None
        approve(first, lambda_enabled=True)
        approve(third, lambda_enabled=True)
        leave(second)

    plugin.between_pages = between
    plugin.sync()
    plugin.sync()

    lambdas = {name: one["lambdaEnabled"] for name, one in plugin.aws.items()}
    assert lambdas == {"a-0": True, "a-2": True}


def test_trap_a_page_that_fails_behind_iam_leaves_a_valid_beginning(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 2)
    many(5)
    calls: list[str] = []

    def failing(url: str) -> Reply:
        calls.append(url)
        return Reply(503, "text/plain", "") if len(calls) == 2 else call(url)

    plugin = plugin_of(token, iam=True)
    plugin.call = failing
    plugin.sync()
    part = sorted(plugin.aws)
    plugin.sync()

    assert part == ["a-0", "a-1"]
    assert len(plugin.aws) == 5


def test_trap_a_failed_page_in_plain_mode_applies_nothing(token, monkeypatch):
    monkeypatch.setattr(pull, "PAGE", 2)
    many(3)
    plugin = plugin_of(token)
    plugin.call = lambda url: (
        Reply(500, "text/html", "") if "cursor" in url else call(url)
    )

    assert not plugin.sync()
    plugin.call = call
    plugin.sync()

    assert len(plugin.aws) == 3


def test_trap_a_row_that_is_committed_late_gets_a_newer_moment(token):
    """An account may be proved in a transaction that began before the last pull."""
    first, second = many(2)
    ManagedAccount.objects.filter(pk=first.pk).update(excluded_at=timezone.now())
    plugin = plugin_of(token)
    plugin.sync()
    seen = FeedRow.objects.get().updated_at

    # It was put in earlier, and is seen now.
    ManagedAccount.objects.filter(pk=first.pk).update(excluded_at=None)
    plugin.sync()

    assert plugin.aws.keys() == {"a-0", "a-1"}
    assert FeedRow.objects.get(name="a-0").updated_at > seen
    assert second.name == "a-1"


def test_trap_a_database_that_was_restored_is_behind_its_clients(token):
    account = verified()
    plugin = plugin_of(token)
    plugin.newest = (timezone.now() + timedelta(days=1)).isoformat()

    plugin.sync()
    approve(account, lambda_enabled=True)
    plugin.sync()

    assert plugin.aws["staging"]["lambdaEnabled"]


def test_trap_an_account_that_needs_an_external_id_is_never_sent(token):
    verified(uses_external_id=True)

    assert records(token) == []


def test_trap_a_burst_asks_as_often_for_many_accounts(token):
    verified()
    records(token)
    with CaptureQueriesContext(connection) as few:
        records(token)
    many(12)
    records(token)

    with CaptureQueriesContext(connection) as with_many:
        records(token)

    assert len(few) == len(with_many) <= 8


def test_a_failing_feed_is_asked_less_and_less_and_keeps_its_accounts(token):
    verified()
    plugin = plugin_of(token)
    plugin.sync()
    FeedToken.objects.update(revoked_at=timezone.now())

    for second in range(8):
        plugin.now = second
        plugin.sync()

    assert len(plugin.asked) == 1 + 4  # at 0, 1, 3 and 7 seconds
    assert plugin.aws.keys() == {"staging"}
