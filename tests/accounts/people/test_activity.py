"""The activity log: every decision has an entry, and every try of what isn't theirs."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connections, transaction
from django.utils import timezone

from accounts.decisions.many import each, who_may
from accounts.external_ids import finish_rotation, rotate
from accounts.mapping.edits import editing, editing_managing
from accounts.models import Activity, ManagedAccount, Run
from accounts.models.people import MovedMeanwhile
from accounts.models.states import State, Status
from accounts.people.activity import MOST, first_broken, record, tried, tries_recorded
from accounts.people.deciding import Outside, SamePerson
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.runs import actions
from accounts.runs.actions import accept, plan
from accounts.spinnaker.bundles import new_bundle
from tests.accounts.api.calling import caller, detail
from tests.rows import (
    account_row,
    decider,
    managing_row,
    person,
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


def plan_one(by: User) -> None:
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


def accept_one(by: User) -> None:
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
        (plan_one, What.PLAN, "staging"),
        (plan_managing, What.PLAN, "core"),
        (verify, What.VERIFY, "staging"),
        (remove, What.REMOVE, "staging"),
        (approve, What.APPROVE, "staging"),
        (discard, What.DISCARD, "staging"),
        (accept_one, What.ACCEPT, "staging"),
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
    actions.plan_managing(None, origin=Run.Origin.COMMAND)

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


def refused() -> list[tuple[str, str]]:
    rows = Activity.objects.filter(what="refused").order_by("number")
    return [*rows.values_list("who", "about")]


def evaluated(name: str, by: User, **fields: object) -> ManagedAccount:
    row = account_row(name, environment="production", state=State.EVALUATED, **fields)
    row.authors.add(by)
    return row


def test_a_role_a_limit_and_a_second_person_are_recorded() -> None:
    managing_row()
    olga, vera, own = person("approver"), person("viewer"), person("operator")
    account = evaluated("web", olga)
    limit(own, OPERATOR, ["dev"], None)

    for decide, by, error in (
        (accept, olga, SamePerson),
        (accept, vera, Outside),
        (plan, own, Outside),
    ):
        with pytest.raises(error):
            decide(account, by)

    assert refused() == [
        ("approver", "accept an evaluated account: web"),
        ("viewer", "accept an evaluated account: web"),
        ("operator", "plan an account: web"),
    ]
    entry = Activity.objects.get(who="approver")
    assert "approver edited the account" in entry.detail["why"]
    assert str(entry) == ("approver wasn't allowed to accept an evaluated account: web")


def test_it_is_recorded_once_an_hour() -> None:
    olga = person("approver")
    account = evaluated("web", olga)
    for _ in range(2):
        with pytest.raises(SamePerson):
            accept(account, olga)
    assert len(refused()) == 1

    ago = timezone.now() + timedelta(hours=2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timezone, "now", lambda: ago)
        with pytest.raises(SamePerson):
            accept(account, olga)

    assert len(refused()) == 2


def test_nobody_fills_the_log() -> None:
    vera = person("viewer")

    for number in range(MOST + 5):
        tried(vera, "approve a plan", [f"account-{number}"], "No.")

    assert len(refused()) == MOST


def test_a_list_is_one_entry() -> None:
    olga = person("approver")
    names = [f"w{number}" for number in range(7)]
    rows = [
        evaluated(name, olga, account_id=f"{2 * 10**11 + number}")
        for number, name in enumerate(names)
    ]

    assert len(each(accept, rows, olga).left) == 7
    with tries_recorded():
        assert len(who_may(accept, rows, olga, locks=True).left[0].subjects) == 7

    about = "accept an evaluated account: w0, w1, w2, w3, w4, and 2 more"
    assert refused() == [("approver", about)]


def test_what_is_shown_late_or_wrong_is_not_recorded() -> None:
    olga, vera = person("approver"), person("viewer")
    account = evaluated("web", olga)

    assert accept.verdict(account, olga).same_person
    assert who_may(accept, [account], vera).left
    with pytest.raises(Outside):
        accept.refuse(account, vera, locks=False)
    ManagedAccount.objects.update(state=State.VERIFIED)
    ManagedAccount.objects.get().authors.clear()
    with pytest.raises(Refused):
        accept(account, olga)

    assert refused() == []


@pytest.mark.django_db(transaction=True)
def test_what_a_request_rolls_back_is_recorded(client) -> None:
    vera = person("viewer")
    account_row("web", environment="dev")
    client.force_login(vera)

    page = client.post("/accounts/plan/")

    assert page.status_code == 403
    assert refused() == [("viewer", "post to plan-many")]
    client.get("/managing/?edit=1")
    assert len(refused()) == 1


@pytest.mark.django_db(transaction=True)
def test_what_an_answer_of_the_api_rolls_back_is_recorded() -> None:
    managing_row()
    account_row("web", environment="production")
    program = caller("operator")
    limit(program.person, OPERATOR, ["dev"], None)

    answer = program.post("/accounts/web/plan")

    assert "web is in production" in detail(answer, 403)
    assert refused() == [
        ("operator", "plan an account whose settings are complete: web")
    ]
    assert Activity.objects.get(what="refused").detail["token"] == "ci"
