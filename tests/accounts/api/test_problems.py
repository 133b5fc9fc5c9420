"""Each refusal has a code, which docs list; programs compare it, and no sentence."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from accounts.api import problems
from accounts.api.openapi import PROBLEMS
from accounts.api.problems import CODES, Code
from accounts.mapping.completeness import CANNOT_BE_USED
from accounts.models.states import Status
from accounts.refused import members
from tests.accounts.api.calling import caller
from tests.rows import account_row, managing_row, run_row

API = Path(problems.__file__).parent


def test_every_exception_that_pages_show_has_a_code():
    """Else it would be a bug, with status 500."""
    assert {one.code for one in members()} - {one.name for one in Code} == set()
    assert {*CANNOT_BE_USED} - {*CODES} == set()


def test_every_code_is_used_and_has_a_status_of_the_description():
    used = {
        node.attr
        for path in API.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "Code"
    }

    used |= {one.code for one in members()}
    assert {one.name for one in Code} == used
    assert {one.status for one in Code} == {*PROBLEMS}


@pytest.mark.django_db
def test_a_problem_has_a_code_and_a_page_that_explains_it():
    operator = caller("operator")
    managing_row()
    run_row(Status.APPLYING, account=account_row())

    problem = operator.post("/accounts/staging/plan").json()
    operator.force_login(operator.person)
    page = operator.get(problem["type"])

    assert (problem["code"], problem["status"]) == ("run_open", 409)
    assert problem["type"] == "/help/docs/api-reference/#run_open"
    assert 'id="run_open"' in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "where"),
    [
        ("{bad", "enclosed in double quotes: line 1 column 2 (char 1)."),
        (
            '{"name": "a",\n "regions": [}',
            "Expecting value: line 2 column 14 (char 27).",
        ),
        ("{}}", "Extra data: line 1 column 3 (char 2)."),
    ],
)
def test_a_body_that_is_no_json_is_told_where(body: str, where: str):
    managing_row()

    problem = caller("operator").put("/accounts/staging", body).json()

    assert (problem["code"], problem["status"]) == ("not_json", 400)
    assert problem["detail"].startswith("The body isn't valid JSON: ")
    assert problem["detail"].endswith(where)
