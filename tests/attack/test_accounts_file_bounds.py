"""Tried: accounts files that are bombs: nested aliases, a million brackets, endless
lists of mistakes, tags that call Python, a file without an end.

Refused: each with a sentence and its line, in seconds and within 700 MB.
"""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from django.core.management import call_command

from onboarding.accounts_file import FileProblems, read_accounts_file
from onboarding.accounts_file.reader import MOST_PROBLEMS
from onboarding.bounded_yaml import MOST_BYTES

ROOT = Path(__file__).parents[2]
READ = """\
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (700_000_000, 700_000_000))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from onboarding.accounts_file import FileProblems, read_accounts_file
try:
    read_accounts_file(open(sys.argv[1], "rb").read(), csv=sys.argv[1].endswith(".csv"))
except FileProblems as error:
    print(len(error.problems), error.problems[0].line, error.problems[0].message)
"""
"""A child reads each bomb: what comes back one day must not take the machine down."""


def alias_bomb(place: str) -> str:
    """Nest aliases so that a file of some hundred bytes holds billions of values."""
    letters = "abcdefghi"
    levels = ["accounts:\n- x:\n  - &a [x, x, x, x, x, x, x, x, x, x]\n"]
    for one, other in pairwise(letters):
        levels.append(f"  - &{other} [{', '.join([f'*{one}'] * 10)}]\n")
    return "".join(levels) + place


BOMBS = {
    "aliases": (
        alias_bomb("  name: *i\n"),
        ("With all aliases expanded, the file has more than"),
    ),
    "aliases as details": (
        "accounts:\n- providers:\n    ec2:\n"
        "      a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"      {new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
            for old, new in zip("abcdef", "bcdefg", strict=True)
        ),
        "With all aliases expanded, the file has more than",
    ),
    "an alias as a key": (
        "accounts: &a [x, x]\n? *a\n: x\n",
        "A list or mapping can't be a key.",
    ),
    "an alias of itself": ("accounts: &a [*a]\n", "*a contains itself."),
    "many aliases": (
        "accounts:\n- &a {name: a}\n" + "- *a\n" * 51,
        "More than 50 aliases of lists and mappings aren't supported",
    ),
    "brackets": ("[" * 1_000_000, "This nests deeper than 50 levels."),
    "braces": ("{a: " * 1_000_000, "This nests deeper than 50 levels."),
    "nested by indentation": (
        "".join(" " * n + "a:\n" for n in range(2_000)),
        "This nests deeper than 50 levels.",
    ),
    "values": (
        "- a\n" * 2_000_000,
        "With all aliases expanded, the file has more than",
    ),
    "as many values as are read": ("accounts:\n" + "- a\n" * 999_000, ""),
    "size": ("#" * (MOST_BYTES + 1), f"This is {MOST_BYTES + 1:,} bytes."),
    "mistakes": (
        "accounts:\n- regions: [" + ", ".join(map(str, range(200_000))) + "]\n",
        "",
    ),
    "a long region": (
        f"accounts:\n- regions: [{'us-east-' * 1_000_000}]\n",
        "",
    ),
    "a long key": (f"? {'k' * 2_000_000}\n: x\n", "The file has no key"),
    "a tag": ("accounts: !!python/object/apply:os.system [id]\n", "The tag “"),
    "two documents": (
        "accounts: []\n---\naccounts: []\n",
        ("The file has a second document"),
    ),
}
HEADING = "name,account_id,regions,ec2\n"
ROW = "a,922222222222,us-east-1,"
CSV_BOMBS = {
    "a million columns": (",".join(["name"] * 1_000_000), "The heading has 1,000,000"),
    "commas": ("," * MOST_BYTES, "The column “account_id” is missing."),
    "a million cells": (HEADING + "a," * 1_000_000, "This row has 1,000,001 cells"),
    "a long cell": (HEADING + "a" * 1_000_000, "Invalid CSV: field larger than"),
    "a quote without an end": (HEADING + '"' + "a\n" * 1_000_000, "Invalid CSV"),
    "a lone row of quotes": (HEADING + '"' * 1_000_001, "Invalid CSV"),
    "many rows": (
        HEADING + "a\n" * 1_000_000,
        "The file has more than 10,000 accounts.",
    ),
    "aliases": (
        HEADING + f'{ROW}"{{a: &a [x, x], b: [*a, *a]}}"\n' * 9_000,
        "ec2: A cell can't use anchors or aliases.",
    ),
    "brackets": (
        HEADING + f"{ROW}{{a: {'[' * 100_000}\n" * 100,
        "ec2: This nests deeper than 50 levels.",
    ),
    "a tag": (
        HEADING + ROW + "!!python/object/apply:os.system [id]\n",
        "ec2: The tag “",
    ),
    "mistakes": (HEADING + "a,b,c,d\n" * 10_000, "ec2: “d” isn't valid."),
}


@pytest.mark.parametrize(
    ("bomb", "name"),
    [
        *((bomb, "accounts.yaml") for bomb in BOMBS),
        *((bomb, "accounts.csv") for bomb in CSV_BOMBS),
    ],
)
def test_a_bomb_is_refused_within_bounds(bomb: str, name: str, tmp_path: Path) -> None:
    text, sentence = (CSV_BOMBS if name.endswith(".csv") else BOMBS)[bomb]
    file = tmp_path / name
    file.write_text(text)

    done = subprocess.run(
        [sys.executable, "-c", READ, str(file)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert done.returncode == 0, done.stderr[-500:]
    count, line, said = done.stdout.split(" ", 2)
    assert int(line) >= 1
    assert int(count) <= MOST_PROBLEMS
    assert sentence in said
    assert len(said) < 2_000


def test_what_is_no_text_is_refused_with_its_line() -> None:
    for content, sentence in (
        (b"accounts:\n- \xff\n", "The file isn't UTF-8."),
        (b"accounts:\n- a\x00b\n", "The character U+0000 isn't allowed here."),
        ("accounts:\n- \ufffe\n".encode(), "The character U+FFFE isn't allowed here."),
    ):
        for csv in (False, True):
            with pytest.raises(FileProblems) as caught:
                read_accounts_file(content, csv=csv)

            (problem,) = caught.value.problems
            assert problem.line == 2
            assert problem.message.startswith(sentence)


@pytest.mark.django_db
def test_an_endless_file_is_not_read_to_its_end(capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command("onboard", "/dev/zero", "--check")

    assert ended.value.code == 1
    assert f"more than {MOST_BYTES:,} aren't read" in capsys.readouterr().err
