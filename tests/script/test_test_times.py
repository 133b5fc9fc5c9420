from __future__ import annotations

from pathlib import Path

from script.test_times import SLOW, exists, folder_of, slow_in, table, tier_of

ROOT = Path(__file__).parents[2]
REPORT = """<testsuites><testsuite time="12.4">
<testcase classname="tests.accounts.web.runs.test_views" name="a" time="1.5"/>
<testcase classname="tests.accounts.web.test_access" name="b" time="2"/>
<testcase classname="tests.test_docs" name="c[1]" time="30"/>
</testsuite></testsuites>"""


def test_the_table_has_a_row_for_each_folder_and_the_longest_first(
    tmp_path: Path,
) -> None:
    (tmp_path / "short.xml").write_text(REPORT)

    rows = table({"short": tier_of(tmp_path / "short.xml")}).splitlines()

    assert rows[2:] == [
        "| **all, with workers side by side** | **3 in 12 s** |",
        "| `tests` | 1 in 30 s |",
        "| `tests/accounts/web` | 2 in 4 s |",
    ]


def test_a_folder_is_named_to_the_depth_that_tells_its_topic() -> None:
    assert folder_of("tests.journey.test_crash") == "tests/journey"
    assert (
        folder_of("tests.onboarding.verify.deep.test_one") == "tests/onboarding/verify"
    )


def test_a_test_that_takes_long_with_any_parameter_is_not_quick(tmp_path: Path) -> None:
    (tmp_path / "quick.xml").write_text(
        REPORT.replace('time="1.5"', 'time="0.2"').replace('time="2"', 'time="0.29"')
    )

    assert slow_in(tmp_path / "quick.xml") == {"tests/test_docs.py::c"}


def test_those_that_are_not_quick_exist() -> None:
    assert [test for test in SLOW.read_text().split() if not exists(test)] == []
