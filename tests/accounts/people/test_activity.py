"""The activity log: every decision has an entry, in the decision's own transaction."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from accounts.external_ids import finish_rotation, rotate
from accounts.mapping.edits import editing, editing_managing
from accounts.models import Activity, ManagedAccount, Run
from accounts.models.people.decided import MovedMeanwhile
from accounts.models.states import State, Status
from accounts.people.activity import first_broken, record
from accounts.runs import actions
from accounts.spinnaker.bundles import new_bundle
from tests.rows import (
    account_row,
    decider,
    managing_row,
    run_row,
    step_row,
)

pytestmark = pytest.mark.django_db

What = Activity.What


@pytest.fixture
def olga() -> User:
    return decider("olga")


def standing(**fields) -> ManagedAccount:
    now = timezone.now()
    return account_row(granted_at=now, **{"state": State.VERIFIED, **fields})


def plan(by: User) -> None:
    actions.plan(account_row(), by)


def plan_managing(by: User) -> None:
    actions.plan_managing(by)


def verify(by: User) -> None:
    actions.verify(standing(), by)


def remove(by: User) -> None:
    actions.remove(standing(), by)


def waiting() -> Run:
    run = run_row(Status.PLANNED, fingerprint="f" * 32)
    step_row(run)
    return run


def approve(by: User) -> None:
    assert actions.approve(waiting(), by)


def discard(by: User) -> None:
    assert actions.discard(waiting(), by)


def accept(by: User) -> None:
    evaluated = {"state": State.EVALUATED, "verification": State.EVALUATED}
    assert actions.accept(standing(**evaluated), by)


def edit(by: User) -> None:
    account = account_row()
    with editing(account, by):
        account.regions = ["eu-west-1"]
        account.save()


def edit_managing(by: User) -> None:
    row = managing_row()
    with editing_managing(row, by):
        row.boundary = "baseline"
        row.save()


def describe(by: User) -> None:
    account = ManagedAccount(name="staging", account_id="922222222222")
    with editing(account, by):
        account.save()


def begin_rotation(by: User) -> None:
    rotate(standing(), by)


def end_rotation(by: User) -> None:
    account = standing(former_external_id=str(uuid4()))
    with patch("accounts.external_ids.stages", autospec=True, return_value=[]):
        finish_rotation(account, by)


def build(by: User) -> None:
    standing(verification=State.VERIFIED)
    new_bundle(by)


@pytest.mark.parametrize(
    ("decide", "what", "about"),
    [
        (plan, What.PLAN, "staging"),
        (plan_managing, What.PLAN, "core"),
        (verify, What.VERIFY, "staging"),
        (remove, What.REMOVE, "staging"),
        (approve, What.APPROVE, "staging"),
        (discard, What.DISCARD, "staging"),
        (accept, What.ACCEPT, "staging"),
        (describe, What.DESCRIBE, "staging"),
        (edit, What.EDIT, "staging"),
        (edit_managing, What.EDIT, "core"),
        (begin_rotation, What.ROTATE, "staging"),
        (end_rotation, What.ROTATED, "staging"),
        (build, What.BUILD, "Bundle 1"),
    ],
)
def test_a_decision_is_on_record_with_the_person(
    olga: User, decide: Callable[[User], None], what: str, about: str
) -> None:
    if decide is not edit_managing:
        managing_row()

    decide(olga)

    entry = Activity.objects.get()
    assert (entry.who, entry.person, entry.what, entry.about) == (
        "olga",
        olga,
        what,
        about,
    )


def test_what_cannot_be_recorded_is_not_decided(olga: User, managing) -> None:
    run = waiting()

    with (
        patch.object(actions, "record", autospec=True, side_effect=DatabaseError),
        pytest.raises(DatabaseError),
    ):
        actions.approve(run, olga)

    assert Run.objects.get().status == Status.PLANNED


def test_what_was_decided_already_leaves_no_entry(olga: User, managing) -> None:
    run = waiting()
    actions.discard(run, olga)

    with pytest.raises(MovedMeanwhile, match="was discarded by olga"):
        actions.approve(run, olga)

    assert Activity.objects.get().what == What.DISCARD


def test_an_edit_is_on_record_as_it_was_and_as_it_is(olga: User, managing) -> None:
    edit(olga)

    detail = Activity.objects.get().detail
    assert detail["changed"] == {"regions": [["us-east-1"], ["eu-west-1"]]}


def test_the_same_again_is_no_edit(olga: User, managing) -> None:
    account = account_row()

    with editing(account, olga):
        account.save()

    assert not Activity.objects.exists()


def test_no_external_id_is_on_record(olga: User, managing) -> None:
    describe(olga)
    account = ManagedAccount.objects.get()
    account.granted_at = timezone.now()
    account.save(update_fields=["granted_at"])
    rotate(account, olga)

    said = str(list(Activity.objects.values()))
    row = ManagedAccount.objects.get()
    assert str(row.external_id) not in said
    assert row.former_external_id not in said


def test_the_schedule_decides_nothing(managing) -> None:
    actions.verify(standing(), None, origin=Run.Origin.SCHEDULE)

    assert not Activity.objects.exists()


def test_the_command_line_is_on_record_as_such(managing) -> None:
    actions.plan(account_row(), None, origin=Run.Origin.COMMAND)

    assert Activity.objects.get().who == "the command line"


def test_each_entry_follows_the_one_before(olga: User) -> None:
    first, second = record(olga, What.SIGN_IN), record(olga, What.SIGN_OUT)

    assert (first.number, first.previous) == (1, "")
    assert (second.number, second.previous) == (2, first.hash)
    assert first_broken() == ""


def test_any_text_can_be_on_record() -> None:
    entry = record("a\0b" + "c" * 200, What.SIGN_IN_FAILED)

    assert Activity.objects.get(pk=entry.pk).who.startswith("a�bc")
    assert first_broken() == ""


def test_its_hash_is_logged_once_it_is_committed(
    olga: User, caplog, django_capture_on_commit_callbacks
) -> None:
    with (
        caplog.at_level(logging.INFO, logger="accounts.people.activity"),
        django_capture_on_commit_callbacks(execute=True),
    ):
        entry = record(olga, What.APPROVE, "staging")

    assert "olga approved the plan staging" in caplog.text
    assert entry.hash in caplog.text


@pytest.mark.django_db(transaction=True)
def test_many_at_once_make_one_chain() -> None:
    def write(number: int) -> None:
        try:
            for _ in range(5):
                record(f"person {number}", What.SIGN_IN)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))

    assert Activity.objects.count() == 20
    assert first_broken() == ""


@pytest.mark.django_db(transaction=True)
def test_an_entry_is_a_line_on_standard_output_once_it_is_committed(
    settings: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    settings.ACTIVITY_TO_STDOUT = True

    with transaction.atomic():
        record(None, Activity.What.PLAN, "taken back")
        transaction.set_rollback(True)
    with transaction.atomic():
        record(None, Activity.What.APPROVE, "two\nlines", {"digest": "d"})
        before = capfd.readouterr().out
    (line,) = capfd.readouterr().out.splitlines()

    entry = Activity.objects.get()
    assert before == ""
    assert json.loads(line) == {
        "type": "bowline.activity",
        "number": entry.number,
        "at": entry.at.isoformat(),
        "who": "the command line",
        "what": "approve",
        "about": "two\nlines",
        "detail": {"digest": "d"},
        "hash": entry.hash,
    }


@pytest.mark.django_db(transaction=True)
def test_standard_output_has_nothing_unless_it_is_asked_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    record(None, Activity.What.PLAN, "web")

    assert capfd.readouterr().out == ""
