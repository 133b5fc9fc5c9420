"""Nothing changes anything but by a row: each page and operation is made from one, or
is listed with the row that it calls. The documentation has the table of the rows.
"""

from __future__ import annotations

from pathlib import Path

from accounts.decisions.decision import DECISIONS
from accounts.decisions.table import table
from accounts.models import Activity
from tests.accounts.decisions.doors import (
    ASKING,
    BY_HAND,
    ROWS,
    doors,
    operations,
    pages,
)
from tests.accounts.web.test_access import OWN, READS

ROOT = Path(__file__).parents[3]
What = Activity.What

PEOPLE = {"person", "people", "all-tokens", "targets"}
"""Administrators' pages about people and settings, which only show."""
FILES = {
    *("access-role-file", "bundle-download", "hand-off-archive", "hand-off-file"),
    *("hand-off-version", "organization-csv", "organization-hand-off-archive"),
    *("organization-json", "people-csv", "people-json", "template-csv"),
    *("template-yaml", "accounts-file-csv", "accounts-file-yaml"),
}
"""What is read with a role: a GET."""
BY_BOWLINE = {What.NOT_SENT, What.REFUSED, What.SIGN_IN, What.SIGN_IN_FAILED}
"""What nobody decides, and is recorded."""


def test_each_page_and_operation_is_made_from_a_row_or_calls_a_listed_one() -> None:
    known = {*BY_HAND, *ASKING, *PEOPLE, *FILES, *READS, *OWN}
    found = [*pages(), *operations()]

    by_themselves = {name for name, row in found if row is None}
    assert by_themselves - known == set()
    assert {*BY_HAND, *ASKING} - by_themselves == set()
    assert {*BY_HAND.values()} - {*ROWS} == set()


def test_each_row_has_a_door_or_is_called_by_one_that_has() -> None:
    behind = {row.title for row in doors().values()}

    assert {row.title for row in DECISIONS} - behind == INSIDE


INSIDE = {
    "ask to switch a second approver off",
    "download a bundle",
    "download what an owner runs",
    "download what the organization runs",
    "plan a delivery",
    "plan an account",
    "switch a second approver off",
}
"""Rows that another one's door calls, a command, or a GET that records."""


def test_what_is_recorded_is_known_of_a_row_or_is_about_people() -> None:
    logged = {what for row in DECISIONS for what in row.logs}
    about_people = {
        *(What.ROLES, What.PERSON, What.SIGN_OUT, What.PASSWORD, What.FACTORS_RESET),
        *(What.FACTOR_ADDED, What.FACTOR_REMOVED, What.RECOVERY_CODES, What.ADOPT),
    }

    assert {*What} - logged - about_people == BY_BOWLINE


def test_the_documentation_has_the_table() -> None:
    assert table() in (ROOT / "docs" / "people" / "roles.md").read_text()
