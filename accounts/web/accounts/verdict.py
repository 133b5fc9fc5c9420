"""What the checks of an account amount to: a sentence, and how many ended each way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from accounts.models import CheckResult, ManagedAccount
from accounts.models.standing import NOT_APPROVED, NOT_EVERYWHERE, STALE, WRITES_UNKNOWN
from accounts.models.states import State
from accounts.web.accounts.checks import TO_DO

Outcome = CheckResult.Outcome

NO_ACCESS = "Spinnaker has no access yet"
HAD_ACCESS = "Spinnaker had access when Bowline last verified it"
SENTENCES = {
    State.VERIFIED: "Spinnaker has access",
    NOT_EVERYWHERE: "Spinnaker has access, but can't deploy in every Region",
    WRITES_UNKNOWN: "Spinnaker has access, but might be denied some writes",
    STALE[State.VERIFIED]: HAD_ACCESS,
    State.EVALUATED: "The policies allow access, but it hasn't been tested",
    STALE[State.EVALUATED]: "The policies allowed access when Bowline last read them",
    State.DRIFTED: "AWS no longer matches the verified state",
    NOT_APPROVED: "Spinnaker’s roles have permissions that no one approved",
    State.FAILED: "Spinnaker’s access isn't verified",
    State.OUTDATED: "Spinnaker’s access might not match these settings",
}
"""By the word of the account's badge; of all others, what was proved."""

ENDED = {
    Outcome.FAILED: "failed",
    Outcome.CANNOT_DEPLOY: "missing for deployments",
    Outcome.PASSED: "passed: called as Spinnaker and allowed by AWS",
    Outcome.EVALUATED: "simulated, because the call would change something",
    Outcome.NOT_TESTABLE: "testable only from Spinnaker’s network",
}
"""How checks can end, in the order in which people read it."""
ONLY_READ = "read from the policies, because Bowline can't assume the roles"


class Line(NamedTuple):
    outcome: str
    total: int
    text: str
    first: CheckResult | None
    """Of those that somebody must look at."""


def sentence_of(account: ManagedAccount) -> str:
    """Say in a few words what Spinnaker can do in the account."""
    word = account.word
    if word == State.FAILED and not account.granted_at:
        return NO_ACCESS
    if word in SENTENCES:
        return SENTENCES[word]
    return HAD_ACCESS if account.verified else NO_ACCESS


def lines_of(checks: Sequence[CheckResult], *, only_read: bool = False) -> list[Line]:
    """Count the checks by how they ended; `only_read`: as nobody could assume roles."""
    texts = dict(ENDED)
    if only_read:
        texts[Outcome.EVALUATED] = ONLY_READ
    return [
        Line(outcome, len(some), text, some[0] if outcome in TO_DO else None)
        for outcome, text in texts.items()
        if (some := [check for check in checks if check.outcome == outcome])
    ]
