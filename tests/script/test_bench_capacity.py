"""How script/bench capacity says what it measured, and which documents have it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from script.bench_account import KINDS, TOGETHER
from script.bench_capacity import Onboarded, document
from script.simulated_accounts import EXPORTS, PAGES, Sample

SMALL = Sample(
    accounts=1_000,
    rows=45,
    kilobytes=15,
    pages=dict.fromkeys(PAGES, 10) | {"runs": 20},
    exports=dict.fromkeys(EXPORTS, 2.04),
    export_megabytes=400,
    begun=30,
    begins=0.2,
    messages=50,
    carried=60,
    megabytes=130,
)
LARGE = replace(SMALL, accounts=100_000, pages=SMALL.pages | {"runs": 90}, carried=30)
STAGES = [
    Onboarded(among=0, core=0.3, megabytes=200),
    Onboarded(among=10_000, core=0.36, megabytes=240),
    Onboarded(among=100_000, core=0.35, megabytes=260),
]
COSTS = [
    [kind, stage, [0.04, 0.02, 6.0, 11.0]]
    for kind in KINDS
    for stage in ("planning", "applying", "verifying", TOGETHER)
]
WHEN = datetime(2026, 11, 26, 13, 5, tzinfo=UTC)


def said() -> str:
    return "\n".join(document(STAGES, COSTS, [SMALL, LARGE], "2 cores", WHEN))


def row(label: str) -> list[str]:
    (line,) = [one for one in said().splitlines() if one.startswith(f"| {label}")]
    return line.strip("| ").split(" | ")[1:]


def test_it_says_when_and_where_it_was_measured() -> None:
    assert "26 November 2026, 13:05 UTC" in said()
    assert "- Where: 2 cores." in said()


def test_needs_follow_from_the_measured_figures() -> None:
    assert row("Night's verification") == ["1.4 h", "13.9 h"]
    assert row("`SCHEDULE_ASSUMES_A_SECOND`") == ["3", "24"]
    assert row("Core-hours") == ["1.0", "10.0"]
    assert row("PostgreSQL") == ["0.1 GB", "1.5 GB"]
    assert row("AssumeRole a second") == ["2.3", "23.1"]


def test_stages_are_measured_among_many_accounts() -> None:
    assert row("CPU of the workers") == ["0.30 s", "0.36 s", "0.35 s"]
    assert row("Memory of all processes") == ["200 MB", "240 MB", "260 MB"]
    assert row("Export: runs (CSV)") == ["2.0 s"] * 2


def test_each_stage_of_an_account_says_what_its_cpu_is_used_for() -> None:
    assert row("EC2: planning") == ["40 ms", "20 ms", "6", "11"]


def test_growth_shows_both_sizes_and_what_gives_way() -> None:
    assert row("Page: runs |") == ["20 ms", "90 ms"]
    assert "“runs”: 90 ms, and\n   20 ms at 1,000." in said()
    assert "30 runs a second with 100,000 waiting, and 60 with 1,000." in said()


def test_a_stack_set_and_a_loop_are_modelled() -> None:
    assert row("StackSet (model)") == ["20 min", "3.3 h", "33.3 h"]
    assert row("Serial loop (model)") == ["33 min", "5.6 h", "55.6 h"]
    assert row("Bowline (derived") == ["1 min", "8 min", "1.2 h"]


def test_the_document_was_written_by_it() -> None:
    written = Path("docs/developers/benchmarks.md").read_text()

    assert shape(written) == shape(said())


def test_the_page_for_users_has_the_figures_of_the_benchmarks() -> None:
    pages = [Path(f"docs/developers/{one}.md") for one in ("benchmarks", "hosts")]
    measured = "".join(page.read_text() for page in pages)
    page = Path("docs/operate/capacity.md").read_text()
    rows = [line for line in page.splitlines() if re.match(r"\|.*\d", line)]
    (accounts,) = re.findall(r"([\d,]+) accounts are verified in one night", page)

    assert [line for line in rows if line not in measured] == []
    assert len(rows) > 5
    assert f"{accounts} accounts are verified in a night" in measured


def shape(text: str) -> list[str]:
    """Keep the headings, and what each row of a table is about."""
    lines = [line for line in text.splitlines() if line.startswith(("#", "| "))]
    return [re.sub(r"\d+", "0", line.split(" | ")[0]) for line in lines]
