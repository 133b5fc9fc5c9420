"""What the checks of an account amount to: a sentence, and how many ended each way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from accounts.models import CheckResult, ManagedAccount
from accounts.models.standing import NOT_APPROVED, NOT_EVERYWHERE, STALE, WRITES_UNKNOWN
from accounts.models.states import State
from accounts.web.accounts.checks import TO_DO
from onboarding.verify.result import COMPARED

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
    NOT_APPROVED: "Spinnaker's roles have permissions that no one approved",
    State.FAILED: "Spinnaker's access isn't verified",
    State.OUTDATED: "Spinnaker's access might not match these settings",
}
"""By the word of the account's badge; of all others, what was proved."""

ENDED: dict[tuple[str, bool], str] = {
    (Outcome.FAILED, False): "failed",
    (Outcome.CANNOT_DEPLOY, False): "missing for deployments",
    (Outcome.PASSED, True): "passed: called as Spinnaker, and AWS answered as expected",
    (Outcome.PASSED, False): "passed",
    (Outcome.EVALUATED, False): "simulated or read from policies instead of called",
    (Outcome.NOT_TESTABLE, True): "only reported: nothing fails because of it",
    (Outcome.NOT_TESTABLE, False): "testable only from Spinnaker's network",
}
"""How checks can end, in the order in which people read it. True: of those that passed,
what was called as Spinnaker; of those that aren't testable, what compares.
"""
BOWLINES = "passed: Bowline's own checks"
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


def is_apart(check: CheckResult) -> bool:
    match check.outcome:
        case Outcome.PASSED:
            return check.as_spinnaker
        case Outcome.NOT_TESTABLE:
            return check.provider == COMPARED
    return False


def lines_of(checks: Sequence[CheckResult], *, only_read: bool = False) -> list[Line]:
    """Count the checks by how they ended; `only_read`: as nobody could assume roles."""
    ended: dict[tuple[str, bool], list[CheckResult]] = {key: [] for key in ENDED}
    for check in checks:
        ended[check.outcome, is_apart(check)].append(check)
    texts = dict(ENDED)
    if ended[Outcome.PASSED, True]:
        texts[Outcome.PASSED, False] = BOWLINES
    if only_read:
        texts[Outcome.EVALUATED, False] = ONLY_READ
    return [
        Line(key[0], len(some), texts[key], some[0] if key[0] in TO_DO else None)
        for key, some in ended.items()
        if some
    ]
