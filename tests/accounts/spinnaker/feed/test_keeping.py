"""The feed's rows follow what bundles hold, with moments that only increase."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import FedAccount, FeedRow, ManagedAccount
from accounts.models.states import State
from accounts.spinnaker.feed import keeping
from accounts.spinnaker.feed.keeping import is_current, keep_current
from onboarding.account_feed import RULES
from tests.factories import LEAST
from tests.rows import account_row

pytestmark = pytest.mark.django_db
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def verified(name: str = "staging", **fields: Any) -> ManagedAccount:
    """Make an account that bundles hold and that the feed can carry."""
    plain = {"verification": State.VERIFIED, "uses_external_id": False}
    return account_row(name, **{**plain, **fields})


def approve(account: ManagedAccount, **fields: Any) -> None:
    """Approve and prove other fields of its `aws` entry."""
    kept = account.verified
    for document in kept["entries"]:
        if document["provider"] == "aws":
            document.update(fields)
    ManagedAccount.objects.filter(pk=account.pk).keep_verified(kept)


def rows() -> dict[str, bool]:
    """Bring the feed up to date; say of each name whether it is suspended."""
    keep_current()
    return dict(FeedRow.objects.values_list("name", "suspended"))


def test_only_what_bundles_hold_is_in_the_feed():
    verified("a", account_id="1" * 12)
    account_row("draft", account_id="2" * 12)
    account_row(
        "evaluated",
        account_id="3" * 12,
        verification=State.EVALUATED,
        uses_external_id=False,
    )

    assert rows() == {"a": False}
    assert is_current()


def test_what_nobody_approved_is_not_in_the_feed():
    account = verified()
    rows()

    ManagedAccount.objects.filter(pk=account.pk).update(read_roles=["everybody"])

    assert rows() == {"staging": False}
    assert FeedRow.objects.get().content["read"] == []


@pytest.mark.parametrize(
    "leave",
    [
        lambda account: account.delete(),
        lambda account: ManagedAccount.objects.all().remove(),
        lambda account: ManagedAccount.objects.all().withdraw(),
        lambda account: ManagedAccount.objects.all().update(excluded_at=timezone.now()),
        lambda account: ManagedAccount.objects.all().update(missed=99),
        lambda account: approve(account, external_id="x"),
        lambda account: approve(account, regions=["mx-central-1"]),
        lambda account: ManagedAccount.objects.all().keep_verified(
            {**account.verified, "entries": []}
        ),
    ],
)
def test_trap_removal_needs_a_record_of_its_own(leave):
    account = verified()
    rows()
    before = FeedRow.objects.get()

    leave(account)

    assert rows() == {"staging": True}
    after = FeedRow.objects.get()
    assert after.content == before.content
    assert after.updated_at > before.updated_at


def test_an_account_that_comes_back_is_said_again():
    verified()
    rows()
    ManagedAccount.objects.update(excluded_at=timezone.now())
    left = rows()

    ManagedAccount.objects.update(excluded_at=None)

    assert left == {"staging": True}
    assert rows() == {"staging": False}


def test_a_renamed_account_comes_before_its_old_name_leaves():
    account = verified("was")
    rows()

    approve(account, name="is")

    assert rows() == {"was": True, "is": False}
    assert list(FeedRow.objects.values_list("name", flat=True)) == ["is", "was"]


def test_a_name_goes_from_one_account_to_another():
    one = verified("one", account_id="1" * 12)
    other = verified("other", account_id="2" * 12)
    rows()

    approve(other, name="one")
    taken = rows()
    why = FedAccount.objects.get(account=other).unfit
    approve(one, name="new")

    assert taken == {"one": False, "other": True}
    assert why == "NAME"
    assert rows() == {"one": False, "other": True, "new": False}
    assert FeedRow.objects.get(name="one").content["account_id"] == "2" * 12


def test_two_accounts_that_swap_names_do():
    one = verified("one", account_id="1" * 12)
    other = verified("other", account_id="2" * 12)
    rows()

    approve(one, name="other")
    approve(other, name="one")

    assert rows() == {"one": False, "other": False}
    assert FeedRow.objects.get(name="one").content["account_id"] == "2" * 12


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"uses_external_id": True}, "EXTERNAL_ID"),
        ({"session_name": "corp"}, "SESSION_NAME"),
        ({"regions": ["mx-central-1"]}, "REGION"),
        ({"providers": {"eks": LEAST["eks"]}}, "CLUSTERS"),
    ],
)
def test_trap_what_the_feed_cannot_carry_is_no_row(fields, why):
    account = verified(**fields)

    assert rows() == {}
    fed = FedAccount.objects.get()
    assert (fed.account_id, fed.unfit) == (account.pk, why)
    assert is_current()


def test_trap_moments_increase_strictly_though_the_clock_is_set_back(monkeypatch):
    clock = [START]
    monkeypatch.setattr(keeping.timezone, "now", lambda: clock[0])
    for number in range(3):
        verified(f"a-{number}", account_id=f"{number}" * 12)
    rows()
    first = [*FeedRow.objects.values_list("updated_at", flat=True)]
    clock[0] -= timedelta(days=1)

    for account in ManagedAccount.objects.all():
        approve(account, lambda_enabled=True)
        rows()

    second = [*FeedRow.objects.values_list("updated_at", flat=True)]
    together = first + second
    assert together == sorted({*together})


def test_what_did_not_change_keeps_its_moment():
    account = verified()
    rows()
    before = FeedRow.objects.get().updated_at

    approve(account, key_pair="other")  # the feed does not say it

    assert rows() == {"staging": False}
    assert FeedRow.objects.get().updated_at == before
    assert is_current()


def test_older_rules_are_applied_again_and_newer_ones_left_alone():
    verified()
    rows()
    FedAccount.objects.update(rules=RULES + 1)
    newer = is_current()

    FedAccount.objects.update(rules=RULES - 1)

    assert newer
    assert not is_current()
    assert rows() == {"staging": False}
    assert is_current()


def test_entries_that_nobody_can_read_change_nothing(caplog):
    account = verified()
    rows()
    verified("other", account_id="1" * 12)
    broken = {**account.verified, "entries": [{"provider": "unknown"}]}
    ManagedAccount.objects.filter(pk=account.pk).keep_verified(broken)

    assert rows() == {"staging": False, "other": False}
    assert "keeps staging" in caplog.text


def test_it_asks_as_often_for_many_accounts():
    verified("a")
    with CaptureQueriesContext(connection) as few:
        keep_current()
    for number in range(12):
        verified(f"a-{number}", account_id=f"{100_000_000_000 + number}")

    with CaptureQueriesContext(connection) as many:
        keep_current()
    with CaptureQueriesContext(connection) as none:
        keep_current()

    assert len(few) == len(many)
    assert len(none) == 4
