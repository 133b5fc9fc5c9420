"""What script/bench file uploads, and how it says what that cost."""

from __future__ import annotations

from dataclasses import replace

from onboarding.accounts_file import read_accounts_file
from script.bench_file import Cost, content, table

FEW = Cost(
    rows=10,
    checked=0.1,
    saved=0.2,
    checked_again=0.1,
    saved_again=0.3,
    core=0.5,
    page=10,
    before=80,
    peak=100,
    one_by_one=0.05,
)
MANY = replace(FEW, rows=100, checked=1, saved=2, peak=200)


def test_the_file_has_accounts_without_an_error() -> None:
    accounts = read_accounts_file(content(5, 2, "test"), csv=True).accounts

    assert [one.managed.name for one in accounts] == ["account-5", "account-6"]
    assert {p.key for p in accounts[0].managed.providers} == {"ec2", "lambda", "eks"}


def test_the_table_compares_both_sizes_and_one_by_one() -> None:
    said = "\n".join(table(FEW, MANY))

    assert "10 rows          100 rows     10.0 ×" in said
    assert "Described one by one: 5 s" in said
    assert "1.7 × the file's 3.0 s" in said
    assert said.endswith("Page under 100 ms: yes.")


def test_a_goal_that_is_missed_is_said() -> None:
    slow = replace(MANY, saved_again=30, peak=301, page=101)

    last = table(FEW, slow)[-1]

    assert last == (
        "New or edited within 20 s: no. Under 300 MB: no. Page under 100 ms: no."
    )
