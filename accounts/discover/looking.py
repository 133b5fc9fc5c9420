"""What pages need to know from AWS; and looking at AWS for a report on an existing
Spinnaker, slice by slice.

What was read is kept with the report: a worker that is killed loses the accounts that
it was reading.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import transaction

from accounts.discover.clusters import BATCH, FAILED, SLICE, THREADS
from accounts.discover.questions import (
    GOES_ON,
    SEE_LOG,
    ask,
    question,
    reach_in,
    sessions_of,
)
from accounts.mapping.adopting.keeping import begin_look, keep_looks, left_to_look
from accounts.models import Adoption, Question
from accounts.models.account import Unreadable
from accounts.people.roles import OPERATOR
from onboarding.adopting.looking import InAws, Target, look_at
from onboarding.aws import discover
from onboarding.aws.discover import OwnAccount
from onboarding.aws.organization import organization_accounts, organization_id
from onboarding.aws.session import Sessions, set_region
from onboarding.checks import Call
from onboarding.partitions import partition_of
from onboarding.topology import Reach

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@question("caller")
def bowline_identity(asked: Question) -> Any:
    return asdict(sessions_of(asked).whoami())


def principal_of(caller: Question) -> str:
    """Return Bowline's own principal; raise Unreadable where the row holds none."""
    match caller.answer:
        case {"principal": str(principal)}:
            return principal
    raise Unreadable(caller, "answer", caller.answer)


@question("home")
def bowline_home(asked: Question) -> Any:
    return asdict(discover.own_account(sessions_of(asked)))


def home() -> Question:
    """Ask in which account Bowline is, in the partition of the region it is set to."""
    return bowline_home.at(partition_of(set_region()) or "aws")


def own_account_of(asked: Question) -> OwnAccount:
    return OwnAccount(**(asked.answer or {}))


@question("organization", role=OPERATOR)
def organization_membership(asked: Question) -> Any:
    """Ask Organizations with the managing account's reach: the organization's ID, empty
    where the account belongs to none, None where it may not be read; and its accounts.
    """
    sessions, reach = sessions_of(asked), reach_in(asked)
    members = organization_accounts(sessions, reach).accounts
    return {
        "organization": organization_id(sessions, reach),
        "account_ids": [member.account_id for member in members],
    }


@question("regions", role=OPERATOR)
def enabled_regions(asked: Question) -> Any:
    return discover.regions(sessions_of(asked), reach_in(asked))


@question("details", role=OPERATOR)
def possible_details(asked: Question) -> Any:
    found = discover.answers(sessions_of(asked), reach_in(asked), calls_in(asked))
    return list(found.values())


def calls_in(asked: Question) -> tuple[Call, ...]:
    return tuple(
        Call(service, operation, region, tuple((k, v) for k, v in parameters))
        for service, operation, region, parameters in asked.input["calls"]
    )


def found_by(asked: Question) -> dict[Call, Any]:
    """Return the answers by the calls that they answer."""
    found: list[Any] = asked.answer or []
    return dict(zip(dict.fromkeys(calls_in(asked)), found, strict=True))


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
