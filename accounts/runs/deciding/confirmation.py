"""What a person types to approve what deletes, or takes accounts from Spinnaker: pages
and the API ask for the same.
"""

from __future__ import annotations

from collections.abc import Iterable

from accounts.models import ManagedAccount, Run
from accounts.refused import Refused
from accounts.slices import in_slices
from accounts.wording import counted, first_of
from onboarding.partitions import Arn
from onboarding.resources.kinds import Role
from onboarding.resources.plan import Plan

MOST_NAMED = 3
"""The most accounts of a sentence that are named."""


class Unconfirmed(Refused, ValueError):
    """Something is to be deleted or lost, and what was typed does not say so."""

    code = "UNCONFIRMED"


def lost_in_words(plan: Plan, most: int = MOST_NAMED) -> str:
    """Say what Spinnaker can no longer assume after the plan, without a full stop;
    empty: it loses nothing.
    """
    if not plan.losses:
        return ""
    ids = {account for risk in plan.losses for account in risk.accounts}
    roles = [r for r in sorted(plan.assumable.lost) if Arn.of(r).account not in ids]
    lost = []
    if ids:
        names = names_of_ids(ids)
        called = [f"{name} ({key})" for key, name in names.items()]
        called = [*sorted(called), *sorted(ids - names.keys())]
        lost.append(f"roles in {counted(len(ids))}: {first_of(called, most)}")
    if roles:
        lost.append(f"{counted(len(roles), 'role')}: {first_of(roles, most)}")
    return f"Spinnaker can no longer assume {', and '.join(lost)}"


def lost_counted(plan: Plan) -> str:
    """Say so shortly, where the whole list is nearby."""
    refusing = sum(risk.key.kind == Role.kind for risk in plan.losses)
    roles = counted(len(plan.assumable.lost) + refusing, "role")
    return f"Spinnaker can no longer assume {roles}" if plan.losses else ""


def names_of_ids(ids: Iterable[str]) -> dict[str, str]:
    """Return what the accounts with these IDs are called in Bowline."""
    rows = ManagedAccount.objects.order_by()
    return {
        account_id: name
        for some in in_slices(sorted({*ids}))
        for account_id, name in rows.filter(account_id__in=some).values_list(
            "account_id", "name"
        )
    }


def plan_in_words(run: Run, plan: Plan) -> str:
    """Say what a run's plan deletes, and what Spinnaker loses by it, as a person
    confirms it; empty: nothing. That a removal takes its account needs no words.
    """
    deletes = counted(len(plan.deletions), "resource")
    removes = run.kind == Run.Kind.REMOVE and bool(plan.deletions)
    lost = "" if removes else lost_counted(plan)
    said = [
        f"This plan deletes {deletes} in AWS." if plan.deletions else "",
        f"After this plan, {lost}." if lost else "",
    ]
    return " ".join(filter(None, said))


def group_in_words(plan: Plan) -> str:
    """Say so of one of many identical plans."""
    if plan.deletions:
        return f"Each plan deletes {counted(len(plan.deletions), 'resource')} in AWS."
    return "After each plan, Spinnaker can assume fewer roles." * bool(plan.losses)


def confirm_run(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named whose plan deletes something, or
    takes it from Spinnaker.
    """
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to approve a plan that deletes "
            "something or takes accounts from Spinnaker."
        )


def confirm_leaving(account_name: str, typed: str) -> None:
    """Raise Unconfirmed unless the account was named that is to leave Bowline."""
    if typed != account_name:
        raise Unconfirmed(
            f"Type the account's name, {account_name}, to take it out of Bowline."
        )


def phrase_of_group(plans: int) -> str:
    return f"delete in {counted(plans)}"


def confirm_group(plans: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said in how many accounts a group deletes."""
    confirm(phrase_of_group(plans), typed, "these plans")


def phrase_of_delivery(removes: int) -> str:
    return f"remove {counted(removes)}"


def confirm_delivery(removes: int, typed: str) -> None:
    """Raise Unconfirmed unless it was said how many accounts Spinnaker loses."""
    confirm(phrase_of_delivery(removes), typed, "this")


def confirm(phrase: str, typed: str, what: str) -> None:
    if " ".join(typed.split()).lower() != phrase:
        raise Unconfirmed(f"Type “{phrase}” to approve {what}.")
