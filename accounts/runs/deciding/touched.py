"""What a plan touches, and who caused it, as it is found when the plan is made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeAlias

from accounts.models import Run
from accounts.people import authors
from accounts.people.deciding import second_person_for
from accounts.people.reach import DecisionReach, as_stored, losses_of
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.desired.assume_list import is_listed
from onboarding.partitions import Arn
from onboarding.resources.kinds import Resource
from onboarding.resources.risks import Assumable

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
