"""Adding many accounts of the organization: by a worker, all of them or none.

Safe to kill anywhere: that they were added is written with them, under the lease.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import Error, transaction
from django.db.models.functions import Now

from accounts.decisions.decision import decision
from accounts.discover.organization.members import (
    MembersRefused,
    Shared,
    check_all,
    save_all,
)
from accounts.models import Activity, Adding, ManagedAccount, Organization, Rollout
from accounts.models.lease import LeaseLost
from accounts.people.deciding import Outside
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.runs.rollouts import CannotStart, start
from accounts.work.leases import holding
from accounts.work.queue import wake

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

HERE = 200
"""The most accounts that a request adds by itself, within a second."""

FAILED = (
    "Bowline encountered an internal error while adding the accounts. See the "
    "worker's log, then try again."
)


def around_drafts(
    _: Organization, ids: Iterable[str], shared: Shared, *, locks: bool = False
) -> DecisionReach:
    return DecisionReach(frozenset([("The accounts", shared["environment"])]))


@decision(
    "add accounts of the organization",
    OPERATOR,
    Activity.What.DESCRIBE,
    touches=around_drafts,
    locks=lambda *_: None,
)
def begin_adding(
    organization: Organization,
    account_ids: Iterable[str],
    shared: Shared,
    by: User,
    *,
    plans: bool,
) -> Adding:
    """Let a worker add these accounts, and start a rollout of them if `plans`."""
    adding = Adding.objects.create(
        organization=organization,
        by=by,
        account_ids=list(dict.fromkeys(account_ids)),
        shared=shared,
        plans=plans,
    )
    transaction.on_commit(partial(wake, adding))
    return adding


def add(adding: Adding) -> None:
    """Add them. A second worker finds the lease taken, or it done."""
    holding(adding, add_leased)


def add_leased(adding: Adding) -> None:
    try:
        if not (adding.added_at or adding.finished_at):
            describe(adding)
        if not adding.finished_at:
            plan(adding)
    except MembersRefused as error:
        adding.write(finished_at=Now(), refused=list(error.sentences.values()))
    except (CannotStart, Outside) as error:
        adding.write(finished_at=Now(), refused=[str(error)])
    except (Error, LeaseLost):
        raise  # the sweep sends it again
    except Exception:
        logger.exception("The accounts could not be added.")
        adding.write(finished_at=Now(), refused=[FAILED])


def describe(adding: Adding) -> None:
    written = check_all(
        adding.organization,
        adding.account_ids,
        adding.shared,
        checked=lambda count: adding.write(checked=count),
    )
    ends = {} if adding.plans else {"finished_at": Now()}
    with transaction.atomic():
        moment = save_all(written, adding.by)
        adding.write(added_at=moment, **ends)


def plan(adding: Adding) -> None:
    assert adding.added_at is not None
    adding.refresh_from_db(fields=["by"])  # who lost the role meanwhile plans nothing
    drafts = ManagedAccount.objects.filter(created_at=adding.added_at)
    with transaction.atomic():
        rollout = start(drafts, Rollout.Kind.ONBOARD, adding.by)
        adding.write(rollout=rollout, finished_at=Now())
