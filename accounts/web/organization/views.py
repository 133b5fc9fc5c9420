"""Many accounts of the organization at once, with what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.discover.organization.adding import HERE, begin_adding
from accounts.discover.organization.members import (
    MOST_AT_ONCE,
    MembersRefused,
    describe_all,
    listed_members,
)
from accounts.discover.organization.reading import kept_organization
from accounts.forms.organization import SharedForm
from accounts.http import Request, page_of
from accounts.lists.declaration import with_titles
from accounts.lists.members import MEMBERS, matching_members
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Organization, Rollout
from accounts.people.deciding import Outside
from accounts.people.doors import operator_required
from accounts.web.crumbs import crumbs
from accounts.web.organization.adding import NEXT, added_accounts_url, worded
from accounts.web.organization.reading import progress_of
from accounts.web.organization.usual import usual
from accounts.web.rollouts.starting import roll_out
from onboarding.topology import Managing

TICK = "Select accounts first."


@operator_required
def organization(request: Request) -> HttpResponse:
    """List the organization's accounts, or describe the selected ones."""
    row = ManagingAccount.objects.first()
    if row is None:
        messages.info(
            request, "Set up the managing account first. All accounts trust it."
        )
        return redirect("accounts:managing")
    managing = managing_of(row)
    kept = kept_organization(managing)
    if kept is None or kept.read_at is None:
        return unread_page(request, managing, kept)
    if request.method == "POST":
        return describe_ticked(request, managing, kept)
    return page(request, managing, kept)


def unread_page(
    request: Request, managing: Managing, kept: Organization | None
) -> HttpResponse:
    shown: dict[str, Any] = {
        "organization": kept,
        "asked": managing.aws.home_region,
        "crumbs": crumbs("accounts"),
    }
    if kept and kept.is_reading:
        shown["progress"] = progress_of(kept)
    return render(request, "organization/unread.html", shown)


def describe_ticked(
    request: Request, managing: Managing, kept: Organization
) -> HttpResponse:
    form = SharedForm(request.POST, partition=managing.partition)
    chosen = request.POST.getlist("account")
    refused: dict[str, str] = {}
    if form.is_valid():
        if "everything" in request.POST:
            free = (
                matching_members(kept, request.GET)
                .free()
                .order_by("name", "account_id")
            )
            chosen = list(free.values_list("account_id", flat=True)[:MOST_AT_ONCE])
        if not chosen:
            form.add_error(None, TICK)
            return page(request, managing, kept, form=form)
        try:
            if len(chosen) > HERE:
                plans = "plan" in request.POST
                shared = form.shared()
                return redirect(
                    begin_adding(kept, chosen, shared, request.user, plans=plans)
                )
            moment = describe_all(kept, chosen, form.shared(), request.user)
        except MembersRefused as error:
            refused = error.sentences
        except Outside as error:
            form.add_error("environment", str(error))
        else:
            count = worded(len(chosen))
            added = redirect(added_accounts_url(moment.isoformat()))
            if "plan" in request.POST:
                messages.success(request, f"{count}.")
                drafts = ManagedAccount.objects.filter(created_at=moment)
                kind = Rollout.Kind.ONBOARD
                return roll_out(request, drafts, kind, otherwise=added)
            messages.success(request, f"{count}. {NEXT}")
            return added
    return page(request, managing, kept, form=form, chosen=chosen, refused=refused)


def page(
    request: Request,
    managing: Managing,
    kept: Organization,
    *,
    form: SharedForm | None = None,
    chosen: Iterable[str] = (),
    refused: dict[str, str] | None = None,
) -> HttpResponse:
    matched = matching_members(kept, request.GET)
    rows = matched.select_related("unit").prefetch_related("tags")
    one_page = page_of(request, MEMBERS.ordered(rows, request.GET))
    environments = ManagedAccount.objects.exclude(environment="").order_by()
    staying = kept.members.filter(gone_at=None)
    shown: dict[str, Any] = {
        "organization": kept,
        "progress": progress_of(kept) if kept.is_reading else None,
        "page": one_page,
        "listed": listed_members(one_page, managing),
        "columns": MEMBERS.sorts.items(),
        "sort": MEMBERS.sort_of(request.GET),
        "filter_form": MEMBERS.form(
            request.GET,
            unit=[*kept.units.values_list("unit_id", "path")],
            tag=with_titles(kept.tag_keys),
        ),
        "total": staying.count(),
        "added": staying.added().count(),
        "free": (free := matched.free().count()),
        "most": MOST_AT_ONCE if free > MOST_AT_ONCE else 0,
        "form": form or SharedForm(partition=managing.partition, initial=usual()),
        "chosen": set(chosen) - set(refused or ()),
        "refused": refused,
        "everything": "everything" in request.POST,
        "environments": environments.values_list("environment", flat=True).distinct(),
        "crumbs": crumbs("accounts"),
    }
    return render(request, "organization/organization.html", shown)
