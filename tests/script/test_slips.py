"""script/slips on a tiny tree, and whether its slips are of code that is there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from script.slips import ROOT, SLIPS, main, slips_of, write

CODE = """\
def double(number):
    return 2 * number


def half(number):
    return number / 2
"""
TESTS = """\
import pytest

from sums import double, half


@pytest.fixture
def four():
    return half(8)


def test_double():
    assert double(2) == 4


def test_of_a_fixture(four):
    pass


@pytest.mark.in_all_only
def test_half():
    assert half(4) == 2
"""
SETTINGS = """\
[tool.pytest.ini_options]
addopts = "-ra -p xdist -p _hypothesis_pytestplugin"
pythonpath = ["."]
markers = ["in_all_only"]
"""
MADE = {
    "K": ("2 * number", "3 * number"),
    "S": ("number / 2", "number / 3"),
    "M": ("number", "amount"),
    "B1": ("def double", "def treble"),
    "B2": ("number / 2", "number / 0"),
}
"""Old and new text by id: one that is killed, one that survives, one that is not there
exactly once, and two that break what the tests need.
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "tree"
    slips = [
        {"id": id, "file": "sums.py", "old": old, "new": new, "tests": ["tests"]}
        for id, (old, new) in MADE.items()
    ]
    for name, text in {
        "sums.py": CODE,
        "tests/test_sums.py": TESTS,
        "pyproject.toml": SETTINGS,
        SLIPS: json.dumps(slips),
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return root


def test_it_says_of_each_slip_whether_the_short_tier_noticed(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ending = main([], tree)

    lines = capsys.readouterr().out.splitlines()
    assert ending == 1
    assert [line.split()[:2] for line in lines[:-1]] == [
        ["K", "killed"],
        ["S", "SURVIVED"],
        ["M", "MOVED"],
        ["B1", "BROKEN"],
        ["B2", "BROKEN"],
    ]
    assert lines[0].endswith("  tests/test_sums.py::test_double")
    assert lines[-1] == "5 slips: 1 killed, 1 SURVIVED, 1 MOVED, 2 BROKEN"
    assert (tree / "sums.py").read_text() == CODE


def test_it_ends_well_where_all_that_were_chosen_are_killed(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["K", "--at-once", "1"], tree) == 0

    assert capsys.readouterr().out.endswith("1 slips: 1 killed\n")


FIRST_ONLY = """\
def pytest_collection_modifyitems(items):
    for item in items[1:]:
        item.add_marker("in_all_only")
"""
"""A tier that depends on which other tests there are, as that of tests/tiers.py."""


def test_a_test_by_its_name_is_asked_alone_and_in_its_tier(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = {"file": "sums.py", "old": "2 * number", "new": "3 * number"}
    (tree / SLIPS).write_text(
        json.dumps(
            [
                row | {"id": name, "tests": [f"tests/test_sums.py::{name}"]}
                for name in ("test_double", "test_of_a_fixture")
            ]
        )
    )

    main([], tree)
    alone = capsys.readouterr().out
    (tree / "tests" / "conftest.py").write_text(FIRST_ONLY)
    main([], tree)
    in_its_tier = capsys.readouterr().out

    assert [line.split()[1] for line in alone.splitlines()[:2]] == [
        "killed",
        "SURVIVED",
    ]
    assert [line.split()[1] for line in in_its_tier.splitlines()[:2]] == [
        "killed",
        "BROKEN",
    ]


def test_a_test_that_fails_without_the_slip_has_noticed_nothing(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tree / "tests" / "test_sums.py"
    path.write_text(path.read_text().replace("double(2) == 4", "double(2) == 5"))

    assert main(["K"], tree) == 1

    said = "It fails without the slip, too: tests/test_sums.py::test_double\n"
    assert capsys.readouterr().out.endswith(said)


RANDOM = """\
from hypothesis import given, settings, strategies


@settings(derandomize=False)
@given(strategies.integers())
def test_any_number(number):
    with open("{path}", "a") as file:
        print(number, file=file)
"""


def test_no_slip_is_noticed_by_luck(tree: Path) -> None:
    drawn = [tree / "first", tree / "second"]
    for path in drawn:
        (tree / "tests" / "test_sums.py").write_text(RANDOM.format(path=path))
        main(["S"], tree)

    assert len(set(drawn[0].read_text().split())) > 9
    assert drawn[0].read_text() == drawn[1].read_text()


def test_tests_that_do_not_end_are_broken_off(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("script.slips.PATIENCE", 0.01)

    assert main(["K"], tree) == 1

    assert "BROKEN    sums.py  still running after" in capsys.readouterr().out


def test_a_slip_that_nobody_knows_is_refused(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["K", "Z9"], tree)

    assert "has no Z9" in capsys.readouterr().err


def is_there(test: str) -> bool:
    """Return whether a test, or a module or folder of tests, exists."""
    path, _, name = test.partition("::")
    if not name:
        return (ROOT / path).exists()
    return f"\ndef {name.partition('[')[0]}(" in (ROOT / path).read_text()


@pytest.mark.parametrize(
    "test", ["", "::test_every_slip_is_of_code_and_tests_that_are_there"]
)
def test_only_a_test_that_exists_is_there(test: str) -> None:
    assert is_there(f"tests/script/test_slips.py{test}")
    assert not is_there("tests/script/test_slips.py::test_every_slip")
    assert not is_there("tests/script/test_of_nothing.py")


def test_every_slip_is_of_code_and_tests_that_are_there() -> None:
    slips = slips_of(ROOT)

    moved = [slip.id for slip in slips if slip.made_in(ROOT) is None]
    missing = [
        f"{slip.id}: {test}"
        for slip in slips
        for test in slip.tests
        if not is_there(test)
    ]

    assert (moved, missing) == ([], [])
    assert all(slip.tests for slip in slips)
    assert len({slip.id for slip in slips}) == len(slips) > 100


def test_what_is_written_is_what_python_runs(tmp_path: Path) -> None:
    """Although the time and the length of both texts are the same."""
    module = tmp_path / "answer.py"

    def said() -> str:
        command = [sys.executable, "-c", "import answer; print(answer.IT)"]
        environment = {"PATH": os.defpath}
        run = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return run.stdout.strip()

    answers = []
    for text in ("IT = 1", "IT = 2"):
        write(module, text)
        os.utime(module, (1_000_000_000, 1_000_000_000))
        answers.append(said())

    assert answers == ["1", "2"]
