"""The table in docs/developers/verdicts.md: what is said of Spinnaker's changes.

`REWRITE_DOCS=1 pytest tests/onboarding/verify/simulation/test_table.py` writes it anew.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from onboarding.checks import Outcome
from onboarding.verify.result import Result
from tests.onboarding.verify.simulation.simulated import EAST, WEST, Simulated, deny
from tests.onboarding.verify.simulation.test_three_answers import (
    BLIND,
    REGION_DENY,
    RUN,
    kind,
    managed_account,
    unless,
)
from tests.onboarding.verify.test_denial import document

DOCS = Path(__file__).parents[4] / "docs" / "developers" / "verdicts.md"
HEAD = "| What is in AWS | The write is | How Bowline knows |\n|---|---|---|\n"
SIMULATED = "IAM's simulator, in each Region and on each kind of resource"
READ = "the role's policies, whatever the simulator says"
READ_ONLY = "the role's policies; what the organization denies isn't known"
NO_ONE = "nobody knows: the check says why"


class Case(NamedTuple):
    what: str
    account: Simulated
    how: str


EVERYTHING = {"Effect": "Allow", "Action": "*", "Resource": "*"}
TAGS = unless("aws:RequestTag/team", Resource=kind("instance"))


def theirs(*statements: dict[str, object], **fields: object) -> Simulated:
    account = managed_account(EAST, WEST)
    held = {"Theirs": document(*statements)}
    return Simulated(inline=held, account=account, **fields)  # type: ignore[arg-type]


CASES = (
    Case("what Bowline grants, and nothing else", Simulated(), SIMULATED),
    Case(
        "a policy of the organization denies it",
        Simulated(organization=(deny(RUN),)),
        SIMULATED,
    ),
    Case(
        "a policy of the organization denies other Regions than the account's",
        Simulated(organization=(REGION_DENY,)),
        f"{SIMULATED}: `aws:RequestedRegion` is sent",
    ),
    Case(
        "a policy of the organization denies one of the account's Regions",
        Simulated(
            account=managed_account(EAST, "ap-south-1"), organization=(REGION_DENY,)
        ),
        SIMULATED,
    ),
    Case(
        "a policy of the organization denies it without certain tags",
        Simulated(organization=(TAGS,)),
        NO_ONE,
    ),
    Case(
        "somebody's policy denies it on one kind of resource",
        theirs(deny(RUN, Resource=kind("subnet"))),
        READ,
    ),
    Case(
        "somebody's policy denies it in the second Region only",
        theirs(deny(RUN, condition={"StringEquals": {"aws:RequestedRegion": WEST}})),
        READ,
    ),
    Case(
        "somebody's policy denies it, and Bowline may not simulate",
        theirs(deny(RUN), refuses=BLIND),
        READ,
    ),
    Case(
        "the permissions boundary denies it",
        Simulated(boundary=document(EVERYTHING, deny(RUN))),
        READ,
    ),
    Case(
        "no policy of the role denies it, and Bowline may not simulate",
        Simulated(refuses=BLIND),
        READ_ONLY,
    ),
    Case(
        "no policy of the role denies it, and IAM's simulator does not know the action",
        Simulated(invalid=frozenset({RUN})),
        f"{READ_ONLY}; the other actions are simulated",
    ),
    Case(
        "Bowline may neither simulate nor read the role's policies",
        Simulated(refuses=BLIND, unreadable=BLIND),
        NO_ONE,
    ),
    Case(
        "the simulator does not answer a large request in time",
        Simulated(most=50),
        f"{SIMULATED}, asked in smaller requests",
    ),
)


def said(results: list[Result]) -> str:
    failed = {one.located for one in results if one.outcome is Outcome.FAILED}
    if failed:
        return f"denied: {', '.join(sorted(failed))}"
    return "unknown" if any(one.unknown_writes for one in results) else "allowed"


def test_the_table_in_the_docs_is_what_is_said() -> None:
    rows = (
        f"| {one.what} | {said(one.account.writes())} | {one.how} |" for one in CASES
    )
    table = HEAD + "\n".join(rows) + "\n"
    text = DOCS.read_text(encoding="utf-8")
    before, _, rest = text.partition(HEAD)
    after = rest[rest.index("\n\n") + 1 :]

    if os.environ.get("REWRITE_DOCS"):
        DOCS.write_text(before + table + after, encoding="utf-8")

    assert DOCS.read_text(encoding="utf-8") == before + table + after
