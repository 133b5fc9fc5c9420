"""What the checks of an account amount to: a sentence, how many ended each way, and
those to fix first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from accounts.models import CheckResult, ForeignPolicy, ManagedAccount
from accounts.models.checks import WRITES
from accounts.models.states import (
    NOT_APPROVED,
    NOT_EVERYWHERE,
    STALE,
    WRITES_UNKNOWN,
    State,
)
from accounts.wording import counted
from onboarding.verify.result import COMPARED

Outcome = CheckResult.Outcome

TO_DO = (Outcome.FAILED, Outcome.CANNOT_DEPLOY, Outcome.NOT_TESTABLE)
"""The outcomes that somebody must look at, the worst first."""


class Group(NamedTuple):
    """What is known of one provider, or of what every account needs."""

    provider: str
    checks: tuple[CheckResult, ...]


class Sorted(NamedTuple):
    to_do: tuple[CheckResult, ...]
    groups: tuple[Group, ...]
    """The others, of which no page has news."""


def outcomes(checks: Iterable[CheckResult]) -> list[tuple[str, int]]:
    """Count the checks that ended in each way, in order of first appearance."""
    return list(Counter(check.outcome for check in checks).items())


def in_order(checks: Sequence[CheckResult]) -> Sorted:
    """Put those that somebody must look at first, and group the other ones with their
    neighbours that are about the same.
    """
    to_do = [check for check in checks if check.outcome in TO_DO]
    others = (check for check in checks if check.outcome not in TO_DO)
    return Sorted(
        tuple(sorted(to_do, key=lambda check: TO_DO.index(Outcome(check.outcome)))),
        tuple(
            Group(provider, tuple(together))
            for provider, together in groupby(others, lambda check: check.provider)
        ),
    )


NO_ACCESS = "Spinnaker has no access"
HAD_ACCESS = "Spinnaker had access when Bowline last verified it"
SENTENCES = {
    State.VERIFIED: "Spinnaker has access",
    NOT_EVERYWHERE: "Spinnaker has access, but can't deploy in every Region",
    WRITES_UNKNOWN: "Spinnaker has access, but might be denied some writes",
    STALE[State.VERIFIED]: HAD_ACCESS,
    State.EVALUATED: "The policies allow access, but it hasn't been tested",
    STALE[State.EVALUATED]: "The policies allowed access when Bowline last read them",
    State.DRIFTED: "AWS no longer matches the verified state",
    NOT_APPROVED: "Spinnaker's roles allow what no one approved",
    State.FAILED: "Spinnaker's access isn't verified",
    State.OUTDATED: "Spinnaker's access might not match these settings",
}
"""By the word of the account's badge; of all others, what was proved."""

ENDED: dict[tuple[str, str], str] = {
    (Outcome.FAILED, ""): "to fix",
    (Outcome.CANNOT_DEPLOY, ""): "missing for deployments",
    (Outcome.PASSED, "called"): "called as Spinnaker, and AWS answered as expected",
    (Outcome.PASSED, ""): "as expected",
    (Outcome.EVALUATED, ""): "simulated or read from policies instead of called",
    (Outcome.NOT_TESTABLE, "compared"): "only reported: nothing fails because of it",
    (Outcome.NOT_TESTABLE, "elsewhere"): "testable only from Spinnaker's network",
    (Outcome.NOT_TESTABLE, ""): "not tried",
}
"""How checks can end, in the order in which people read it."""
BOWLINES = "of Bowline's own checks"
VERIFY = "verify.sh"
"""Named by a check that only this script, run next to Spinnaker, can carry out."""
ONLY_READ = "read from the policies, because Bowline can't assume the roles"


class Line(NamedTuple):
    outcome: str
    total: int
    text: str
    first: CheckResult | None
    """Of those that somebody must look at."""


def sentence_of(account: ManagedAccount, *, is_active: bool = True) -> str:
    """Say in a few words what Spinnaker can do in the account, or could before it was
    suspended or left the organization.
    """
    word = account.word if is_active else STALE.get(account.state, account.word)
    if word == State.FAILED and not account.granted_at:
        return NO_ACCESS
    if word in SENTENCES:
        return SENTENCES[word]
    return HAD_ACCESS if account.verified else NO_ACCESS


def others_of(foreign: Iterable[ForeignPolicy]) -> list[tuple[str, str]]:
    """Count the policies of others in each state; unknown writes, which an approver
    accepts as if they were one, say themselves how many they are.
    """
    foreign = list(foreign)
    counts = Counter(one.state for one in foreign if one.kind != WRITES)
    return [
        *((one.state, one.policy) for one in foreign if one.kind == WRITES),
        *(
            (state, counted(count, "policy of others", "policies of others"))
            for state, count in counts.most_common()
        ),
    ]


def apart(check: CheckResult) -> str:
    """Say what sets it apart from others that ended as it did."""
    match check.outcome:
        case Outcome.PASSED if check.as_spinnaker:
            return "called"
        case Outcome.NOT_TESTABLE if check.provider == COMPARED:
            return "compared"
        case Outcome.NOT_TESTABLE if VERIFY in f"{check.sentence} {check.fix}":
            return "elsewhere"
    return ""


def lines_of(checks: Sequence[CheckResult], *, only_read: bool = False) -> list[Line]:
    """Count the checks by how they ended; `only_read`: as nobody could assume roles."""
    ended: dict[tuple[str, str], list[CheckResult]] = {key: [] for key in ENDED}
    for check in checks:
        ended[check.outcome, apart(check)].append(check)
    texts = dict(ENDED)
    if ended[Outcome.PASSED, "called"]:
        texts[Outcome.PASSED, ""] = BOWLINES
    if only_read:
        texts[Outcome.EVALUATED, ""] = ONLY_READ
    return [
        Line(key[0], len(some), texts[key], some[0] if key[0] in TO_DO else None)
        for key, some in ended.items()
        if some
    ]
