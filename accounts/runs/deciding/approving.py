"""What a plan asks before it is approved: what comes first, what must be read
and typed, whom it touches.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TypeAlias, TypedDict
from uuid import UUID

from django.db.models import QuerySet

from accounts.mapping.managing import managing_row
from accounts.models import Activity, FoundRoles, ManagedAccount, ManagingAccount, Run
from accounts.models.checks import Evidence
from accounts.models.people import MovedMeanwhile
from accounts.models.states import OPEN, Status
from accounts.people import authors
from accounts.people.activity import who_did
from accounts.people.authors import Authors, in_words
from accounts.people.deciding import second_person_for
from accounts.people.reach import (
    MANAGING,
    DecisionReach,
    as_stored,
    losses_of,
    unknown_in_words,
)
from accounts.people.role_limits.naming import environments_in_words
from accounts.refused import Refused
from accounts.runs.deciding.confirmation import asks_for_test
from accounts.runs.results import reached_account
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.desired.assume_list import is_listed
from onboarding.partitions import Arn
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import Plan
from onboarding.resources.risks import Assumable


class BeforeApproval(TypedDict):
    evidence: list[Evidence]
    """What roles have used of what the plan detaches."""
    managed_by: dict[str, str]
    """By role, what else manages it, where the plan changes existing roles."""
    decided_in: str
    caused_by: str
    comes_first: str
    """Why the managing account's own plan comes before this one."""
    test: str
    """Why an approval asks for a test of access, and how to make it."""


def before_approval(
    run: Run, plan: Plan, reach: DecisionReach, authors: Authors
) -> BeforeApproval:
    """Say what must be known; of a plan that doesn't wait, what it was about."""
    waits = run.status == Status.PLANNED
    return {
        "evidence": [Evidence.model_validate(one) for one in run.evidence],
        "managed_by": managed_by(run) if waits else {},
        "decided_in": decided_in(run, reach),
        "caused_by": in_words(authors),
        "comes_first": managing_first(run) if waits else "",
        "test": asks_for_test(run, plan) if waits else "",
    }


def decided_in(run: Run, reach: DecisionReach) -> str:
    """Name what the decision touches; what Spinnaker loses is part of it."""
    named = "" if run.account else MANAGING
    where = environments_in_words(reach.environments) if reach.accounts else ""
    unknown = unknown_in_words(reach.unknown) if reach.unknown else ""
    return "; ".join(filter(None, [named, where, unknown]))


def managed_by(run: Run) -> dict[str, str]:
    """Name by role what else manages it, where the plan adds to existing roles."""
    if run.kind != Run.Kind.ONBOARD or not run.account or not run.account.adopts:
        return {}
    found = FoundRoles.objects.of(run.account).values_list("managed_by", flat=True)
    return found.first() or {}


APPLIED = (Status.VERIFIED, Status.EVALUATED)


class ManagingFirst(Refused):
    """The managing account has changes that nobody approved yet."""

    code = "MANAGING_FIRST"


def managing_first(run: Run) -> str:
    """Say that the managing account's own plan comes before this one; empty: it does
    not, or it was carried out since this was planned.
    """
    if not waiting_among([run]):
        return ""
    name = managing_row().name
    return (
        f"The managing account, {name}, has changes that this plan doesn't include. "
        f"{what_first(name, open_managing_run())}"
    )


def waiting_among(runs: Iterable[Run]) -> set[UUID]:
    """Find those of the runs that the managing account's own plan comes before."""
    after = [run for run in runs if run.reach.get("managing_first")]
    if not after:
        return set()
    own = Run.objects.filter(kind=Run.Kind.MANAGING).exclude(finished_at=None)
    ended = own.order_by("-finished_at").iterator(chunk_size=1)
    applied = (run for run in ended if run.status in APPLIED or reached_account(run))
    last = next((run.finished_at for run in applied), None)
    return {
        run.pk for run in after if not last or last <= (run.moved_at or run.created_at)
    }


def what_first(name: str, own: Run | None) -> str:
    """Say what the managing account's own plan waits for."""
    if own is None:
        return f"First plan {name} and approve that plan."
    if own.approved_at:
        return f"Its run, {own.title}, must end first."
    return f"Its plan, {own.title}, must be approved first."


def open_managing_run() -> Run | None:
    """Return the managing account's plan that waits, or its run in progress."""
    return Run.objects.filter(kind=Run.Kind.MANAGING, status__in=OPEN).first()


def waiting_for_managing() -> QuerySet[Run]:
    """Find the plans of single accounts that were made before the managing account's,
    the oldest first; those of a rollout start by themselves.
    """
    waiting = Run.objects.filter(status=Status.PLANNED, rollout=None)
    return waiting.filter(reach__managing_first=True).order_by("number")


DISCARD, STOP = Activity.What.DISCARD, Activity.What.STOP


def outdated_by(run: Run) -> str:
    """Say which edit outdates the plan; empty while none does."""
    return run.outdated_by(run.account, ManagingAccount.objects.first())


def refuse_late(run: Run) -> None:
    """Raise MovedMeanwhile where the plan no longer waits, or an edit outdates it."""
    if run.status != Status.PLANNED:
        raise MovedMeanwhile(decided_already(run))
    if edit := outdated(run):
        raise MovedMeanwhile(edit)


def outdated(run: Run) -> str:
    """Say that a plan that waits can no longer be approved; empty while it can."""
    edit = outdated_by(run) if run.status == Status.PLANNED else ""
    return f"{edit} Plan again." if edit else ""


def nothing_to_accept(account: ManagedAccount) -> str:
    if by := account.accepted_by_name:
        return f"{account.name} was accepted by {by} before you decided."
    return f"{account.name} isn't waiting for acceptance."


def decided_already(run: Run) -> str:
    return run.decided_already(partial(by_whom, run))


def by_whom(run: Run) -> str:
    """Say who discarded it, or for what."""
    if by := who_did(DISCARD, run.account_name, run=str(run.pk)):
        return f" by {by}"
    if run.rollout_id and (by := who_did(STOP, str(run.rollout))):
        return f" by {by}, who stopped {str(run.rollout).lower()},"
    later = Run.objects.filter(number__gt=run.number, kind=run.kind)
    if next_one := later.filter(account=run.account_id).order_by("number").first():
        return f" for {next_one.title.lower()} of {next_one.started_by or 'somebody'}"
    return ""


Compared: TypeAlias = list[tuple[Side, Comparison]]

ANY = "*"
"""In place of an account ID, of a pattern of roles."""


def keep_decided(run: Run, scope: Scope, compared: Compared, left: bool) -> None:
    """Find out what the plan touches, and who caused it; `left`: what the managing
    account's own plan changes first.
    """
    account = scope.account
    shared = [one for side, one in compared if side in scope.shared]
    changed = any(one.changes for one in shared)
    own = DecisionReach(
        frozenset((run.account_name, name) for name in account.environments)
        if account
        else frozenset(),
        managing=account is None
        or account.account_id == scope.managing.account_id
        or (changed and scope.managing.is_handed_off),
    )
    lost = losses_of(accounts_lost(shared))
    touched = replace(
        own,
        accounts=own.accounts | {(key, one) for key in lost for one in lost[key]},
        unknown=frozenset(key for key in lost if not lost[key]),
    )
    run.reach = as_stored(own, second_person_for(touched), left)
    if lost:
        found = (resource for one in shared for resource in one.observed)
        run.reach |= {"lost": lost, "listed": count_listed(found)}
    run.authors = authors.as_stored(authors.authors_of_run(run, own))


def accounts_lost(shared: Iterable[Comparison]) -> set[str]:
    """Return the IDs of the accounts in which Spinnaker's identity can no longer assume
    a role. What other roles may assume is no reach of Spinnaker's.
    """
    changes = [change for one in shared for change in one.changes]
    of = Assumable.of((one.resource.key, *one.documents) for one in changes)
    return {Arn.of(role).account or ANY for role in of.lost}


def count_listed(found: Iterable[Resource]) -> int:
    """Count the roles that Spinnaker's identity may assume, by its list."""
    listed = (one for one in found if is_listed(one))
    return len(Assumable.of((one.key, one.as_found(), None) for one in listed).before)
