"""Plan, verify, edit, remove, retry and leave out of bundles many accounts, and rotate
their external IDs.

Where something of them is changed, a page shows the chosen accounts first; the press on
it acts on exactly those. Each account is treated by itself: one that cannot be edited
or planned keeps no other back. Nothing is approved here.
"""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.decisions.many import Many, each, who_may
from accounts.external_ids import (
    Held,
    finish_rotation,
    held_now,
    rotate,
    why_not_finish,
    why_not_rotate,
)
from accounts.forms.fields import RegionsField, form_field
from accounts.http import Request
from accounts.lists.accounts import MOST_IN_ROLLOUT, kinds_of_failed, matching_accounts
from accounts.mapping.completeness import refuse_incomplete
from accounts.mapping.edits import editing
from accounts.mapping.managing import managing_row
from accounts.mapping.spinnaker import claim_names
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import OPEN, WORKING, Status
from accounts.people.doors import posted_by_operator
from accounts.refused import Refused
from accounts.runs.deciding.starting import STARTS, start_plan
from accounts.spinnaker.bundles import exclude_from_bundles
from accounts.spinnaker.presence import in_spinnaker, presence_of
from accounts.web.accounts.views import MOST_ON_PAGE, Chosen, chosen_accounts
from accounts.web.crumbs import crumbs
from accounts.web.posts import tell_done
from accounts.web.rollouts.views import SAYS_STARTED, roll_out
from accounts.wording import counted
from onboarding.description.fields import IN_BULK, Field
from onboarding.description.other_names import NAME, PERMISSIONS, REGIONS
from onboarding.names import some

Kind = Rollout.Kind
KEEP, ADD, TAKE, SET = "", "add", "take", "set"
CHANGES = ((KEEP, "Don't change"), (ADD, "Add"), (TAKE, "Remove"), (SET, "Set to"))


def how_of(one: Field) -> str:
    """Name the question how the field changes."""
    return f"{one.name}_how"


class BulkEditForm(forms.Form):
    """What to change, of each account alike."""

    def __init__(self, *args: Any, partition: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for one in IN_BULK:
            changes = CHANGES if one.is_list else (CHANGES[0], CHANGES[-1])
            self.fields[how_of(one)] = forms.ChoiceField(
                label=one.words.label, required=False, choices=changes
            )
            self.fields[one.name] = form_field(one, one.in_bulk, required=False)
        regions = self.fields["regions"]
        assert isinstance(regions, RegionsField)
        regions.partition = partition

    @property
    def pairs(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Return each field's question how to change it, and the field itself."""
        return [(self[how_of(one)], self[one.name]) for one in IN_BULK]

    def clean(self) -> dict[str, Any]:
        said = super().clean() or self.cleaned_data
        if not any(said.get(how_of(one)) for one in IN_BULK):
            raise forms.ValidationError("Choose at least one change.")
        for one in IN_BULK:
            change, values = said.get(how_of(one)), said.get(one.name)
            needed = change in (ADD, TAKE) or (change == SET and one.is_needed)
            if needed and values == []:
                self.add_error(one.name, "Enter at least one.")
        return said


class CannotEdit(Refused):
    """The account would be described as it may not be."""

    code = "INVALID"


SO_ALREADY = "It's so already."


def edit(account: ManagedAccount, by: User, *, asked: dict[str, Any]) -> None:
    """Change the account's description. Raise CannotEdit where it is SO_ALREADY, too,
    NameTaken or DetailsError where it cannot be.
    """
    with transaction.atomic():
        rows = ManagedAccount.objects.select_for_update(no_key=True)
        row = rows.get(pk=account.pk)
        changed = {
            one.name: value
            for one in IN_BULK
            if (value := as_asked(row, one, asked)) != getattr(row, one.name)
        }
        if not changed:
            raise CannotEdit(SO_ALREADY)
        with editing(row, by):
            for name, value in changed.items():
                setattr(row, name, value)
            row.save(update_fields=[*changed])
        claim_names(ManagedAccount.objects.prefetch_related("providers").get(pk=row.pk))


def as_asked(row: ManagedAccount, one: Field, asked: dict[str, Any]) -> Any:
    before, value = getattr(row, one.name), asked[one.name]
    match asked[how_of(one)]:
        case "add":
            return [*before, *(each for each in value if each not in before)]
        case "take":
            left = [each for each in before if each not in value]
            if before and not left:
                raise CannotEdit(f"{one.emptied}.")
            return left
        case "set":
            return value
    return before


VERBS = {
    Kind.ONBOARD: "plan",
    Kind.VERIFY: "verify",
    Kind.REMOVE: "plan the removal of",
}


def tell(
    request: Request,
    did: str,
    many: Many[ManagedAccount],
    verb: str,
    then: str = SAYS_STARTED[Kind.ONBOARD],
) -> None:
    """Say of how many it was done, and of which it couldn't be."""
    said = f"{did} {counted(len(many.done))}. {then}"
    tell_done(request, said, f"Couldn't {verb} {len(many.left)}:", many)


MOST_EDITED = 200
"""The most that are edited in one request: some seconds' worth, as what follows from
each edit is computed.
"""

NOTHING = {
    Kind.ONBOARD: "Select accounts first. Nothing was started.",
    Kind.VERIFY: "Select accounts that exist in AWS. Nothing was started.",
}


@posted_by_operator
def plan_many(request: Request) -> HttpResponse:
    everything = matching_accounts(request.GET)
    return start_chosen(request, Kind.ONBOARD, everything, by="name")


@posted_by_operator
def verify_many(request: Request) -> HttpResponse:
    existing = matching_accounts(request.GET).existing()
    return start_chosen(request, Kind.VERIFY, existing, by="verified_at")


def start_chosen(
    request: Request, kind: Kind, everything: QuerySet[ManagedAccount], *, by: str
) -> HttpResponse:
    found = chosen_accounts(request, everything, by=by, most=MOST_IN_ROLLOUT)
    if not found.accounts:
        messages.info(request, NOTHING[kind])
        return to_list(request)
    tell_left(request, VERBS[kind], found)
    return start_together(request, kind, found.accounts)


def start_together(
    request: Request, kind: Kind, accounts: list[ManagedAccount]
) -> HttpResponse:
    """Start one account by itself, and more as a rollout, without those that can't be
    planned yet.
    """
    verb = VERBS[kind]
    if len(accounts) == 1:
        start = start_plan if kind == Kind.ONBOARD else STARTS[kind]
        alone = each(start, accounts, request.user)
        tell(request, f"Started to {verb}", alone, verb, SAYS_STARTED[kind])
        return redirect("accounts:runs") if alone.done else to_list(request)
    if kind == Kind.ONBOARD:
        complete = each(lambda one, _: refuse_incomplete(one), accounts, request.user)
        tell_done(request, "", f"Couldn't {verb} {len(complete.left)}:", complete)
        accounts = complete.done
    if not accounts:
        return to_list(request)
    return roll_out(request, accounts, kind, otherwise=to_list(request))


def tell_left(request: Request, verb: str, found: Chosen) -> None:
    if found.left:
        messages.info(
            request,
            f"{counted(found.left, 'more account')} left. To {verb} the rest, select "
            "all matching accounts again. Accounts with an open run are skipped.",
        )


@posted_by_operator
def edit_many(request: Request) -> HttpResponse:
    """Show how the chosen accounts are described, or edit them all."""
    accounts, left = chosen(request, most=MOST_EDITED)
    if not accounts:
        return nothing_chosen(request)
    sent = request.POST if "apply" in request.POST else None
    form = BulkEditForm(sent, partition=managing_row().partition)
    if not form.is_valid():
        others = some(names_with_own(accounts))
        return page(request, "edit", accounts, left=left, form=form, others=others)
    outcome = each(edit, accounts, request.user, asked=form.cleaned_data)
    refused = [(one, why) for one, why in outcome.left if why != SO_ALREADY]
    unchanged, outcome.left = len(outcome.left) - len(refused), refused
    tell(request, "Edited", outcome, "edit")
    if unchanged:
        messages.info(request, f"{counted(unchanged)} needed no change.")
    if "plan" in request.POST and outcome.done:
        return plan_again(request, outcome.done)
    return redirect("accounts:accounts")


def names_with_own(accounts: list[ManagedAccount]) -> list[str]:
    """List the other names in Spinnaker that don't have the account's Regions, or its
    permissions.
    """
    others = (one for account in accounts for one in account.also_as)
    return [one[NAME] for one in others if one.keys() & {REGIONS, PERMISSIONS}]


def plan_again(request: Request, edited: list[ManagedAccount]) -> HttpResponse:
    """Plan accounts as they are described since they were edited."""
    found = ManagedAccount.objects.filter(pk__in=[account.pk for account in edited])
    rows = found.order_by("name").prefetch_related("providers")
    return start_together(request, Kind.ONBOARD, list(rows))


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
    return start_together(request, Kind.REMOVE, removable)


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
    then = (
        "Build the next bundle, install it in Spinnaker, and mark it as installed. "
        "Then you can remove the accounts from AWS."
    )
    tell(request, "Excluded from later bundles:", outcome, "exclude", then)
    return redirect("accounts:bundle-next")


def chosen(
    request: Request, *, most: int = MOST_ON_PAGE
) -> tuple[list[ManagedAccount], int]:
    """Find the chosen accounts, by name, and count those that are too many at once."""
    everything = matching_accounts(request.GET)
    found = chosen_accounts(request, everything, by="name", most=most)
    return sorted(found.accounts, key=lambda one: one.name), found.left


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


@posted_by_operator
def retry_many(request: Request) -> HttpResponse:
    """Start the newest run of each chosen account again, where it failed."""
    accounts, left = chosen(request, most=MOST_IN_ROLLOUT)
    if not accounts:
        return nothing_chosen(request)
    if left:
        messages.info(
            request, f"{counted(left, 'more account')} left. Retry the rest afterwards."
        )
    kinds = kinds_of_failed(accounts)
    if others := len(accounts) - len(kinds):
        messages.info(request, f"The last run of {counted(others)} didn't fail.")
    by_kind: dict[str, list[ManagedAccount]] = {}
    for account in accounts:
        if account.pk in kinds:
            by_kind.setdefault(kinds[account.pk], []).append(account)
    answers = [
        start_together(request, Kind(kind), failed)
        for kind, failed in sorted(by_kind.items())
    ]
    if not answers:
        return to_list(request)
    return answers[0] if len(answers) == 1 else redirect("accounts:runs")


BUSY = (
    "A run is in progress, or the account is part of a rollout. Wait until it finishes."
)


class Rotations(NamedTuple):
    to_begin: list[ManagedAccount]
    to_finish: list[ManagedAccount]
    kept: list[tuple[ManagedAccount, str]]
    """Those that have to wait, or have nothing to rotate, and why."""


@posted_by_operator
def rotate_many(request: Request) -> HttpResponse:
    """Show what of the chosen accounts can be rotated; begin or finish it, and plan."""
    accounts, left = chosen(request, most=MOST_EDITED)
    if not accounts:
        return nothing_chosen(request)
    held = held_now()
    shown_only = "apply" not in request.POST
    others = outside(accounts, request.user) if shown_only else {}
    found = rotations_of(accounts, held, others)
    match request.POST.get("apply"):
        case "begin":
            outcome = each(rotate, found.to_begin, request.user)
            then = "AWS will accept both the new external ID and the previous one."
            tell(request, "Created a new external ID for", outcome, "rotate", then)
        case "finish":
            outcome = each(finish_rotation, found.to_finish, request.user, held=held)
            then = "AWS will accept only the new external ID."
            tell(request, "Finished the rotation of", outcome, "finish", then)
        case _:
            shown = {"left": left, **found._asdict()}
            return page(request, "rotate", accounts, **shown)
    if not outcome.done:
        messages.info(request, "No external ID was changed.")
        return redirect("accounts:accounts")
    return plan_again(request, outcome.done)


def rotations_of(
    accounts: list[ManagedAccount], held: Held, outside: dict[UUID, str]
) -> Rotations:
    """Say of each account which step of a rotation it can take now."""
    busy = in_progress(accounts)
    found = Rotations([], [], [])
    for account in accounts:
        rotates = bool(account.former_external_id)
        if account.pk in outside:
            reason = outside[account.pk]
        elif account.pk in busy:
            reason = BUSY
        elif rotates:
            reason = why_not_finish(account, held)
        else:
            reason = why_not_rotate(account)
        if reason:
            found.kept.append((account, reason))
        else:
            (found.to_finish if rotates else found.to_begin).append(account)
    return found


def in_progress(accounts: list[ManagedAccount]) -> set[UUID | None]:
    """Find the accounts that a new plan could not be made of now."""
    waiting = Q(status=Status.PLANNED, rollout=None)
    runs = Run.objects.filter(status__in=OPEN, account__in=accounts).exclude(waiting)
    return {run.account_id for run in runs.only("account")}
