"""Named transitions: which states they lead to, and that an edit in between wins."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status, move
from tests.rows import account_row, managing_row, run_row

pytestmark = pytest.mark.django_db


NOW = timezone.now()

VERIFIED = {"verification": State.VERIFIED, "granted_at": NOW, "accepted_at": NOW}


@pytest.mark.parametrize(
    ("transition", "state", "verification"),
    [
        (lambda rows: rows.wait_for_approval(), State.PLANNED, State.VERIFIED),
        (lambda rows: rows.begin_applying(), State.APPLYING, ""),
        (lambda rows: rows.verify_unchanged(), State.APPLYING, State.VERIFIED),
        (lambda rows: rows.fail(), State.FAILED, ""),
        (lambda rows: rows.drift(), State.DRIFTED, ""),
        (lambda rows: rows.await_plan(), State.OUTDATED, State.VERIFIED),
        (
            lambda rows: rows.verify(State.EVALUATED, NOW),
            State.EVALUATED,
            State.EVALUATED,
        ),
    ],
)
def test_a_transition_moves_an_account_unless_it_was_edited(
    transition: Any, state: State, verification: str
) -> None:
    managing_row()
    account = account_row(state=State.VERIFIED, **VERIFIED)
    run = run_row(account=account)

    assert transition(run.unedited_subject) == 1
    account.refresh_from_db()
    assert (account.state, account.verification) == (state, verification)

    account.touch()
    assert transition(run.unedited_subject) == 0
    account.refresh_from_db()
    assert (account.state, account.verification) == (State.OUTDATED, "")


def test_an_edit_takes_the_proof_and_the_acceptance() -> None:
    account = account_row(state=State.VERIFIED, **VERIFIED)

    account.touch()

    assert (account.verification, account.accepted_at, account.version) == ("", None, 2)


@pytest.mark.parametrize(
    ("state", "fields", "before"),
    [
        (State.PLANNED, {}, State.DRAFT),
        (State.PLANNED, {"granted_at": NOW}, State.OUTDATED),
        (State.APPLYING, VERIFIED, State.VERIFIED),
        (State.DRIFTED, {"granted_at": NOW}, State.DRIFTED),
    ],
)
def test_an_account_is_put_back_where_it_was(
    state: State, fields: dict[str, Any], before: State
) -> None:
    account = account_row(state=state, **fields)

    ManagedAccount.objects.put_back()

    account.refresh_from_db()
    assert account.state == before


@pytest.mark.parametrize(
    ("applied", "before"), [([], State.DRAFT), ([{"name": "core"}], State.OUTDATED)]
)
def test_the_managing_account_is_put_back_where_it_was(
    applied: list[Any], before: State
) -> None:
    managing_row(state=State.PLANNED, applied=applied)

    ManagingAccount.objects.put_back()

    assert ManagingAccount.objects.get().state == before


def test_a_run_of_the_managing_account_moves_that_one(managing) -> None:
    account = account_row(state=State.VERIFIED)
    run = run_row(account=None, kind="managing")

    run.unedited_subject.fail()

    account.refresh_from_db()
    assert ManagingAccount.objects.get().state == State.FAILED
    assert account.state == State.VERIFIED


def test_a_form_that_was_opened_earlier_leaves_what_others_decided() -> None:
    """It saves what it describes, not the whole row as it was when it was read."""
    managing, opened = managing_row(), account_row(state=State.PLANNED)
    ManagedAccount.objects.begin_applying()
    verified = {"managed": {}, "entries": []}
    ManagedAccount.objects.filter(pk=opened.pk).keep_verified(verified)
    assert managing.take_lease()
    earlier = type(managing).objects.get()
    managing.free_lease()

    opened.regions = ["eu-west-1"]
    opened.save()
    earlier.save()

    stored = ManagedAccount.objects.get()
    assert stored.regions == ["eu-west-1"]
    assert (stored.state, stored.verified) == (State.APPLYING, verified)
    assert type(managing).objects.get().lease is None


def state() -> str:
    return str(ManagedAccount.objects.values_list("state", flat=True).get())


@pytest.mark.parametrize("before", [State.FAILED, State.DRIFTED])
@pytest.mark.parametrize("granted", [None, timezone.now()])
def test_what_was_broken_is_broken_again_once_its_plan_is_discarded(
    before: State, granted: object
) -> None:
    account_row(state=before, granted_at=granted)

    ManagedAccount.objects.all().wait_for_approval()
    assert state() == State.PLANNED
    ManagedAccount.objects.all().put_back()

    assert state() == before


def test_the_state_before_the_first_plan_counts_and_not_one_that_passes() -> None:
    account_row(state=State.FAILED)
    rows = ManagedAccount.objects.all()

    rows.wait_for_approval()
    rows.wait_for_approval()
    rows.begin_applying()
    rows.put_back()

    assert state() == State.FAILED


def test_what_was_fixed_meanwhile_is_not_broken_again() -> None:
    account_row(state=State.FAILED, granted_at=timezone.now(), approved_version=1)
    rows = ManagedAccount.objects.all()
    rows.wait_for_approval()
    rows.verify(State.VERIFIED, timezone.now())

    rows.verify_unchanged()
    rows.put_back()

    assert state() == State.VERIFIED


def test_a_draft_is_a_draft_again() -> None:
    account_row()

    ManagedAccount.objects.all().wait_for_approval()
    ManagedAccount.objects.all().put_back()

    assert state() == State.DRAFT


def test_the_managing_account_is_failed_again_too() -> None:
    managing_row(state=State.FAILED)

    ManagingAccount.objects.all().wait_for_approval()
    ManagingAccount.objects.all().put_back()

    assert ManagingAccount.objects.get().state == State.FAILED


ROOT = Path(__file__).parents[3]

STATES = {"state", "status"}

WRITES = {"update", "bulk_update", "update_or_create", "write", "note", "save"}

OTHERWISE = {
    "accounts/api/problems.py": "It is an HTTP status, of a kind of problem.",
    "accounts/models/states.py": "It is the one place.",
    "accounts/runs/carrying_out.py": "A step's UPDATE asks for the lease: only the "
    "worker that holds the run writes it.",
    "accounts/api/idempotency.py": "It is an HTTP status, of an answer that is kept.",
    "accounts/discover/organization/reading.py": "It is what AWS calls a member.",
}

"""Where a column of such a name is written otherwise, and why."""


def writes_a_state(node: ast.AST) -> bool:
    """Find a call that writes the column, by its name or in a list, and an assignment
    that a `save` would write.
    """
    match node:
        case ast.Call(func=ast.Attribute(attr=attr)) if attr in WRITES:
            named = {keyword.arg for keyword in node.keywords}
            listed = {
                one.value for one in ast.walk(node) if isinstance(one, ast.Constant)
            }
            return bool(STATES & named or (attr != "update" and STATES & listed))
        case ast.Assign(targets=targets):
            parts = (one for target in targets for one in ast.walk(target))
            return any(
                isinstance(one, ast.Attribute) and one.attr in STATES for one in parts
            )
    return False


def modules() -> Iterator[Path]:
    for folder in ("accounts", "bowline"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def test_nothing_else_changes_a_state() -> None:
    found = {
        str(path.relative_to(ROOT)): node.lineno
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if writes_a_state(node)
    }

    assert {path: line for path, line in found.items() if path not in OTHERWISE} == {}
    assert found.keys() | {"accounts/models/states.py"} == OTHERWISE.keys()


@pytest.mark.parametrize(
    "line",
    [
        "Run.objects.filter(pk=1).update(status='planned')",
        "row.save(update_fields=['reason', 'state'])",
        "Run.objects.bulk_update(rows, ['status'])",
        "row.write(status='planned', waiting='')",
        "row.state, row.reason = 'paused', ''",
    ],
)
def test_it_would_be_found(line: str) -> None:
    assert any(writes_a_state(node) for node in ast.walk(ast.parse(line)))


@pytest.mark.django_db
def test_a_row_in_another_state_is_left_alone() -> None:
    run = run_row(Status.DISCARDED)
    rows = Run.objects.filter(pk=run.pk)

    assert move(rows, Status.APPLYING, since=(Status.PLANNED,)) == 0
    assert move(rows, Status.PLANNED, since=(Status.DISCARDED,)) == 1
    assert Run.objects.get().status == Status.PLANNED


@pytest.mark.django_db
def test_the_state_is_asked_of_the_row_itself() -> None:
    """What a subquery says is not asked again of a row that somebody else changed."""
    run = run_row()

    with CaptureQueriesContext(
        connection,
    ) as queries:
        run.move(Status.DISCARDED, since=(Status.PLANNED,))

    (sql,) = (query["sql"] for query in queries)
    assert sql.startswith("UPDATE")
    assert '"accounts_run"."status" IN' in sql
    assert "SELECT" not in sql


@pytest.mark.django_db
def test_an_update_of_a_join_is_refused_in_tests() -> None:
    run_row(account=account_row(environment="staging"))

    with pytest.raises(AssertionError, match="of Run joins"):
        Run.objects.filter(account__environment="staging").update(waiting="")
