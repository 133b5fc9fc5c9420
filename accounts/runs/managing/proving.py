"""Prove the managing account alone, where a run changed it and proves nothing else."""

from __future__ import annotations

import logging

from django.utils import timezone

from accounts.models import Notification, Run
from accounts.notifications.notifying import happened
from accounts.runs import verifying
from accounts.runs.foreign.keeping import keep_all_foreign, keep_as_found, seen_in
from accounts.runs.scope import Scope
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Backoff, Sessions
from onboarding.verify.verification import LONG_BACKOFF, verify_managing

logger = logging.getLogger(__name__)


def verify_managing_account(run: Run, sessions: Sessions) -> None:
    """Walk through the managing account alone, where the run changed it and no
    verification of the run's own account follows, or only after days.

    Where AWS does not answer, it stays “applied”, which the overview lists, until any
    verification has walked through it.
    """
    scope = Scope.load(run)
    if not scope.shared or scope.managing.is_handed_off:
        return
    settling = Backoff(verifying.SETTLING, run.say)
    try:
        (looked,) = verifying.nothing_left(scope, scope.shared, sessions, settling)
        found = list(
            verify_managing(
                sessions,
                scope.managing,
                scope.managing.reach,
                waiting=run.say,
                backoff_seconds=LONG_BACKOFF,
            )
        )
    except AwsError:
        logger.warning("%s could not verify the managing account.", run, exc_info=True)
        return
    now = timezone.now()
    verifying.judge_managing(scope.row, looked, found, now)
    if keep_all_foreign(verifying.compared_of([looked]), now):
        happened(run, Notification.What.FOUND)
    keep_as_found(seen_in(verifying.compared_of([looked]), now))
