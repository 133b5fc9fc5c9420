"""What alert rules say is told once a day, too, to those who chose it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from django.utils import timezone

from accounts.models import Heartbeat, ManagedAccount, Notification
from accounts.models.states import State
from accounts.notify.sending import gather
from accounts.notify.texts import LONG, OVERDUE, Text, text_of
from tests.accounts.notify.channels.receiving import target_row
from tests.rows import account_row

pytestmark = pytest.mark.django_db
A_MOMENT = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def heard() -> None:
    Heartbeat.note(seen_at=Now(), schedule_seen_at=Now())


def noted() -> list[Notification]:
    return list(Notification.objects.filter(what=Notification.What.SITE))


def told() -> Text | None:
    gather()
    found = noted()
    return text_of(found[0]) if found else None


def verified(number: int, age: timedelta, **fields: Any) -> None:
    fields = {"state": State.VERIFIED, "verification": State.VERIFIED, **fields}
    account_row(
        f"web-{number}",
        account_id=f"{number:012}",
        verified_at=timezone.now() - age,
        **fields,
    )


def test_nothing_is_told_while_all_is_well() -> None:
    target_row()
    for number in range(3):
        verified(number, timedelta(days=1))

    assert told() is None


def test_workers_of_the_schedule_that_are_silent_are_told_once_a_day() -> None:
    target_row()
    Heartbeat.note(schedule_seen_at=Now() - LONG - A_MOMENT)

    text = told()
    gather()

    assert text is not None
    assert text.paragraphs[0].startswith("No worker of the schedule has answered since")
    assert text.about["schedule_is_silent"] is True
    (notification,) = noted()
    assert not notification.is_scheduled  # those who are silent would have to send it
    assert notification.type == "bowline.site.attention"


def test_workers_that_restart_are_not_told() -> None:
    target_row()
    Heartbeat.note(schedule_seen_at=Now() - LONG + A_MOMENT)

    assert told() is None


def test_verifications_that_are_overdue_are_told_once_they_are_many() -> None:
    target_row()
    for number in range(3):
        verified(number, timedelta(hours=3))
    verified(3, OVERDUE + A_MOMENT)
    assert told() is None

    verified(4, OVERDUE + A_MOMENT)
    text = told()

    assert text is not None
    assert text.paragraphs[0].startswith("2 accounts haven't been verified for two")


def test_accounts_that_failed_or_are_not_as_approved_are_told() -> None:
    target_row()
    account_row("a", account_id="111111111111", state=State.FAILED)
    account_row("b", account_id="222222222222", state=State.DRIFTED, unapproved=1)

    text = told()

    assert text is not None
    assert text.paragraphs == ("1 account is failed.\n1 account is not as approved.",)
    assert text.path == "/accounts/?state=failed+or+not+as+approved"

    ManagedAccount.objects.update(state=State.VERIFIED)
    assert text_of(noted()[0]) is None


def test_a_target_hears_of_the_accounts_in_its_environments() -> None:
    target_row(environments=["dev"])
    account_row("a", account_id="111111111111", state=State.FAILED, environment="prod")

    assert told() is None
    assert len(noted()) == 1


def test_a_target_that_did_not_choose_it_hears_nothing() -> None:
    target_row(kinds=["failed"])
    account_row("a", account_id="111111111111", state=State.FAILED)

    assert told() is None
