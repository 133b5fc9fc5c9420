"""The existing roles of an account and of all accounts: at which step they are, the
next step as a run or a rollout, and how that is undone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from operator import or_
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.lists.accounts import MOST_IN_ROLLOUT, NO_ENVIRONMENT, by_environment
from accounts.mapping.plans import take_over_of
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, Rollout, Run
from accounts.models.managed import ManagedAccountQuerySet
from accounts.people.doors import posted_by_operator
from accounts.people.role_limits.limits import inside
from accounts.people.roles import OPERATOR
from accounts.runs.deciding.starting import waiting_in_words
from accounts.runs.foreign import taking_over
from accounts.runs.foreign.taking_over import unverified_by_trust
from accounts.spinnaker.policies_of_others import Group, groups, with_first
from accounts.web.crumbs import crumbs
from accounts.web.posts import post
from accounts.web.rollouts.views import roll_out
from accounts.web.runs.decisions import account_of
from accounts.web.runs.views import run_of
from onboarding.handoff.cloudformation import in_tools
from onboarding.resources.kinds import Resource, Role
from onboarding.resources.take_over import TakeOver
from onboarding.resources.trusts import is_for_services, shut_out

Taken = FoundRoles.Taken


class Step(NamedTuple):
    title: str
    says: str
    """What it brings."""
    button: str = ""
    """What plans it; empty: nothing is left to plan."""


STEPS = {
    Taken.POLICIES: Step(
        "Detach the policies of others",
        "Spinnaker then has only the permissions that Bowline shows. Policies that an "
        "approver accepts stay.",
        "Plan to detach the selected policies",
    ),
    Taken.TRUST: Step(
        "Replace the trust policy",
        "Only Spinnaker's identity can assume the managed role, with the external ID, "
        "if the account uses one. The plan lists who loses access.",
        "Plan to replace it",
    ),
    Taken.TAG: Step(
        "Make the roles Bowline's",
        "Bowline tags the roles and the instance profile. Later plans keep them as "
        "planned, and removing the account deletes them. A role that AWS's services "
        "assume, such as the base role, stays as it is if its trust policy differs.",
        "Plan to take them over",
    ),
    Taken.OUTSIDE: Step(
        "Change the roles where they are managed",
        "A CloudFormation stack or Terraform manages these roles, and its next update "
        "would undo what Bowline changes. Make the change there.",
    ),
    Taken.OWNED: Step(
        "Taken over",
        "The roles are Bowline's, except those whose trust policy was left as it is.",
    ),
    Taken.KEPT: Step(
        "As planned, and managed outside Bowline",
        "The roles are as Bowline plans them. A CloudFormation stack or Terraform "
        "manages them.",
    ),
}
"""By what is next, the least far first."""


SERVICES_TRUST = "services-trust"
"""What replaces the trust policies that the other steps leave as they are."""


def choice_of(asked: QueryDict) -> TakeOver:
    """Return what a press asks for; nothing where it names no step, or no policy."""
    step = asked.get("step", "")
    if step == Taken.POLICIES:
        return TakeOver(detaches=frozenset(asked.getlist("detach")))
    return CHOICES.get(step, TakeOver())


MOST_OTHERS = 20
"""The most of those who can assume a role that are named."""
CHOICES: Mapping[str, TakeOver] = {
    Taken.POLICIES: TakeOver(detaches=frozenset(["any"])),
    Taken.TRUST: TakeOver(trust=True),
    Taken.TAG: TakeOver(owns=True),
    SERVICES_TRUST: TakeOver(services_trust=True),
}
"""What each step asks for; which policies, a person says."""
OUTSIDE = (Taken.OUTSIDE, Taken.KEPT)
"""Something else manages the roles."""


class Stage(NamedTuple):
    key: str
    step: Step
    is_done: bool
    refused: str
    """Why it can't be planned now."""


class LeftRole(NamedTuple):
    """A role for services whose trust policy the steps leave as it is."""

    name: str
    others: list[str]
    """Who else can assume it, and no longer could."""
    more: int


def existing_roles_of(
    account: ManagedAccount,
    found: FoundRoles,
    foreign: list[ForeignPolicy],
    wanted: Iterable[Resource],
) -> dict[str, Any]:
    """Return what the tab shows of roles that were taken over so far."""
    stages = list(stages_of(account, Taken(found.taken)))
    standing, by_trust = account.standing, bool(unverified_by_trust(account))
    elsewhere = (standing.is_to_plan and not by_trust) or standing.is_to_verify
    ahead = (one for one in stages if not (elsewhere or one.is_done or one.refused))
    return {
        "step": STEPS[Taken(found.taken)],
        "managed_by": found.managed_by,
        "in_tools": in_tools(wanted, found.managed_by),
        "stages": stages,
        "next_stage": next(ahead, None),
        "left_roles": list(left_roles(found, wanted)),
        "to_detach": [one for one in foreign if is_detachable(one)],
        "takings": takings_of(account),
        "settles_at": taking_over.settles_at(account),
    }


def takings_of(account: ManagedAccount) -> list[tuple[Run, bool]]:
    """List the runs that took something over, and whether each can be undone: nobody
    did so yet. An undo itself is done again by a plan.
    """
    runs = list(taking_over.taken_by(account))
    choices = {run.number: take_over_of(run) for run in runs}
    undone = {choice.undone_run for choice in choices.values()}
    return [
        (run, not (choices[run.number].undoes or run.number in undone or run.is_open))
        for run in runs
    ]


def stages_of(account: ManagedAccount, taken: FoundRoles.Taken) -> Iterator[Stage]:
    if taken in OUTSIDE:
        return
    order = [*STEPS]
    for place, (key, step) in enumerate(STEPS.items()):
        if not step.button:
            continue
        is_done = place < order.index(taken)
        why = "" if is_done else taking_over.why_not(account, CHOICES[key])
        yield Stage(key, step, is_done, why)


def left_roles(found: FoundRoles, wanted: Iterable[Resource]) -> Iterator[LeftRole]:
    """Yield the roles whose trust policy is replaced only by itself."""
    trusts = {one["name"]: one["trust"] for one in found.roles if not one["owned"]}
    for role in wanted:
        trust = trusts.get(role.name)
        if not isinstance(role, Role) or trust is None:
            continue
        planned = role.trust.document["Statement"]
        if is_for_services(planned) and trust != planned:
            others = [one.sentence for one in shut_out(trust, planned)]
            more = len(others[MOST_OTHERS:])
            yield LeftRole(role.name, others[:MOST_OTHERS], more)


def is_detachable(policy: ForeignPolicy) -> bool:
    elsewhere = policy.is_writes or policy.is_passed
    return not (elsewhere or policy.is_accepted or policy.removable)


posts = [
    post(
        "accounts/<uuid:pk>/take-over/",
        taking_over.take_over,
        name="take-over",
        find=account_of,
        given=lambda posted, _: {"choice": choice_of(posted)},
    ),
    post("runs/<uuid:pk>/undo/", taking_over.undo, name="undo", find=run_of),
]


MOST_POLICIES = 50
"""The most different policies that are listed to be detached."""
NOTHING_SELECTED = "Select at least one {}. Nothing was started."


class At(NamedTuple):
    """The accounts whose next step is the same."""

    taken: FoundRoles.Taken
    step: Step
    environments: list[tuple[str, str, int]]
    """Of each its value in a form, its title, and how many."""

    @property
    def total(self) -> int:
        return sum(count for *_, count in self.environments)


def existing_roles(request: Request) -> HttpResponse:
    steps = steps_of_all()
    shown: dict[str, Any] = {
        "steps": steps,
        "total": sum(at.total for at in steps),
        "owned": sum(at.total for at in steps if at.taken is Taken.OWNED),
        "policies": policies_to_detach(),
        "to_accept": waiting_in_words(adopting().to_accept().count()),
        "crumbs": crumbs("accounts"),
    }
    return render(request, "taking_over/existing_roles.html", shown)


def steps_of_all() -> list[At]:
    """Count the accounts at each step by environment, the least far first; a step that
    none is at is left out.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    columns = (
        adopting()
        .order_by("environment")
        .values_list("environment", "found_roles__taken")
    )
    for name, taken, count in columns.annotate(count=Count("pk")):
        choice = (name or NO_ENVIRONMENT, name or "No environment", count)
        found.setdefault(taken, []).append(choice)
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
    """Plan the next step of all accounts that are at it, in the chosen environments."""
    back = redirect("accounts:existing-roles")
    choice = choice_of(request.POST)
    environments = request.POST.getlist("environment")
    if not (choice and environments):
        missing = "policy to detach" if environments else "environment"
        messages.info(request, NOTHING_SELECTED.format(missing))
        return back
    rows = adopting().filter(inside(request.user, OPERATOR, "environment"))
    rows = rows.filter(found_roles__taken=request.POST["step"])
    rows = rows.filter(reduce(or_, map(by_environment, environments)))
    if choice.detaches:
        holding = ForeignPolicy.objects.filter(alike__in=choice.detaches)
        rows = rows.filter(pk__in=holding.values("account"))
    kind = Rollout.Kind.ONBOARD
    chosen = rows[:MOST_IN_ROLLOUT]
    return roll_out(request, chosen, kind, otherwise=back, take_over=choice.as_json())
