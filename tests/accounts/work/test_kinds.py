"""Every kind of work outlasts a worker that is killed, and a message that is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import Celery
from django.apps import apps
from django.db.models.functions import Now

from accounts import tasks
from accounts.discover.organization.watching import added_members
from accounts.models import (
    Activity,
    Bundle,
    Delivery,
    ManagingAccount,
    Notification,
    Organization,
    Rollout,
    Run,
)
from accounts.models.lease import Carried, Durable, Leased
from accounts.models.states import Status
from accounts.people.activity import record
from accounts.tasks import KINDS
from accounts.work import queue
from accounts.work.heartbeat import PEOPLE, SCHEDULE
from accounts.work.queue import wake
from tests.rows import person, run_row, search_row

pytestmark = pytest.mark.django_db

LONG_AGO = Now() - timedelta(hours=1)
DURABLE = [name for name, kind in KINDS.items() if issubclass(kind.model, Durable)]
OTHERS = [name for name in KINDS if name not in DURABLE]

Messages = list[tuple[str, str, dict[str, Any]]]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Collect what is sent of rows: the kind, the key, and how."""
    messages: Messages = []

    def send_task(_: Celery, name: str, args: list[str], **options: Any) -> None:
        assert name == tasks.carry_on.name
        kind, key = args
        messages.append((kind, key, options))

    monkeypatch.setattr(Celery, "send_task", send_task)
    return messages


def organization_row() -> Organization:
    one = {"partition": "aws", "account_id": "911111111111"}
    return Organization.objects.create(**one, started_at=Now())


def bundle_row() -> Bundle:
    bundle = Bundle.objects.create(number=1)
    Bundle.objects.update(created_at=LONG_AGO)
    return bundle


def notice_row() -> Notification:
    entry = record(None, Activity.What.PLAN, "a test", {})
    ann = person("viewer", email="ann@example.com")
    return Notification.objects.create(
        person=ann, what=Notification.What.OWN, entry=entry
    )


ABANDONED: dict[str, Callable[[], Carried]] = {
    "run": lambda: run_row(Status.PLANNING),
    "bundle": bundle_row,
    "rollout": Rollout.objects.create,
    "organization": organization_row,
    "delivery": lambda: Delivery.objects.create(number=1),
    "question": lambda: search_row(person("operator")),
    "notification": notice_row,
}
"""A row of each kind of which nobody takes care."""


def named(sent: Messages, kind: str) -> list[str]:
    return [key for name, key, _ in sent if name == kind]


def test_whatever_has_a_lease_has_a_kind() -> None:
    """The managing account is held by the run that changes it."""
    models = set(apps.get_app_config("accounts").get_models())
    carried = {model for model in models if issubclass(model, Leased | Carried)}

    assert carried - {ManagingAccount} == {kind.model for kind in KINDS.values()}
    assert ABANDONED.keys() == KINDS.keys()


@pytest.mark.parametrize("name", DURABLE)
def test_what_is_abandoned_is_sent_for_once(name: str, sent: Messages) -> None:
    row = ABANDONED[name]()

    tasks.sweep()
    tasks.sweep()

    assert named(sent, name) == [str(row.pk)]


@pytest.mark.parametrize("name", DURABLE)
def test_what_a_worker_holds_is_sent_for_once_its_lease_has_run_out(
    name: str, sent: Messages
) -> None:
    row = ABANDONED[name]()
    rows = KINDS[name].rows.filter(pk=row.pk)
    assert KINDS[name].rows.get(pk=row.pk).take_lease()

    tasks.sweep()
    held = named(sent, name)
    rows.update(leased_until=LONG_AGO)
    tasks.sweep()

    assert (held, named(sent, name)) == ([], [str(row.pk)])


@pytest.mark.parametrize("name", DURABLE)
def test_a_lost_message_is_sent_again_later(name: str, sent: Messages) -> None:
    row = ABANDONED[name]()

    wake(row)
    tasks.sweep()
    early = named(sent, name)
    KINDS[name].rows.filter(pk=row.pk).update(queued_at=LONG_AGO)
    tasks.sweep()

    assert (early, named(sent, name)) == ([str(row.pk)], 2 * [str(row.pk)])


@pytest.mark.parametrize("name", DURABLE)
def test_a_second_copy_finds_the_lease_taken(name: str, sent: Messages) -> None:
    row = ABANDONED[name]()
    rows = KINDS[name].rows.filter(pk=row.pk)
    assert KINDS[name].rows.get(pk=row.pk).take_lease()
    before = rows.values().get()

    tasks.carry_on(name, str(row.pk))

    assert rows.values().get() == before
    assert sent == []


def test_what_has_no_lease_is_sent_for_each_time(
    sent: Messages, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing marks it as sent for, so a sweep leaves none of them to the next one."""
    monkeypatch.setattr(queue, "SWEPT_AT_ONCE", 1)
    for name in OTHERS:
        ABANDONED[name]()
    ABANDONED["rollout"]()

    tasks.sweep()
    tasks.sweep()

    assert [kind for kind, *_ in sent] == 2 * ["bundle", "rollout", "rollout"]


def test_each_goes_to_its_queue_and_may_take_its_time(sent: Messages) -> None:
    for make in ABANDONED.values():
        wake(make())
    wake(added_members.begin(person("operator", username="adder")))
    Organization.objects.update(asked_by=person("approver"))
    wake(Organization.objects.get())
    wake(run_row(Status.VERIFYING, account=None, started_from=Run.Origin.SCHEDULE))

    assert [(kind, o["queue"], o["soft_time_limit"]) for kind, _, o in sent] == [
        ("run", PEOPLE, None),
        ("bundle", PEOPLE, None),
        ("rollout", PEOPLE, None),
        ("organization", SCHEDULE, 100),
        ("delivery", PEOPLE, None),
        ("question", PEOPLE, 100),
        ("notification", SCHEDULE, 100),
        ("question", PEOPLE, None),
        ("organization", PEOPLE, 100),
        ("run", SCHEDULE, None),
    ]
    limits = {(o["soft_time_limit"], o["time_limit"]) for *_, o in sent}
    assert limits == {(None, None), (100, 110)}
    assert {o["expires"] for *_, o in sent} == {600}


@pytest.mark.parametrize(
    "message", [["00000000-0000-0000-0000-000000000000"], ["lease", "1"]]
)
def test_a_message_of_another_release_is_dropped(message: list[str], caplog) -> None:
    row = ABANDONED["run"]()

    done = tasks.carry_on.apply(args=message)

    row.refresh_from_db()
    assert done.failed()
    assert "raised unexpected" in caplog.text
    assert list(Run.objects.abandoned()) == [row]
