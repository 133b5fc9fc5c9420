"""What people must know before they approve a plan, except its changes: pages show it,
and the API answers with the same.
"""

from __future__ import annotations

from typing import TypedDict

from accounts.models import FoundRoles, Run
from accounts.models.checks.evidence import Evidence
from accounts.models.states import Status
from accounts.people.authors import Authors, in_words
from accounts.people.reach import MANAGING, DecisionReach, unknown_in_words
from accounts.people.role_limits.naming import environments_in_words
from accounts.runs.deciding.access_tests import asks_for_test
from accounts.runs.deciding.coming_first import managing_first
from onboarding.resources.plan import Plan


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
