"""The existing roles of all accounts: how many are at which step, those first that
have the most to come; and the next step of many as one rollout.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.lists.accounts import MOST_IN_ROLLOUT, NO_ENVIRONMENT, by_environment
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Rollout
from accounts.models.managed import ManagedAccountQuerySet
from accounts.people.doors import posted_by_operator
from accounts.people.role_limits.limits import inside
from accounts.people.roles import OPERATOR
from accounts.spinnaker.policies_of_others import Group, groups, with_first
from accounts.web.accounts.accepting import waiting_alert
from accounts.web.crumbs import crumbs
from accounts.web.rollouts.starting import roll_out
from accounts.web.taking_over.steps import STEPS, Step, Taken, choice_of

MOST_POLICIES = 50
"""The most different policies that are listed to be detached."""
NOTHING_SELECTED = "Select at least one policy to detach. Nothing was started."


class At(NamedTuple):
    """The accounts whose next step is the same."""

    taken: FoundRoles.Taken
    step: Step
    environments: list[tuple[str, int]]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.environments)

    @property
    def choices(self) -> list[tuple[str, str, int]]:
        """List (value, title, how many) of each environment."""
        return [
            (name or NO_ENVIRONMENT, name or "No environment", count)
            for name, count in self.environments
        ]


def existing_roles(request: Request) -> HttpResponse:
    steps = steps_of_all()
    shown: dict[str, Any] = {
        "steps": steps,
        "total": sum(at.total for at in steps),
        "owned": sum(at.total for at in steps if at.taken is Taken.OWNED),
        "policies": policies_to_detach(),
        "to_accept": waiting_alert(adopting().to_accept().count()),
        "crumbs": crumbs("accounts"),
    }
    return render(request, "taking_over/existing_roles.html", shown)


def steps_of_all() -> list[At]:
    """Count the accounts at each step by environment, the least far first; a step that
    none is at is left out.
    """
    found: dict[str, list[tuple[str, int]]] = {}
    columns = (
        adopting()
        .order_by("environment")
        .values_list("environment", "found_roles__taken")
    )
    for environment, taken, count in columns.annotate(count=Count("pk")):
        found.setdefault(taken, []).append((environment, count))
    return [At(one, step, found[one]) for one, step in STEPS.items() if one in found]


def adopting() -> ManagedAccountQuerySet:
    """Find the accounts whose roles were there before Bowline."""
    return ManagedAccount.objects.filter(adopts=True)


def policies_to_detach() -> list[Group]:
    rows = ForeignPolicy.objects.in_accounts(adopting()).unaccepted()
    rows = rows.held().filter(removable=False)
    return list(with_first(groups(rows)[:MOST_POLICIES]))


@posted_by_operator
def take_over_many(request: Request) -> HttpResponse:
    """Plan the next step of all accounts that are at it, of one environment or all."""
    back = redirect("accounts:existing-roles")
    choice = choice_of(request.POST)
    if not choice:
        messages.info(request, NOTHING_SELECTED)
        return back
    rows = adopting().filter(inside(request.user, OPERATOR, "environment"))
    rows = rows.filter(found_roles__taken=request.POST["step"])
    if environment := request.POST.get("environment"):
        rows = rows.filter(by_environment(environment))
    if choice.detaches:
        holding = ForeignPolicy.objects.filter(alike__in=choice.detaches)
        rows = rows.filter(pk__in=holding.values("account"))
    kind = Rollout.Kind.ONBOARD
    chosen = rows[:MOST_IN_ROLLOUT]
    return roll_out(request, chosen, kind, otherwise=back, take_over=choice.as_json())
