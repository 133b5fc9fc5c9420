"""Adding many accounts of the organization: by a worker, all of them or none.

Safe to kill anywhere: that they were added is written with them, under the lease.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from pydantic import BaseModel

from accounts.decisions.decision import decision
from accounts.discover.organization.members import (
    MembersRefused,
    Shared,
    check_all,
    save_all,
)
from accounts.discover.questions import question
from accounts.models import Activity, ManagedAccount, Organization, Question, Rollout
from accounts.people.reach import DecisionReach
from accounts.people.roles import OPERATOR
from accounts.runs.rollouts import start

if TYPE_CHECKING:
    from django.contrib.auth.models import User

HERE = 200
"""The most accounts that a request adds by itself, within a second."""


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
) -> Question:
    """Let a worker add these accounts, and start a rollout of them if `plans`."""
    return added_members.begin(
        by,
        organization=organization.pk,
        account_ids=list(dict.fromkeys(account_ids)),
        shared=shared,
        plans=plans,
    )


@question(
    "organization-adding",
    role=OPERATOR,
    lasts=timedelta(days=7),
    seconds=None,
    doing="adding the accounts",
)
def added_members(adding: Question) -> Any:
    """Add them, and start a rollout of them, unless that is done."""
    try:
        if not so_far(adding).added:
            describe(adding)
        if adding.input["plans"] and not so_far(adding).rollout:
            plan(adding)
    except MembersRefused as error:
        return {**(adding.answer or {}), "refused": [*error.sentences.values()]}
    return adding.answer


class Chosen(BaseModel):
    account_ids: list[str]


class SoFar(BaseModel):
    """How far an addition is."""

    checked: int = 0
    """How many accounts were checked; all: they are being saved."""
    added: str = ""
    """The one moment at which they all came to be."""
    rollout: int | None = None
    refused: list[str] = []
    """Why nothing was added, or, if something was, why no rollout was started."""


def so_far(adding: Question) -> SoFar:
    found = adding.read("answer", SoFar)
    found.refused = found.refused or [adding.why] * adding.refused
    return found


def count_chosen(adding: Question) -> int:
    return len(adding.read("input", Chosen).account_ids)


def describe(adding: Question) -> None:
    written = check_all(
        Organization.objects.get(pk=adding.input["organization"]),
        adding.input["account_ids"],
        adding.input["shared"],
        checked=lambda count: adding.write(answer={"checked": count}),
    )
    with transaction.atomic():
        moment = save_all(written, adding.person).isoformat()
        adding.write(answer={"checked": len(written), "added": moment})


def plan(adding: Question) -> None:
    adding.refresh_from_db(fields=["asked_by"])  # who lost the role plans nothing
    drafts = ManagedAccount.objects.filter(created_at=so_far(adding).added)
    with transaction.atomic():
        rollout = start(drafts, Rollout.Kind.ONBOARD, adding.person)
        adding.write(answer={**(adding.answer or {}), "rollout": rollout.pk})
