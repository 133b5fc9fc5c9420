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
    NOT_EVERYWHERE: "Spinnaker has access, but cannot deploy in every region",
    WRITES_UNKNOWN: "Spinnaker has access, but may be denied some writes",
    STALE[State.VERIFIED]: HAD_ACCESS,
    State.EVALUATED: "The policies allow access, but nobody has tried it",
    STALE[State.EVALUATED]: "The policies allowed access when Bowline last read them",
    State.DRIFTED: "Something was changed in AWS",
    NOT_APPROVED: "Spinnaker’s roles may do what nobody approved",
    State.FAILED: "Spinnaker’s access is not proved",
    State.OUTDATED: "Spinnaker’s access may not be as described here",
}
"""By the word of the account's badge; of all others, what was proved."""

ENDED = {
    Outcome.FAILED: "must be fixed",
    Outcome.CANNOT_DEPLOY: "missing that deployments need",
    Outcome.PASSED: "called as Spinnaker, and AWS allowed it",
    Outcome.EVALUATED: "simulated, because calling it would change something",
    Outcome.NOT_TESTABLE: "only provable in Spinnaker’s own network",
}
"""How checks can end, in the order in which people read it."""
ONLY_READ = "read from the policies, because Bowline cannot assume the roles"


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
    return HAD_ACCESS if account.proved else NO_ACCESS


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
