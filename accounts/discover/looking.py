"""Looking at AWS for a report on an existing Spinnaker: a task reads a slice of the
accounts, and the next one continues.

What was read is kept with the report: a worker that is killed loses the accounts that
it was reading.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.discover.clusters.search import BATCH, FAILED, SLICE, THREADS
from accounts.discover.questions import (
    GOES_ON,
    SEE_LOG,
    ask,
    question,
    sessions_of,
)
from accounts.mapping.adopting.keeping import begin_look, keep_looks, left_to_look
from accounts.models import Adoption, Question
from accounts.people.roles import OPERATOR
from onboarding.adopting.looking import InAws, Target, look_at
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

PATIENCE = 10.0
"""Seconds in which an account is asked again where AWS is too busy."""


def look(row: Adoption, role: str, by: User) -> Question | None:
    """Let a worker look at AWS with this role; None: too much waits already. Raise
    BadName.
    """
    with transaction.atomic():
        begin_look(row, role)
        waiting = ask(question_of(row), by, again=True)
        transaction.set_rollback(waiting is None)
    return waiting


def question_of(row: Adoption) -> Question:
    assert row.look is not None
    partition = (row.report["managed_role"] or {}).get("partition", "aws")
    reach = Reach("", row.look["role"])
    return look_at_aws.at(partition, reach, adoption=str(row.pk))


@question("look", role=OPERATOR, again="Continue to look.")
def look_at_aws(asked: Question) -> Any:
    """Look at a slice of the accounts."""
    row = Adoption.objects.unexpired().filter(pk=asked.input["adoption"]).first()
    role = asked.input["access_role"]
    if row is None or row.look is None or row.look["role"] != role:
        return True
    sessions = sessions_of(asked, patience=PATIENCE)
    until, left = time.monotonic() + SLICE, left_to_look(row)
    while left and time.monotonic() < until:
        some, left = left[:BATCH], left[BATCH:]
        found = look_at_accounts(sessions, some)
        names = (one.name for one in some)
        if not keep_looks(row, dict(zip(names, found, strict=True))):
            return GOES_ON  # which is the one that counts, the next slice reads
    return GOES_ON if left else True


def look_at_accounts(sessions: Sessions, targets: Iterable[Target]) -> list[InAws]:
    """Read the accounts side by side: no thread touches the database."""
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(partial(look_at_one, sessions), targets))


def look_at_one(sessions: Sessions, target: Target) -> InAws:
    """Read an account, or say why not; raises nothing."""
    try:
        return look_at(sessions, target)
    except Exception:
        account_id = target.reach.account_id
        logger.exception("The roles of %s could not be read.", account_id)
        return InAws(account_id, unread=FAILED, hint=SEE_LOG)
