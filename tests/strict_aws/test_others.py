"""What an organization, colleagues and strangers do to an account is what Bowline says,
also where AWS throttled the requests.

Each case is planted into one verified account of two Regions, and taken out again.
`REWRITE_DOCS=1 pytest tests/strict_aws/test_others.py -k docs` writes their table.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from accounts.models import Run
from accounts.models.states import State
from tests.strict_aws.conftest import Strictly
from tests.strict_aws.job import Job
from tests.strict_aws.limits import DeniedRegions
from tests.strict_aws.others import CASES, EAST, UNKNOWN, VERIFIED, WEST
from tests.strict_aws.planting import MANAGED, Case, planted
from tests.strict_aws.simulator import INSIDE, Organization, Simulator
from tests.strict_aws.trouble import Throttling

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).parents[2] / "docs" / "developers" / "verdicts.md"
HEAD = "| In AWS | The account is | What is said |\n|---|---|---|\n"
EVERY = [(whose, case) for whose, cases in CASES.items() for case in cases]
FIRST = [(whose, case) for whose, cases in CASES.items() for case in cases[:2]]


@pytest.mark.smoke
def test_the_first_two_of_each_kind_are_said(job: Job, strictly: Strictly) -> None:
    assert list(Tried(job, strictly).wrong(FIRST)) == []


@pytest.mark.parametrize("seed", range(1, 6))
def test_each_is_said_in_any_order_of_an_aws_that_is_busy(
    job: Job, strictly: Strictly, seed: int
) -> None:
    shuffled = Random(seed).sample(EVERY, k=len(EVERY))

    assert list(Tried(job, strictly, seed).wrong(shuffled)) == []


@pytest.mark.smoke
def test_the_table_in_the_docs_is_what_is_tried() -> None:
    rows = [
        f"| {who} {case.what} | {case.ends} | {told(case)} |" for who, case in EVERY
    ]
    assert len({*rows}) >= 40
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    table = HEAD + "\n".join(rows) + "\n"
    after = rest[rest.index("\n\n") + 1 :] if "\n\n" in rest else ""

    if os.environ.get("REWRITE_DOCS"):
        DOCS.write_text(before + table + after, encoding="utf-8")

    assert DOCS.read_text(encoding="utf-8") == before + table + after


def told(case: Case) -> str:
    """Write what is said, of which a case has the beginning or a part."""
    return " ".join(one if one.endswith(".") else f"{one} …" for one in case.says)


class Tried:
    """An account in two Regions, that was verified."""

    def __init__(self, job: Job, strictly: Strictly, seed: int = 0) -> None:
        self.job, self.simulator = job, Simulator()
        self.denied = DeniedRegions(())
        self.organization = Organization(MANAGED, self.simulator)
        busy = [Throttling(0.1)] if seed else []
        strictly(self.simulator, self.denied, self.organization, *busy, seed=seed)
        job.regions, job.providers = (EAST, WEST), "{ec2: {}}"
        assert job.onboard() == State.VERIFIED, job.output

    def wrong(self, cases: list[tuple[str, Case]]) -> Iterator[str]:
        """Yield each case of which Bowline says something else, with what it says."""
        for whose, case in cases:
            usual = replace(Simulator(), **case.simulator)
            vars(self.simulator).update(vars(usual), organization=case.organization)
            self.denied.regions = case.refused
            self.organization.called_from = {**INSIDE, **case.called_from}
            with planted(self.job.field, case):
                run = self.job.verify()
            word, said = self.job.account.word, words(run)
            missing = [text for text in case.says if text not in said]
            unsaid = word in (VERIFIED, UNKNOWN) and bool(run.error)
            if word != case.ends or missing or unsaid:
                yield f"{whose}, {case.what}: {word}, {missing or ''} not in {said}"


def words(run: Run) -> str:
    checks = run.checks.exclude(outcome__in=("passed", "evaluated"))
    told = [run.error["message"], run.error["hint"]] if run.error else []
    return " ".join([*told, *checks.values_list("sentence", flat=True)])
