"""“Your first change” in CONTRIBUTING.md is made in a fresh clone, as it is written."""

from __future__ import annotations

import re

from tests.documents.blocks import ROOT, Block, blocks_of, runs
from tests.fresh_clone import FreshClone

PAGE = "CONTRIBUTING.md"
TEST = "tests/onboarding/spinnaker/bundle/test_hal_duration.py"
CODE = "onboarding/spinnaker/bundle/readme.py"


def wrong(clone: FreshClone, block: Block) -> list[str]:
    """Run the lines of a block: list those that end otherwise than it says."""
    ended = [(run, clone.run(run.line)) for run in runs(block)]
    return [
        f"{run.line}: {done.returncode}: {done.stdout}{done.stderr}"
        for run, done in ended
        if done.returncode != run.ends_with
    ]


def test_the_first_change_is_red_and_then_green(fresh_clone: FreshClone) -> None:
    test, function = blocks_of(PAGE, "python")
    red, green = (one for one in blocks_of(PAGE, "sh") if not one.reason)
    code = fresh_clone.folder / CODE
    (name,) = re.findall(r"^def (\w+)", function.text)

    (fresh_clone.folder / TEST).write_text(test.text)
    failed = wrong(fresh_clone, red)
    old = re.compile(rf"^def {name}\(.*?(?=^\S|\Z)", re.DOTALL | re.MULTILINE)
    text, replaced = old.subn(function.text, code.read_text())
    code.write_text(text)
    failed += wrong(fresh_clone, green)

    assert failed == []
    assert replaced == 1
    page = (ROOT / PAGE).read_text()
    assert [path for path in (TEST, CODE) if f"`{path}`" not in page] == []
