"""Unknown writes: where a second person is asked for, somebody accepts them by name.

They are listed, asked about and accepted as policies of others are, in the same rows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from accounts.models import ForeignPolicy, ManagedAccount
from accounts.models.checks.foreign_policy import WRITES
from accounts.models.standing import writes
from accounts.models.states import Status
from accounts.people.policies import strict_among
from accounts.runs.scope import Scope, accepted_in
from onboarding.checks import Outcome
from onboarding.verify.result import COMPARED, Result

ACCEPTED = "The unknown writes in {} are accepted"
WAITS = (
    "Waiting for {} to accept it: where a second approver is required, a person "
    "decides about what Bowline couldn't find out."
)
FIX = "Ask an approver to accept them on the page of {}, then verify again."
BECAUSE = ", because "


class Writes(NamedTuple):
    """What a verification could not find out where that must be accepted."""

    found: ForeignPolicy
    is_accepted: bool

    @property
    def check(self) -> Result:
        name = ACCEPTED.format(self.found.place)
        if self.is_accepted:
            said = f"Accepted: {self.found.policy}."
            return Result(COMPARED, name, Outcome.PASSED, said)
        waits = WAITS.format(self.found.policy)
        return Result(
            COMPARED, name, Outcome.FAILED, waits, FIX.format(self.found.place)
        )


def writes_to_accept(
    scope: Scope, status: str, results: Iterable[Result]
) -> Writes | None:
    """Return what must be accepted of an account that was verified; None: nothing."""
    account = scope.account
    unknown = [one for one in results if one.unknown_writes]
    if status != Status.VERIFIED or account is None or not unknown:
        return None
    if not strict_among(account.environments):
        return None
    role = (account.managed_role or scope.managing.managed_role).rpartition("/")[2]
    which = [sentence_of(one) for one in unknown]
    text = json.dumps([WRITES, role, sorted(which)])
    digest = hashlib.sha256(text.encode()).hexdigest()
    found = ForeignPolicy(
        account=account,
        role=role,
        policy=f"{writes(sum(one.unknown_writes for one in unknown))} unknown",
        kind=WRITES,
        effects=[f"{said}." for said in which],
        digest=digest,
        alike=digest,
        removable=False,
    )
    return Writes(found, digest in accepted_in(account.pk))


def sentence_of(result: Result) -> str:
    """Say which are unknown: why may be another reason each time."""
    named = result.sentence.partition(BECAUSE)[0]
    return f"{result.name}: {writes(result.unknown_writes)}. {named}"


def keep_writes(
    account: ManagedAccount | None, waiting: Writes | None, at: datetime
) -> bool:
    """List what was found, and forget what no longer is; return whether it is new."""
    if account is None:
        return False
    rows = ForeignPolicy.objects.filter(account=account, kind=WRITES)
    rows.exclude(digest=waiting.found.digest if waiting else "").delete()
    if waiting is None or rows.exists():
        return False
    waiting.found.found_at = at
    ForeignPolicy.objects.bulk_create([waiting.found], ignore_conflicts=True)
    return True
