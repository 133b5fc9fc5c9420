"""The managing account: described once, planned alone where that is wanted."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.discover.lookups import (
    ORGANIZATION,
    Question,
    home,
    known,
    own_account_of,
)
from accounts.http import Request
from accounts.mapping.edits import editing_managing
from accounts.mapping.managing import NoManagingAccount, managing_of
from accounts.models import ForeignPolicy, Lookup, ManagedAccount, ManagingAccount, Run
from accounts.people.doors import posted_by_operator
from accounts.people.role_limits.limits import may_everywhere
from accounts.people.role_limits.refusing import refuse_limited
from accounts.people.roles import OPERATOR, refusal
from accounts.runs import actions
from accounts.runs.capacity import NoRoom, capacity_of
from accounts.runs.managing.kept_roles import NotKept, take_role_off
from accounts.runs.managing.other_sites import (
    NothingToAdopt,
    adopt_list,
    found_in,
    sentence,
)
from accounts.web.crumbs import crumbs
from accounts.web.lookups import Asking, first_asking, look_up
from accounts.web.managing.asked import WHOLE_ORGANIZATION
from accounts.web.managing.facts import facts_of
from accounts.web.managing.forms import ManagingForm
from accounts.web.managing.made import made_in
from accounts.web.managing.next_step import next_step
from accounts.web.managing.switching import answered_organization, switch_of
from accounts.web.role_limits.here import everywhere
from onboarding import names

MOST_PROPOSED = 50
"""A longer list helps nobody who knows the name, and each page would carry it."""

SHARED = "the managing account"

DESCRIBED_ALREADY = (
    "Your changes weren't saved. Someone else set up the managing account while this "
    "page was open. Reload the page to edit it."
)


def managing(request: Request) -> HttpResponse:
    """Show the managing account; operators describe and edit it here."""
    row = ManagingAccount.objects.first()
    may_edit = may_everywhere(request.user, OPERATOR)
    offer: dict[str, Any] = {}
    if may_edit:
        offer = offered(request, row) if row else filled_in(request)
    if request.htmx and "asking" in offer:
        # Alone: with the form, what is typed meanwhile would be written over.
        asked = "managing/_asked.html" if row else "managing/_home.html"
        return render(request, asked, offer)
    form = ManagingForm(
        request.POST or None,
        instance=row or ManagingAccount(),
        initial=offer.get("initial"),
    )
    if request.method == "POST":
        refuse_limited(request.user, OPERATOR, SHARED)
        if not may_edit:
            raise PermissionDenied(refusal(OPERATOR))
        if row is not None and "new" in request.POST:
            form = ManagingForm(request.POST, instance=ManagingAccount())
            form.add_error(None, DESCRIBED_ALREADY)
        elif form.is_valid() and saved(form, request.user):
            messages.success(request, "The managing account is saved.")
            return redirect("accounts:managing")
    chosen = request.method == "POST" or {"edit", "switch"} & {*request.GET}
    return render(
        request,
        "managing/managing.html",
        {
            "editing": may_edit and bool(chosen or not row),
            "facts": facts_of(form) if row else (),
            "crumbs": crumbs("accounts"),
            "form": form,
            "row": ManagingAccount.objects.first() if form.errors else row,
            "may_edit": may_edit,
            "room": capacity_of(row) if row else None,
            "other_site": other_site_of(row) if row else None,
            "made": made_in(row) if row else [],
            "foreign": ForeignPolicy.objects.of(None),
            "next": next_step(row) if row and may_edit else None,
            "owners": owners(),
            **offer,
            **everywhere(request, SHARED),
            "managed_too": row
            and ManagedAccount.objects.filter(account_id=row.account_id).first(),
            "run": Run.objects.filter(kind=Run.Kind.MANAGING).first(),
        },
    )


def other_site_of(row: ManagingAccount) -> dict[str, Any] | None:
    """Say what another database did there; None: nothing is known of one."""
    if (found := found_in(row)) is None:
        return None
    return {"sentence": sentence(row, found), "roles": found.roles}


def owners() -> list[str]:
    """Propose accounts that own images, where they are few enough to choose from."""
    names_ = ManagedAccount.objects.order_by("name").values_list("name", flat=True)
    found = list(names_[: MOST_PROPOSED + 1])
    return found if len(found) <= MOST_PROPOSED else []


def filled_in(request: Request) -> dict[str, Any]:
    """Fill in what a new description begins with, as STS and Organizations say it.

    What somebody has typed meanwhile is kept.
    """
    question = home()
    if request.method == "POST":
        looked: Lookup | Asking | None = known(question)
    else:
        looked = look_up(request, question)
    if looked is None or isinstance(looked, Asking):
        return {"asking": looked} if looked else {}
    if looked.refused:
        return {"refusal": looked}
    found = own_account_of(looked)
    name = names.account_name_from(found.name or "spinnakermanaging")
    return {
        "home": found,
        "initial": {
            "name": request.GET.get("name") or name,
            "account_id": request.GET.get("account_id") or found.account_id,
            "partition": found.partition,
        },
    }


def offered(request: Request, row: ManagingAccount) -> dict[str, Any]:
    """Prepare the way from the list to the organization, where the URL asks for it."""
    if "switch" not in request.GET or row.organization:
        return {}
    initial = {"assume": WHOLE_ORGANIZATION}
    shown: dict[str, Any] = {
        "switch": switch_of(row),
        "initial": initial,
    }
    if request.method == "POST":
        return {**shown, "asking": first_asking(request)}
    managing = managing_of(row)
    question = Question(ORGANIZATION, managing.partition, managing.reach)
    looked = look_up(request, question)
    if isinstance(looked, Asking):
        return {**shown, "asking": looked}
    asked = answered_organization(row, looked)
    initial["organization"] = asked.organization
    shown["asked"] = asked
    return shown


def saved(form: ManagingForm, by: User) -> bool:
    """Write the row; False where somebody else wrote the first one meanwhile."""
    try:
        with editing_managing(form.instance, by):
            form.save()
    except IntegrityError:
        form.add_error(None, DESCRIBED_ALREADY)
        return False
    return True


@posted_by_operator
def managing_plan(request: Request) -> HttpResponse:
    """Plan the managing account alone."""
    try:
        run = actions.plan_managing(request.user)
    except actions.RunOpen as error:
        messages.info(request, f"{error} The current plan is shown below.")
        return redirect(error.see)
    except (NoManagingAccount, NoRoom) as error:
        messages.error(request, str(error))
        return redirect("accounts:managing")
    return redirect(run)


@posted_by_operator
def adopt(request: Request) -> HttpResponse:
    """Adopt the list of roles that another database left in AWS."""
    try:
        row = adopt_list(request.user)
    except (NoManagingAccount, NothingToAdopt) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            "This database now manages the managing account. Kept roles on the list: "
            f"{len(row.kept_roles):,}.",
        )
    return redirect("accounts:managing")


@posted_by_operator
def take_off(request: Request) -> HttpResponse:
    """Take a role off the list that an account left on it when it left Bowline."""
    try:
        take_role_off(request.POST.get("arn", ""), request.user)
    except (NoManagingAccount, NotKept) as error:
        messages.error(request, str(error))
    else:
        messages.success(
            request,
            "The role is off the list. Spinnaker can assume it until a plan of the "
            "managing account is applied.",
        )
    return redirect("accounts:managing")
