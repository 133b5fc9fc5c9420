"""docs/reference/aws-calls.md: each call of a run, and what for, as the code says.

`REWRITE_DOCS=1 pytest -m '' tests/accounts/runs/test_calls_listed.py` writes it again.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from accounts.models.states import Status
from accounts.runs import stages
from accounts.runs.actions import plan, verify
from onboarding.aws import client, session
from onboarding.aws.session import CALLERS
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import EVERYTHING, carried, done, member, with_managing
from tests.strict_aws.calls import Calls

pytestmark = pytest.mark.django_db(transaction=True)

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "aws-calls.md"
BEGINS, ENDS = "| Call | Stage | To |\n|---|---|---|\n", "\n\n"
STAGES = ("plan", "apply", "verify")
NAMES = (
    (r"\b(cluster access|service-linked role) \S+", r"\1 NAME"),
    (r"\barn:\S+", "an ARN"),
    (r"\bus-[\w-]+\d", "a Region"),
    (r"\baccess of \S+", "access of Spinnaker's identity"),
    (r"\bcluster \(apps, ", "cluster NAME ("),
    (r"\b(policy|profile|attachment|role|cluster) (?!access\b)[\w/-]+", r"\1 NAME"),
)
"""What differs from account to account."""

Said = dict[tuple[str, str], list[str]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Note the stages of each operation, and what its code says that it is to do."""
    found: Said = {}
    at = [""]

    def noting(translating: Callable[..., Any], *given: str, **named: str) -> Any:
        operation, doing = given[-2:]
        noted = found.setdefault((operation, without_names(doing)), [])
        if at[0] not in noted:
            noted.append(at[0])
        return translating(*given, **named)

    def entered(status: Status, stage: Callable[..., None], *given: Any) -> None:
        at[0] = dict(zip(stages.STAGES, STAGES, strict=True))[status]
        stage(*given)

    for module, name in (
        (client, "translating"),
        (session, "translating"),
        (session, "translating_own"),
    ):
        monkeypatch.setattr(module, name, partial(noting, getattr(module, name)))
    for status, stage in stages.STAGES.items():
        monkeypatch.setitem(stages.STAGES, status, partial(entered, status, stage))
    return found


def without_names(doing: str) -> str:
    for pattern, word in NAMES:
        doing = re.sub(pattern, word, doing)
    return doing


def table(said: Said) -> Iterator[str]:
    for (operation, doing), noted in sorted(said.items()):
        at = ", ".join(stage for stage in STAGES if stage in noted)
        yield f"| `{operation}` | {at} | {doing} |"


def test_the_document_has_each_call_with_its_purpose(
    here: Credentials, said: Said, calls: Calls
) -> None:
    with_managing()
    account = member(providers=EVERYTHING)
    CALLERS.clear()
    calls.made.clear()
    said.clear()

    done(carried(plan(account, None)))
    carried(verify(account, None))

    del said["sts:GetCallerIdentity", "find its own credentials"]  # no call of AWS
    listed = "\n".join(table(said))
    text = DOCS.read_text()
    before, begins, rest = text.partition(BEGINS)
    if os.environ.get("REWRITE_DOCS"):
        after = rest[rest.index(ENDS) :] if begins else ENDS
        DOCS.write_text(f"{before}{BEGINS}{listed}{after}")
    named = {operation.lower() for operation, _ in said}
    made = {in_iams_words(operation) for operation in calls.made}
    assert made - named == set()
    assert f"{BEGINS}{listed}{ENDS}" in DOCS.read_text()


def in_iams_words(operation: str) -> str:
    service, name = operation.split(":")
    return client.iam_action(service, client.xform_name(name)).lower()
