"""The managing account: described once, planned alone where that is wanted."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.discover.in_aws import home, organization_membership, own_account_of
from accounts.discover.questions import known
from accounts.http import Request
from accounts.mapping.edits import edit_managing, editing_managing
from accounts.mapping.managing import managing_of
from accounts.models import (
    ForeignPolicy,
    ManagedAccount,
    ManagingAccount,
    Question,
    Run,
)
from accounts.runs import actions
from accounts.runs.capacity import capacity_of
from accounts.runs.managing.kept_roles import take_role_off
from accounts.runs.managing.other_sites import adopt_list, found_in, sentence
from accounts.web.crumbs import crumbs
from accounts.web.managing.asked import WHOLE_ORGANIZATION
from accounts.web.managing.facts import facts_of
from accounts.web.managing.forms import ManagingForm
from accounts.web.managing.made import made_in
from accounts.web.managing.next_step import next_step
from accounts.web.managing.switching import answered_organization, switch_of
from accounts.web.posts import post
from accounts.web.questions import Asking, first_asking, look_up
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
    may_edit = not edit_managing.verdict(request.user).outside
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
        edit_managing.refuse(request.user)
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
        looked: Question | Asking | None = known(question)
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
    question = organization_membership.at(managing.partition, managing.reach)
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


def chosen_role(posted: QueryDict) -> dict[str, str]:
    return {"arn": posted.get("arn", "")}


def adopted_list(row: ManagingAccount) -> str:
    return (
        "This database now manages the managing account. Kept roles on the list: "
        f"{len(row.kept_roles):,}."
    )


post_here = partial(post, refused="accounts:managing")
posts = [
    post_here("managing/plan/", actions.plan_managing, name="managing-plan"),
    post_here(
        "managing/adopt-list/",
        adopt_list,
        name="managing-adopt-list",
        said=adopted_list,
        then="accounts:managing",
    ),
    post_here(
        "managing/take-off/",
        take_role_off,
        name="kept-role-take-off",
        given=chosen_role,
        said="The role is off the list. Spinnaker can assume it until a plan of the "
        "managing account is applied.",
        then="accounts:managing",
    ),
]
