"""The feed, and what the plugin makes of it; each trap of its contract by name."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as some

from onboarding.account_feed import (
    KNOWN_REGIONS,
    ROLE,
    RULES,
    Carried,
    FeedEntry,
    FeedQuery,
    Malformed,
    Unfit,
    answer,
    body,
    carried,
    carried_of,
    next_moment,
)
from onboarding.partitions import PARTITIONS
from onboarding.topology import Permissions
from tests.onboarding.delivery.accounts import aws_entry, cluster_entry, ecs_entry
from tests.onboarding.plugin import Plugin, Reply

URL = "https://bowline.example.com/feed/accounts"
LAST = "9999-12-31T23:59:59-14:00"
"""A moment that is in no year of UTC's."""
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class Feed:
    """Rows that change, and who asks for them."""

    rows: dict[str, FeedEntry] = field(default_factory=dict)
    now: datetime = START
    page: int = 1_000
    static: dict[str, str] = field(default_factory=dict)

    def put(
        self,
        name: str,
        *providers: str,
        suspended: bool = False,
        **fields: Any,
    ) -> None:
        account = Carried(
            **{
                "name": name,
                "account_id": "012345678901",
                "assume_role": "role/spinnakerManaged",
                "regions": ("eu-west-1",),
                "providers": providers or ("ec2",),
                "permissions": Permissions(),
                **fields,
            }
        )
        newest = max((row.updated_at for row in self.rows.values()), default=None)
        moment = next_moment(self.now, newest)
        self.rows[name] = FeedEntry(account, moment, suspended)

    def suspend(self, name: str) -> None:
        self.put(name, *self.rows[name].account.providers, suspended=True)

    def ask(self, query: dict[str, str]) -> dict[str, Any]:
        ordered = sorted(self.rows.values(), key=lambda row: row.updated_at)
        if not ordered:
            return body()
        asked = FeedQuery.of(query, ordered[-1].updated_at)
        due = [
            row
            for row in ordered
            if row.updated_at <= asked.until
            and (asked.after is None or row.updated_at > asked.after)
        ]
        found = answer(due, asked, url=URL, static=self.static, page=self.page)
        return json.loads(json.dumps(found))

    def call(self, url: str) -> Reply:
        query = dict(parse_qsl(urlsplit(url).query))
        return Reply(200, "application/json", json.dumps(self.ask(query)))

    def names(self, **query: str) -> list[str]:
        dotted = {key.replace("__", "."): value for key, value in query.items()}
        found = self.ask(dotted)["SpinnakerAccounts"]
        return [one["SpinnakerAccountName"] for one in found]


def test_a_record_holds_what_the_plugin_requires():
    feed = Feed()
    feed.put("prod", "ec2", "ecs", permissions=Permissions(("team",), ()))

    (one,) = feed.ask({})["SpinnakerAccounts"]

    assert one == {
        "SpinnakerAccountName": "prod",
        "AccountId": "012345678901",
        "SpinnakerAssumeRole": "role/spinnakerManaged",
        "Regions": ["eu-west-1"],
        "SpinnakerStatus": "ACTIVE",
        "SpinnakerProviders": ["ec2", "ecs"],
        "UpdatedAt": "2026-01-02T03:04:05.000000Z",
        "Permissions": {"READ": ["team"]},
    }


def test_without_accounts_the_answer_is_whole():
    assert Feed().ask({}) == {
        "SpinnakerAccounts": [],
        "Pagination": {"NextUrl": ""},
    }


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"external_id": "x-1"}, Unfit.EXTERNAL_ID),
        ({"assume_role": "arn:aws-cn:iam::1:role/x"}, Unfit.PARTITION),
        ({"regions": ("eu-west-1", "mx-central-1")}, Unfit.REGION),
        ({"regions": ()}, Unfit.REGION),
    ],
)
def test_what_the_feed_cannot_carry_is_named(fields, why):
    assert carried(aws_entry(**{"external_id": "", **fields})) is why


def test_the_plugin_names_ecs_accounts_itself():
    entry = aws_entry(external_id="")

    assert carried(entry, ecs_entry(name="other")) is Unfit.ECS_NAME
    found = carried(replace(entry, lambda_enabled=True), ecs_entry())
    assert isinstance(found, Carried)
    assert found.providers == ("ec2", "ecs", "lambda")


def test_only_regions_that_exist_are_known():
    assert set(PARTITIONS["aws"].regions) >= KNOWN_REGIONS


def test_a_full_arn_would_become_another_role():
    found = carried(
        aws_entry(external_id="", assume_role="arn:aws:iam::012345678901:role/x")
    )

    assert found is Unfit.PARTITION


def test_moments_increase_strictly_whatever_the_clock_says():
    first = next_moment(START, None)
    second = next_moment(START, first)
    third = next_moment(START - timedelta(days=1), second)

    assert first < second < third
    assert next_moment(START + timedelta(days=1), third) == START + timedelta(days=1)


def test_updated_at_gt_is_strict_and_any_offset_is_read():
    feed = Feed()
    feed.put("a")
    feed.put("b")
    moment = feed.rows["a"].updated_at

    assert feed.names(UpdatedAt__gt=moment.isoformat()) == ["b"]
    elsewhere = moment.astimezone(
        tz=datetime.fromisoformat("2026-01-01T00:00+05:00").tzinfo
    )
    assert feed.names(UpdatedAt__gt=elsewhere.isoformat()) == ["b"]


@pytest.mark.parametrize(
    "text", ["", "1767323045", "2026-01-02T03:04:05", "x", "∞", LAST]
)
def test_what_is_no_moment_is_malformed(text):
    feed = Feed()
    feed.put("a")

    with pytest.raises(Malformed, match=r"UpdatedAt\.gt must be"):
        feed.names(UpdatedAt__gt=text)


@pytest.mark.parametrize("text", ["", "x", "1", "1.2.a", "9" * 40, "9" * 18 + ".1"])
def test_what_is_no_cursor_is_malformed(text):
    feed = Feed()
    feed.put("a")

    with pytest.raises(Malformed, match="cursor"):
        feed.names(cursor=text)


def test_a_client_that_is_ahead_of_a_restored_feed_gets_all_of_it():
    feed = Feed()
    feed.put("a")
    feed.put("b")
    ahead = feed.rows["b"].updated_at + timedelta(days=1)

    assert feed.names(UpdatedAt__gt=ahead.isoformat()) == ["a", "b"]


def test_a_change_of_what_is_carried_needs_another_number():
    """Rows that were made by older rules are made again."""
    rules = inspect.getsource(carried) + inspect.getsource(carried_of) + ROLE.pattern
    digest = sha256((rules + " ".join(sorted(KNOWN_REGIONS))).encode()).hexdigest()

    assert (RULES, digest[:16]) == (5, "59f1fe7e7fc83569")


def test_clusters_alone_would_become_an_ec2_account():
    assert carried_of([cluster_entry()]) is Unfit.CLUSTERS
    entries = [cluster_entry(), aws_entry(external_id=""), ecs_entry()]
    found = carried_of(entries)
    assert isinstance(found, Carried)
    assert found.providers == ("ec2", "ecs")


def test_the_oldest_change_comes_first_so_that_a_part_is_a_valid_beginning():
    feed = Feed(page=2)
    for name in ("c", "a", "b"):
        feed.put(name)

    assert feed.names() == ["c", "a"]


def test_a_full_last_page_leads_to_no_other():
    feed = Feed(page=2)
    feed.put("a")
    feed.put("b")

    assert feed.ask({})["Pagination"]["NextUrl"] == ""


def test_next_url_is_absolute_has_the_token_and_no_updated_at():
    feed = Feed(page=1, static={"token": "t-1"})
    feed.put("a")
    feed.put("b")

    found = feed.ask({"token": "t-1"})["Pagination"]["NextUrl"]

    assert found.startswith(f"{URL}?token=t-1&cursor=")
    assert "UpdatedAt" not in found


def test_what_changes_between_two_pages_belongs_to_the_next_answer():
    """A second record of an account would be dropped, and its moment kept."""
    feed = Feed(page=1)
    plugin = Plugin(feed.call)
    feed.put("a", "ec2")
    feed.put("b", "ec2")
    plugin.between_pages = lambda: feed.put("a", "lambda")

    plugin.sync()
    first = plugin.aws["a"]["lambdaEnabled"]
    plugin.between_pages = lambda: None
    plugin.sync()

    assert not first
    assert plugin.aws["a"]["lambdaEnabled"]


def test_removal_needs_a_record_of_its_own():
    feed = Feed()
    plugin = Plugin(feed.call)
    feed.put("a", "ec2", "ecs")
    feed.put("b")
    plugin.sync()

    feed.suspend("a")
    plugin.sync()

    assert plugin.aws.keys() == {"b"}
    assert plugin.ecs == {}


CHANGES = some.lists(
    some.one_of(
        some.tuples(
            some.just("put"),
            some.sampled_from("abcde"),
            some.sets(some.sampled_from(["ec2", "ecs", "lambda"]), min_size=1),
        ),
        some.tuples(some.just("suspend"), some.sampled_from("abcde"), some.none()),
        some.tuples(some.just("sync"), some.none(), some.none()),
        some.tuples(some.just("restart"), some.none(), some.none()),
        some.tuples(some.just("clock"), some.integers(-90, 90), some.none()),
    ),
    max_size=30,
)


@given(changes=CHANGES, page=some.integers(1, 4))
def test_after_any_changes_the_plugin_has_what_is_active(changes, page):
    feed = Feed(page=page, static={"token": "t-1"})
    plugin = Plugin(feed.call, f"{URL}?token=t-1")
    feed.put("stays")

    for what, which, providers in changes:
        match what:
            case "put":
                feed.put(which, *sorted(providers))
            case "suspend" if which in feed.rows:
                feed.suspend(which)
            case "sync":
                plugin.sync()
            case "restart":
                plugin.restart()
            case "clock":
                feed.now += timedelta(seconds=which)
    plugin.sync()

    active = {name: row for name, row in feed.rows.items() if not row.suspended}
    assert plugin.aws.keys() == active.keys()
    for name, row in active.items():
        assert plugin.aws[name]["lambdaEnabled"] == ("lambda" in row.account.providers)
    assert plugin.ecs == {
        f"{name}-ecs": name
        for name, row in active.items()
        if "ecs" in row.account.providers
    }
    assert all("token=t-1" in url for url in plugin.asked)
