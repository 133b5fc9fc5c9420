"""docs/developers/strict-aws.md: what the strict AWS does, and what Bowline does.

`REWRITE_DOCS=1 pytest tests/strict_aws/test_table.py` writes it again.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from accounts.runs.verifying import LONG_BACKOFF, SETTLING
from onboarding.aws.apply import APPLY_BACKOFF
from onboarding.aws.session import PATIENCE
from tests.strict_aws import (
    conditions,
    delays,
    keys,
    limits,
    sessions,
    simulator,
    trouble,
)
from tests.strict_aws.proxy import Behaviour

DOCS = Path(__file__).parents[2] / "docs" / "developers" / "strict-aws.md"
AT_ONCE = 0.0


class Row(NamedTuple):
    behaviour: type[Behaviour]
    bowline: str
    seconds: float
    """For how long Bowline waits at most; 0: it says at once what is wrong."""


ROWS = (
    Row(
        delays.StaleReads,
        "Compares again until what was changed shows. “Already exists” after “not "
        "found” is asked again, each half of a change by itself.",
        SETTLING,
    ),
    Row(delays.YoungUnknown, "Repeats the change.", APPLY_BACKOFF),
    Row(delays.InvalidPrincipal, "Repeats the change.", APPLY_BACKOFF),
    Row(delays.EksInvalidPrincipal, "Repeats the change.", APPLY_BACKOFF),
    Row(delays.YoungEntryUnknown, "Repeats the second half only.", APPLY_BACKOFF),
    Row(
        delays.NotAssumableYet,
        "Tries again, unless a document that it can read says that it stays so.",
        LONG_BACKOFF,
    ),
    Row(delays.GrantsNotYet, "Repeats what was denied.", LONG_BACKOFF),
    Row(
        trouble.Throttling,
        "Repeats the call, reads as well as writes, in longer and longer intervals.",
        PATIENCE,
    ),
    Row(
        trouble.LostAnswers,
        "Repeats the write, finds its own work there and continues from it.",
        APPLY_BACKOFF,
    ),
    Row(trouble.ConcurrentModification, "Repeats the change.", APPLY_BACKOFF),
    Row(
        trouble.EgressProxy,
        "Ends the run, says that what answered is not AWS, and names the proxy.",
        AT_ONCE,
    ),
    Row(
        limits.Quotas,
        "Counts what a role that exists holds when it plans, and refuses the plan.",
        AT_ONCE,
    ),
    Row(
        limits.RegionsNotEnabled,
        "In the account: refuses the plan. In the managing account only: the account "
        "is not verified. Either way it names the Region, the account and the command.",
        AT_ONCE,
    ),
    Row(
        limits.DeniedRegions,
        "Asks in the account's own Regions, and in no other.",
        AT_ONCE,
    ),
    Row(
        conditions.ResourceOrganizations,
        "Reads to which organization the account belongs when it plans, and refuses "
        "the plan of one outside. The proof finds one that left, or that nobody may "
        "read, and names the policy and the condition.",
        AT_ONCE,
    ),
    Row(
        conditions.GranteePrincipals,
        "Makes grants for the account's own role of Auto Scaling, and for no other.",
        AT_ONCE,
    ),
    Row(
        keys.KeysOfOthers,
        "Makes each grant from the account that it is for. Reads the key's policy when "
        "it plans, and refuses the plan with the statements that the policy needs. "
        "Where it may not read the policy, it ends the run with them once KMS refuses.",
        AT_ONCE,
    ),
    Row(
        sessions.SessionsOver,
        "Names the session, and says to try again. It blames its own credentials for "
        "what they signed only.",
        AT_ONCE,
    ),
    Row(
        sessions.SuspendedAccount,
        "Says that the account is suspended, blocked or not active yet, and who "
        "activates it.",
        AT_ONCE,
    ),
    Row(
        sessions.TrustAsksForMfa,
        "Says that a service cannot have MFA. Where it may read the trust policy, it "
        "names the condition.",
        AT_ONCE,
    ),
    Row(
        simulator.Simulator,
        "Asks many questions in a request, in each Region by itself, and none under a "
        "condition key of another that a policy looks at or that comes with its call. "
        "Asks again, in parts, what IAM did not answer.",
        AT_ONCE,
    ),
    Row(
        simulator.Organization,
        "Asks the simulator about a read that AWS just answered, before it believes "
        "that the organization denies a write. Where the simulator denies both, the "
        "role's policies decide, and the check says so.",
        AT_ONCE,
    ),
)


def table() -> Iterator[str]:
    yield HEAD
    for row in ROWS:
        doc = inspect.getdoc(row.behaviour) or ""
        wait = f"{row.seconds:.0f} seconds" if row.seconds else "no time"
        yield f"| {' '.join(doc.split())} | {row.bowline} | {wait} |\n"


def test_the_document_is_the_table() -> None:
    text = "".join(table())
    if os.environ.get("REWRITE_DOCS"):
        DOCS.write_text(text)

    assert DOCS.read_text() == text


def test_every_behaviour_has_a_row() -> None:
    """But those that a site is rehearsed with: how late AWS is, and where it fails."""
    known = {
        value
        for module in (
            conditions,
            delays,
            keys,
            limits,
            sessions,
            simulator,
            trouble,
        )
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, Behaviour)
    } - {Behaviour, conditions.ConditionKey, trouble.Late, trouble.Failing}

    assert {row.behaviour for row in ROWS} == known


HEAD = """\
# How real AWS behaves, and what Bowline does

The tests put a strict proxy in front of the AWS emulator. It behaves as real AWS does
where the emulator is lenient. `tests/strict_aws/` has one class for each behaviour.
Onboarding, removal and rotation run through it. A test makes this table. To rewrite it:
`REWRITE_DOCS=1 pytest tests/strict_aws/test_table.py`.

A temporary behaviour takes time but does not fail a run, if it ends within the time in
the last column.

| AWS | Bowline | may take |
|---|---|---|
"""
