"""Plan, verify, edit, remove and leave out of bundles many accounts.

Where something of them is changed, a page shows the chosen accounts first; the press on
it acts on exactly those. Each account is treated by itself: one that cannot be edited
or planned keeps no other back. Nothing is approved here.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.decisions.decision import Decision
from accounts.decisions.many import each, who_may
from accounts.http import Request
from accounts.lists.accounts import MOST_IN_ROLLOUT, matching_accounts
from accounts.mapping.completeness import refuse_incomplete
from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import WORKING
from accounts.people.doors import posted_by_operator
from accounts.runs import actions
from accounts.runs.deciding.starting import start_plan
from accounts.spinnaker.bundles import exclude_from_bundles
from accounts.spinnaker.presence import in_spinnaker, presence_of
from accounts.web.accounts.views import MOST_AT_ONCE, Chosen, chosen_accounts
from accounts.web.bulk.editing import SO_ALREADY, edit
from accounts.web.bulk.forms import BulkEditForm
from accounts.web.bulk.outcomes import PLANNED, tell, tell_refused
from accounts.web.crumbs import crumbs
from accounts.web.rollouts.starting import roll_out
from accounts.wording import counted

MOST_EDITED = 200
"""The most that are edited in one request: some seconds' worth, as what follows from
each edit is computed.
"""

PASSED_ON = (
    "Build the next bundle, install it in Spinnaker, and mark it as installed. Then "
    "you can remove the accounts from AWS."
)

UNCHANGED = "Nothing in AWS changes."
NOTHING = {
    "plan": "Select accounts first. Nothing was started.",
    "verify": "Select accounts that exist in AWS. Nothing was started.",
}
MORE = (
    "{} left. To {} the rest, select all matching accounts again. Accounts with an "
    "open run are skipped."
)


@posted_by_operator
def plan_many(request: Request) -> HttpResponse:
    """Plan one account by itself, and more than one as a rollout."""
    everything = matching_accounts(request.GET)
    found = chosen_accounts(request, everything, by="name", most=MOST_IN_ROLLOUT)
    if len(found.accounts) > 1:
        tell_left(request, "plan", found)
        return plan_together(request, found.accounts)
    return start_many(request, "plan", start_plan, found, PLANNED)


def plan_together(request: Request, accounts: list[ManagedAccount]) -> HttpResponse:
    """Start a rollout of those that are described, and name the others."""
    outcome = each(lambda one, _: refuse_incomplete(one), accounts, request.user)
    tell_refused(request, outcome, "plan")
    if not outcome.done:
        return to_list(request)
    kind = Rollout.Kind.ONBOARD
    return roll_out(request, outcome.done, kind, otherwise=to_list(request))


@posted_by_operator
def verify_many(request: Request) -> HttpResponse:
    existing = matching_accounts(request.GET).existing()
    found = chosen_accounts(request, existing, by="verified_at", most=MOST_IN_ROLLOUT)
    if len(found.accounts) > 1:
        tell_left(request, "verify", found)
        kind = Rollout.Kind.VERIFY
        return roll_out(request, found.accounts, kind, otherwise=to_list(request))
    return start_many(request, "verify", actions.verify, found, UNCHANGED)


def tell_left(request: Request, verb: str, found: Chosen) -> None:
    if found.left:
        messages.info(request, MORE.format(counted(found.left, "more account"), verb))


def start_many(
    request: Request,
    verb: str,
    start: Decision[Any, Run],
    found: Chosen,
    then: str,
) -> HttpResponse:
    """Start a run of each chosen account, and say which ones could not be."""
    outcome = each(start, found.accounts, request.user)
    tell(request, f"Started to {verb}", outcome, verb, then)
    if not found.accounts:
        messages.info(request, NOTHING[verb])
    return redirect("accounts:runs") if outcome.done else to_list(request)


@posted_by_operator
def edit_many(request: Request) -> HttpResponse:
    """Show how the chosen accounts are described, or edit them all."""
    accounts, left = chosen(request, most=MOST_EDITED)
    if not accounts:
        return nothing_chosen(request)
    sent = request.POST if "apply" in request.POST else None
    form = BulkEditForm(sent, partition=managing_row().partition)
    if not form.is_valid():
        return page(request, "edit", accounts, left=left, form=form)
    outcome = each(edit, accounts, request.user, asked=form.cleaned_data)
    refused = [(one, why) for one, why in outcome.left if why != SO_ALREADY]
    unchanged, outcome.left = len(outcome.left) - len(refused), refused
    tell(request, "Edited", outcome, "edit")
    if unchanged:
        messages.info(request, f"{counted(unchanged)} needed no change.")
    if "plan" in request.POST and outcome.done:
        return plan_again(request, outcome.done)
    return redirect("accounts:accounts")


def plan_again(request: Request, edited: list[ManagedAccount]) -> HttpResponse:
    """Plan accounts as they are described since they were edited."""
    found = ManagedAccount.objects.filter(pk__in=[account.pk for account in edited])
    rows = list(found.order_by("name").prefetch_related("providers"))
    if len(rows) > 1:
        return plan_together(request, rows)
    planned = each(start_plan, rows, request.user)
    tell(request, "Started to plan", planned, "plan")
    return redirect("accounts:runs")


@posted_by_operator
def remove_many(request: Request) -> HttpResponse:
    """Show which of the chosen accounts can be removed, or plan their removal."""
    accounts, left = chosen(request)
    if not accounts:
        return nothing_chosen(request)
    reasons = {**outside(accounts, request.user), **reasons_to_keep(accounts)}
    removable = [account for account in accounts if account.pk not in reasons]
    phrase = f"remove {counted(len(removable))}"
    typed = " ".join(request.POST.get("confirm", "").split()).lower()
    if not removable or typed != phrase:
        shown = {
            "removable": removable,
            "kept": [(a, reasons[a.pk]) for a in accounts if a.pk in reasons],
            "phrase": phrase,
            "wrong": "apply" in request.POST,
        }
        return page(request, "remove", accounts, left=left, **shown)
    if len(removable) > 1:
        kind, back = Rollout.Kind.REMOVE, redirect("accounts:accounts")
        return roll_out(request, removable, kind, otherwise=back)
    outcome = each(actions.remove, removable, request.user)
    did = "Started to plan the removal of"
    tell(request, did, outcome, "plan the removal of")
    return redirect("accounts:runs")


def outside(accounts: list[ManagedAccount], by: User) -> dict[UUID, str]:
    """Say of each account that the person's role is not for why not."""
    return {one.pk: why for one, why in who_may(start_plan, accounts, by).reasons}


def reasons_to_keep(accounts: list[ManagedAccount]) -> dict[UUID, str]:
    """Say of each account that cannot be removed now what has to happen first."""
    ids = [account.pk for account in accounts]
    of_these = ManagedAccount.objects.filter(pk__in=ids)
    working = {*of_these.filter(runs__status__in=WORKING).values_list("pk", flat=True)}
    bundled = {*of_these.filter(bundles__isnull=False).values_list("pk", flat=True)}
    bundled |= in_spinnaker(ids)
    reasons = {}
    for account in accounts:
        if not (account.granted_at or account.applied):
            reasons[account.pk] = "Bowline hasn't created anything in this account."
        elif account.pk in working:
            reasons[account.pk] = "A run is in progress. Wait until it finishes."
        elif account.pk in bundled and (presence := presence_of(account)):
            reasons[account.pk] = f"{presence.where} {presence.to_do}"
    return reasons


@posted_by_operator
def exclude_many(request: Request) -> HttpResponse:
    """Take the chosen accounts out of later bundles: the first step of a removal."""
    accounts, _ = chosen(request)
    held = {*ManagedAccount.objects.ready().values_list("pk", flat=True)}
    accounts = [account for account in accounts if account.pk in held]
    outcome = each(exclude_from_bundles, accounts, request.user)
    if not accounts:
        messages.info(request, "None of these accounts is in bundles.")
        return redirect("accounts:accounts")
    tell(request, "Excluded from later bundles:", outcome, "exclude", PASSED_ON)
    return redirect("accounts:bundle-next")


def chosen(
    request: Request, *, most: int = MOST_AT_ONCE
) -> tuple[list[ManagedAccount], int]:
    """Find the chosen accounts, by name, and count those that are too many at once."""
    found = chosen_accounts(request, matching_accounts(request.GET), by="name")
    accounts = sorted(found.accounts, key=lambda one: one.name)
    return accounts[:most], found.left + max(0, len(accounts) - most)


def nothing_chosen(request: Request) -> HttpResponse:
    messages.info(request, "Select accounts first. Nothing was changed.")
    return to_list(request)


def to_list(request: Request) -> HttpResponse:
    """Lead back to the list with its filters."""
    return redirect(f"{reverse('accounts:accounts')}?{request.GET.urlencode()}")


def page(
    request: Request, name: str, accounts: list[ManagedAccount], **shown: Any
) -> HttpResponse:
    """Show the chosen accounts and what is to be done to them."""
    shown |= {"accounts": accounts, "count": counted(len(accounts))}
    shown["crumbs"] = crumbs("accounts")
    return render(request, f"bulk/{name}.html", shown)
