"""`manage.py onboard` reads YAML and CSV, from a file or standard input."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.accounts.management.onboarding import Ending, onboard

pytestmark = pytest.mark.django_db

CSV = "name;account_id;regions;ec2\na;922222222222;us-east-1;yes\n"
YAML = (
    "accounts:\n- {name: a, account_id: '922222222222', regions: [us-east-1], "
    "providers: {ec2: {}}}\n"
)


def test_a_csv_file_is_read_by_its_name(tmp_path: Path) -> None:
    table = tmp_path / "accounts.CSV"
    table.write_text(CSV)

    assert onboard(table, "--check") == Ending(
        0, f"{table}: 1 account, no errors.\n", ""
    )


def test_a_problem_has_the_line_of_its_row(tmp_path: Path) -> None:
    table = tmp_path / "accounts.csv"
    table.write_text(CSV.replace("us-east-1", "us-est-1"))

    ending = onboard(table, "--check")

    assert ending.code == 1
    assert ending.err.startswith(f"{table}:2: regions: “us-est-1” isn't a Region")


@pytest.mark.parametrize("text", [CSV, YAML], ids=["CSV", "YAML"])
def test_standard_input_is_read(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert onboard("-", "--check") == Ending(0, "-: 1 account, no errors.\n", "")
