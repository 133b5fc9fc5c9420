"""States change in one place, and only from the state that was read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Run
from accounts.models.states import Status, move
from tests.rows import account_row, run_row

ROOT = Path(__file__).parents[3]
STATES = {"state", "status"}
WRITES = {"update", "bulk_update", "update_or_create", "write", "note", "save"}

OTHERWISE = {
    "accounts/api/codes.py": "It is an HTTP status, of a kind of problem.",
    "accounts/models/states.py": "It is the one place.",
    "accounts/runs/carrying_out.py": "A step's UPDATE asks for the lease: only the "
    "worker that holds the run writes it.",
    "accounts/api/idempotency.py": "It is an HTTP status, of an answer that is kept.",
    "accounts/discover/organization/keeping.py": "It is what AWS calls a member.",
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
