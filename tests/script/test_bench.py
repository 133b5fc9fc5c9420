"""script/bench measures each of its works, and writes what it measured as a page."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from script.bench import WORKS, report, table
from script.emulated_site import Asked, Measured, usage

TWO = {
    "10": Measured({"overview, ms": 40.0, "overview: queries": 20, "verified": "yes"}),
    "1000": Measured({"overview, ms": 50.0, "overview: queries": 21, "bundle": 0.1}),
}


def measured(work: str, case: str, *options: str) -> Measured:
    """Measure one column, as script/bench does for each."""
    command = [sys.executable, "-m", "script.bench", work, *options, "--case", case]
    run = subprocess.run(command, capture_output=True, text=True, timeout=900)
    assert run.returncode == 0, run.stderr[-4000:]
    return Measured(*json.loads(run.stdout.splitlines()[-1]))


def number(found: Measured, name: str) -> float:
    value = found.figures[name]
    assert not isinstance(value, str)
    return value


def test_each_work_has_a_function_that_measures_it() -> None:
    functions = {
        name: getattr(import_module(module), function)
        for name, work in WORKS.items()
        for module, _, function in [work.measure.partition(":")]
    }

    assert [name for name, one in functions.items() if not callable(one)] == []
    assert {*WORKS} >= {"account", "workers", "hosts", "memory", "pages", "exports"}


def test_an_unknown_work_is_refused() -> None:
    command = [sys.executable, "-m", "script.bench", "nothing"]
    run = subprocess.run(command, capture_output=True, text=True)

    assert run.returncode == 2
    assert "invalid choice: 'nothing'" in run.stderr


def test_columns_are_compared_by_the_first_and_the_last() -> None:
    assert table(TWO) == [
        "|  | 10 | 1000 | Last / first |",
        "| --- | ---: | ---: | ---: |",
        "| overview, ms | 40 | 50 | 1.25 |",
        "| overview: queries | 20 | 21 | 1.05 |",
        "| verified | yes |  |  |",
        "| bundle |  | 0.10 |  |",
    ]


def test_one_column_is_compared_with_nothing() -> None:
    heading, _, overview, *_ = table({"10": TWO["10"]})

    assert (heading, overview) == ("|  | 10 |", "| overview, ms | 40 |")


def test_a_page_names_its_command_and_what_went_wrong() -> None:
    good = report("How long pages take", "pages 1000", 0.08, TWO)
    bad = report("B", "c", 0, {"10": Measured({"x": 1.0}, ["No rollout"])})

    assert good.startswith("# How long pages take\n")
    assert "This is the output of `script/bench pages 1000`." in good
    assert "80 ms before each answer" in good
    assert good.endswith("\nNothing.")
    assert bad.endswith("\n- 10: No rollout")


def test_what_is_asked_has_no_minutes_unless_they_are_given() -> None:
    assert Asked("10", 5).minutes == 0


HOLDS = """\
import mmap, sys

path, writes = sys.argv[1:]
with open(path, "rb") as file:
    held = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
for at in range(0, len(held), mmap.PAGESIZE):
    if writes == "written":
        held[at] = 1
    assert held[at] == (writes == "written")
print("ready", flush=True)
sys.stdin.read()
"""


def test_memory_is_what_was_written_not_what_a_file_maps(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(64 * 2**20))
    held = {}
    for pages in "read", "written":
        command = [sys.executable, "-c", HOLDS, tmp_path / "file", pages]
        with subprocess.Popen(
            command, stdin=-1, stdout=-1, start_new_session=True
        ) as child:
            assert child.stdout
            assert child.stdout.readline() == b"ready\n"
            held[pages] = usage(child.pid).memory

    assert held["written"] - held["read"] == pytest.approx(64, abs=4)


@pytest.mark.exhaustive
def test_a_month_agrees_in_the_end() -> None:
    found = measured("month", "A month", "5", "--minutes", "0")

    assert found.wrong == []
    assert number(found, "nights") == 4
    assert number(found, "worker killed and started again") == 1
    assert number(found, "rotations finished") > 0
    assert "The chain of the activity log holds" in found.figures


def test_the_script_passes_its_arguments_on() -> None:
    script = Path(__file__).parents[2] / "script" / "bench"

    assert script.read_text().endswith('.venv/bin/python -m script.bench "$@"\n')
