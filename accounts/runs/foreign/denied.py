"""Whether AWS denied Spinnaker a change while an account's roles are taken over."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import Run
from accounts.runs.foreign.taking_over import taken_by
from accounts.wording import first_of
from onboarding.aws.errors import AwsError
from onboarding.aws.roles.recorded import Recorded, recorded_writes
from onboarding.checks import Outcome
from onboarding.verify.result import COMPARED, Result

if TYPE_CHECKING:
    from accounts.runs.scope import Scope
    from onboarding.aws.session import Sessions

WATCHED_FOR = timedelta(days=14)
"""How long verifications search CloudTrail after a step."""
NAME = "No changes denied to Spinnaker"
MOST_NAMED = 10
TRY_IT = (
    "Deploy, resize, roll back, and destroy a server group in Spinnaker. Verify the "
    "account again 15 minutes later, when CloudTrail has recorded it."
)


def denied_since(run: Run, scope: Scope, sessions: Sessions) -> list[Result]:
    """Check it since the account was last planned: who plans again has decided on what
    was denied before. Nothing where no step was taken lately, or right after one.
    """
    account, managed = scope.account, scope.managed
    if account is None or managed is None or not account.adopts:
        return []
    if run.kind != Run.Kind.VERIFY or not managed.reach.writes:
        return []
    lately = timezone.now() - WATCHED_FOR
    step = taken_by(account).filter(finished_at__gt=lately).first()
    planned = account.runs.filter(kind=Run.Kind.ONBOARD).order_by("created_at").last()
    if step is None or planned is None:
        return []
    role = (managed.managed_role or scope.managing.managed_role).rpartition("/")[2]
    since = planned.finished_at or planned.created_at
    try:
        found = recorded_writes(
            sessions, managed.reach, role, managed.regions_of_all, since
        )
    except AwsError as error:
        return [Result(COMPARED, NAME, Outcome.NOT_TESTABLE, error.message)]
    return [judged(found, planned.title.lower(), step, account.name)]


def judged(found: Recorded, planned: str, step: Run, account: str) -> Result:
    if found.denied:
        return Result(
            COMPARED,
            NAME,
            Outcome.FAILED,
            f"Since {planned}, AWS has denied Spinnaker {named_calls(found.denied)}.",
            f"Undo {step.title.lower()} on the page of {account}, or have an approver "
            "accept a policy that allows this. Then plan the account again.",
        )
    if not found.allowed:
        sentence = f"CloudTrail has recorded no change by Spinnaker since {planned}."
        return Result(COMPARED, NAME, Outcome.NOT_TESTABLE, sentence, TRY_IT)
    sentence = f"Since {planned}, CloudTrail has recorded {named_calls(found.allowed)}."
    return Result(COMPARED, NAME, Outcome.PASSED, sentence)


def named_calls(calls: Counter[str]) -> str:
    """Name the calls, the most frequent first."""
    times = [
        f"{called} ({count:,} times)" if count > 1 else called
        for called, count in calls.most_common()
    ]
    return first_of(times, MOST_NAMED)
