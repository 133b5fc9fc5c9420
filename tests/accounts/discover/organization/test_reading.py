"""Reading the organization: in slices that a killed worker's successor continues."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.discover.organization import reading
from accounts.discover.organization.reading import MOST_FAILURES, begin_reading, read_on
from accounts.models import Member, Organization, Unit
from accounts.models.lease import LEASE
from accounts.tasks import carry_on, sweep
from tests.accounts.discover.organization.organizations import (
    CORE,
    JOINED,
    ROOT,
    Organizations,
    account,
    aws,
    error,
    kept,
    read,
)

__all__ = ["aws"]

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note each slice that is sent for."""
    messages: list[int] = []
    monkeypatch.setattr(
        "accounts.work.queue.sent",
        lambda task, kind, key, **_: messages.append(int(key)),
    )
    return messages


def found() -> int:
    return Member.objects.seen(kept().reading).count()


def paths() -> dict[str, str]:
    rows = Member.objects.select_related("unit")
    return {row.name: row.unit.path if row.unit else "" for row in rows}


def fail(
    aws: Organizations, operation: str, code: str, *, times: int = 1, **options: Any
) -> None:
    """Let AWS refuse the operation's next calls."""
    left = [times]

    def before(called: str, given: dict[str, Any]) -> None:
        if called == operation and left[0]:
            left[0] -= 1
            raise error(f"organizations:{operation}", code, **options)

    aws.before = before


def test_every_account_is_kept_with_its_unit_state_and_the_day_it_joined(aws) -> None:
    row = read()

    assert paths() == {
        "Management": "Root",
        **dict.fromkeys(("m2", "m3", "m4"), "Root / Workloads"),
        **dict.fromkeys(("m5", "m6", "m7"), "Root / Workloads / Prod"),
    }
    assert found() == 7
    assert row.read_at is not None
    assert (row.message, row.units_refused) == ("", "")
    suspended = Member.objects.get(name="m7")
    assert (suspended.state, suspended.joined_at) == ("SUSPENDED", JOINED)
    assert {*Member.objects.below(Unit.objects.get(unit_id="ou-work"))} == {
        *Member.objects.exclude(name="Management")
    }


def test_a_call_lists_a_page_and_none_is_made_twice(aws) -> None:
    read()

    assert len(aws.calls) == 1 + (2 + 2 + 1) + 3
    assert len({str(call) for call in aws.calls}) == len(aws.calls)


def test_a_slice_continues_where_the_last_one_was_killed(
    aws, sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE", 0.0)
    begin_reading(CORE, None)
    monkeypatch.setattr(reading, "SLICE", 100.0)
    for killed in range(1, 9):
        aws.before = killing()
        with pytest.raises(SystemExit):
            read_on(kept())
        Organization.objects.update(lease=None, leased_until=None)
        assert len(aws.calls) == 2 * killed
    aws.before = lambda operation, given: None

    read_on(kept())

    assert kept().read_at is not None
    assert Member.objects.count() == found() == 7


def killing() -> Any:
    """Kill the worker at its second call: the answer is never written."""
    left = [2]

    def before(operation: str, given: dict[str, Any]) -> None:
        left[0] -= 1
        if not left[0]:
            raise SystemExit

    return before


def test_two_workers_never_read_at_once(aws, sent) -> None:
    begin_reading(CORE, None)
    other = kept()
    assert other.take_lease()

    carry_on("organization", str(other.pk))

    assert aws.calls == []
    assert not begin_reading(CORE, None)


def test_a_worker_that_lost_its_lease_writes_nothing_more(aws) -> None:
    begin_reading(CORE, None)

    def before(operation: str, given: dict[str, Any]) -> None:
        if operation == "list_accounts_for_parent":
            past = timezone.now() - 2 * LEASE
            Organization.objects.update(leased_until=past)
            assert kept().take_lease()

    aws.before = before

    read_on(kept())

    assert not Member.objects.exists()
    assert kept().is_reading


def test_a_slice_that_is_over_sends_for_the_next_one(
    aws, sent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SLICE", 0.0)
    begin_reading(CORE, None)

    carry_on("organization", str(kept().pk))

    assert sent == [kept().pk]
    assert kept().is_reading
    assert kept().lease is None


@pytest.mark.django_db(transaction=True)
def test_a_lost_message_is_sent_again_by_the_sweep(aws, sent) -> None:
    begin_reading(CORE, None)
    assert sent == [kept().pk]

    sweep()
    read_on(kept())
    sweep()

    assert sent == 2 * [kept().pk]


def test_where_aws_is_busy_the_sweep_continues_later(aws, sent) -> None:
    fail(aws, "list_accounts_for_parent", "TooManyRequestsException", retryable=True)
    begin_reading(CORE, None)

    carry_on("organization", str(kept().pk))

    assert kept().is_reading
    assert (kept().failures, sent) == (1, [])
    read_on(kept())
    assert (kept().failures, found()) == (0, 7)


def test_an_aws_that_is_always_busy_ends_the_reading(aws) -> None:
    fail(aws, "list_roots", "TooManyRequestsException", times=99, retryable=True)

    row = read()

    assert len(aws.calls) == MOST_FAILURES + 1
    assert row.message == "AWS said TooManyRequestsException."


@pytest.mark.parametrize(
    "operation",
    ["list_roots", "list_organizational_units_for_parent", "list_accounts_for_parent"],
)
def test_where_units_may_not_be_read_accounts_are_listed_without(
    aws, operation: str
) -> None:
    fail(aws, operation, "AccessDeniedException", times=99)

    row = read()

    assert row.read_at is not None
    assert "AccessDenied" in row.units_refused
    assert (Member.objects.count(), found()) == (7, 7)


def test_units_stay_known_while_they_may_not_be_read(aws) -> None:
    read()
    before = paths()
    fail(aws, "list_roots", "AccessDeniedException")

    read()

    assert paths() == before
    assert Unit.objects.count() == 3


def test_where_nothing_may_be_read_it_is_said(aws) -> None:
    aws.before = lambda operation, given: (_ for _ in ()).throw(
        error(operation, "AccessDeniedException")
    )

    row = read()

    assert row.read_at is None
    assert (row.message, row.hint) == ("AWS said AccessDeniedException.", "Fix it.")


def test_a_failure_of_bowline_ends_it_and_is_logged(aws, caplog) -> None:
    aws.accounts[ROOT] = [{}]

    row = read()

    assert (
        "Bowline encountered an internal error while reading the organization."
    ) in row.message
    assert "KeyError" in caplog.text


def test_a_token_that_aws_forgot_begins_the_list_again(aws) -> None:
    forgotten = []

    def before(operation: str, given: dict[str, Any]) -> None:
        if given.get("NextToken") and not forgotten:
            forgotten.append(given)
            raise error(operation, "InvalidInputException")

    aws.before = before

    read()

    assert found() == 7


def test_a_unit_that_was_deleted_meanwhile_is_passed_over(aws) -> None:
    def before(operation: str, given: dict[str, Any]) -> None:
        if given.get("ParentId") == "ou-prod":
            raise error(operation, "ParentNotFoundException")

    aws.before = before

    row = read()

    assert (row.message, found()) == ("", 4)


def test_an_account_that_left_is_kept_and_says_so(aws) -> None:
    read()
    aws.accounts["ou-work"].pop(0)

    read()
    left = Member.objects.get(name="m2")
    assert left.gone_at is not None
    assert left.word == "left the organization"
    assert Member.objects.filter(gone_at=None).count() == 6

    aws.accounts["ou-work"].append(account(2))
    read()
    back = Member.objects.get(name="m2")
    assert back.active
    assert back.unit_since > left.unit_since


def test_an_account_that_moves_while_it_is_read_did_not_leave(aws) -> None:
    read()
    moving = aws.accounts["ou-prod"].pop(0)

    def before(operation: str, given: dict[str, Any]) -> None:
        if given.get("ParentId") == "ou-prod":
            aws.accounts[ROOT].append(moving)

    aws.before = before

    read()

    assert Member.objects.get(name="m5").active
    assert ("describe_account", {"AccountId": "000000000005"}) in aws.calls


def test_a_moved_account_and_a_renamed_unit_are_known_by_the_next_reading(aws) -> None:
    read()
    since = Member.objects.get(name="m2").unit_since
    stays = Member.objects.get(name="m3").unit_since
    aws.accounts[ROOT].append(aws.accounts["ou-work"].pop(0))
    aws.units = {ROOT: [("ou-work", "Jobs")]}
    aws.accounts[ROOT] += aws.accounts.pop("ou-prod")

    read()

    assert (paths()["m2"], paths()["m3"], paths()["m5"]) == (
        *("Root", "Root / Jobs", "Root"),
    )
    assert Member.objects.get(name="m2").unit_since > since
    assert Member.objects.get(name="m3").unit_since == stays
    assert {*Unit.objects.values_list("path", flat=True)} == {"Root", "Root / Jobs"}


def test_foreign_text_is_kept_as_every_database_takes_it(aws) -> None:
    aws.units[ROOT] = [("ou-work", "\0" + "x" * 300)]
    aws.accounts[ROOT] = [account(9, "\0<b>‮" + "y" * 300)]

    read()

    named = Member.objects.get(account_id="000000000009").name
    assert named.startswith("\N{REPLACEMENT CHARACTER}<b>")
    assert len(named) == 200
    assert "\0" not in Unit.objects.get(unit_id="ou-work").path


def test_tags_are_read_where_they_are_wanted_one_call_an_active_account(aws) -> None:
    aws.tags = {"000000000002": {"team": "web", "cost\0": "\0" + "x" * 300}}
    assert read().reads_tags is False
    assert not any("tags" in operation for operation, _ in aws.calls)

    keys = read(tags=True).tag_keys

    assert keys == ["cost\N{REPLACEMENT CHARACTER}", "team"]
    asked = [g["ResourceId"] for o, g in aws.calls if o == "list_tags_for_resource"]
    assert sorted(asked) == [f"{number:012}" for number in range(1, 7)]
    found = {tag.key: tag.value for tag in Member.objects.get(name="m2").tags.all()}
    assert found["team"] == "web"
    assert len(found["cost\N{REPLACEMENT CHARACTER}"]) == 256


def test_tags_follow_what_aws_says_next_time(aws) -> None:
    aws.tags = {"000000000002": {"team": "web", "old": "1"}}
    read(tags=True)
    aws.tags = {"000000000002": {"team": "data"}}

    read()

    (tag,) = Member.objects.get(name="m2").tags.all()
    assert str(tag) == "team=data"
