"""The AWS organization: read by a worker, many of its accounts added at once,
its units watched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django_htmx.http import HttpResponseClientRefresh

from accounts.discover.organization.members import (
    MOST_AT_ONCE,
    MembersRefused,
    describe_all,
    listed_members,
)
from accounts.discover.organization.reading import begin_reading, kept_organization
from accounts.discover.organization.watching import (
    HERE,
    SoFar,
    added_members,
    begin_adding,
    count_chosen,
    so_far,
    stop_watching,
    watch_unit,
)
from accounts.forms.organization import SharedForm, WatchForm
from accounts.http import Request, page_of
from accounts.lists.accounts import environments
from accounts.lists.declaration import with_titles
from accounts.lists.members import MEMBERS, matching_members
from accounts.mapping.managing import managing_of
from accounts.models import (
    ManagedAccount,
    ManagingAccount,
    Member,
    Organization,
    Rollout,
    Watch,
)
from accounts.people.deciding import Outside
from accounts.people.doors import operator_required, posted_by_operator
from accounts.web.crumbs import crumbs
from accounts.web.posts import one_of, post
from accounts.web.rollouts.views import roll_out, tell_started
from accounts.web.wizard.access import USUAL_ACCESS_ROLE, last_said
from accounts.wording import for_count
from onboarding.topology import MadeBy, Managing


def usual() -> dict[str, Any]:
    return {
        "regions": last_said("regions", []) or [],
        "made_by": MadeBy.BOWLINE.value,
        "access_role": USUAL_ACCESS_ROLE,
        "providers": ["ec2"],
        "uses_external_id": True,
    }


class Progress(NamedTuple):
    """How far a reading is."""

    what: str
    done: int
    of: int
    """About how many there will be; 0: unknown."""


def progress_of(organization: Organization) -> Progress | None:
    """Say how far the reading is; None where nothing is being read."""
    if not organization.is_reading:
        return None
    members = Member.objects.filter(organization=organization)
    staying = members.filter(gone_at=None)
    if organization.to_read:
        found = staying.seen(organization.reading).count()
        of = staying.count() if organization.read_at else 0
        return Progress("accounts", found, of)
    unseen = staying.unseen(organization.reading).count()
    if unseen:
        return Progress("accounts that weren't found, checked", 0, unseen)
    active = members.active()
    tagged = active.filter(tags_in=organization.reading).count()
    return Progress("accounts' tags", tagged, active.count())


@posted_by_operator
def organization_read(request: Request) -> HttpResponse:
    row = ManagingAccount.objects.first()
    if row is None:
        return redirect("accounts:managing")
    if not begin_reading(managing_of(row), request.user, tags="tags" in request.POST):
        messages.info(request, "The organization is already being read.")
    return redirect("accounts:organization")


@operator_required
def organization_progress(request: Request) -> HttpResponse:
    """Show how far the reading is. Once it ended, a page without a list is another one;
    one with a list stays as it is, with what a person chose there.
    """
    organization = kept_organization(ManagingAccount.objects.first())
    if organization is None:
        return redirect("accounts:organization")
    progress = progress_of(organization)
    if request.htmx and "unread" in request.GET and not progress:
        return HttpResponseClientRefresh()
    shown = {"organization": organization, "progress": progress}
    return render(request, "organization/_reading.html", shown)


MOST_SENTENCES = 20
NEXT = (
    "The list shows only these accounts. Review them, select all, and plan. Nothing "
    "in AWS changes until the plans are approved."
)


@operator_required
def organization_adding(request: Request, adding: UUID) -> HttpResponse:
    row = get_object_or_404(added_members.read(request.user), pk=adding)
    if request.htmx and not row.waits:
        return HttpResponseClientRefresh()
    how_far, count = so_far(row), count_chosen(row)
    if how_far.added and not row.waits:
        return led(request, how_far, count)
    shown: dict[str, Any] = {
        "adding": row,
        "of": count,
        "how_far": how_far,
        "saves": how_far.checked >= count,
        "refused": how_far.refused[:MOST_SENTENCES],
        "more": max(0, len(how_far.refused) - MOST_SENTENCES),
        "crumbs": crumbs("accounts", "organization"),
    }
    name = "_adding" if request.htmx else "adding"
    return render(request, f"organization/{name}.html", shown)


def led(request: Request, how_far: SoFar, accounts: int) -> HttpResponse:
    """Lead to the rollout, or to the list of exactly these accounts."""
    count = worded(accounts)
    if how_far.rollout:
        messages.success(request, f"{count}.")
        return tell_started(request, Rollout.objects.get(pk=how_far.rollout))
    if how_far.refused:
        messages.error(request, " ".join(how_far.refused))
    messages.success(request, f"{count}. {NEXT}")
    return redirect(added_accounts_url(how_far.added))


def worded(count: int) -> str:
    return for_count(count, "1 account is added", "{count} accounts are added")


def added_accounts_url(moment: str) -> str:
    """Give the address of the list of the accounts that came to be at this moment."""
    query = urlencode({"added": moment})
    return f"{reverse('accounts:accounts')}?{query}"


MOST_REFUSED = 20
"""The most new accounts that are named because they could not become drafts."""


@operator_required
def organization_watch(request: Request) -> HttpResponse:
    """Show what is watched, or watch a unit."""
    kept = kept_organization(ManagingAccount.objects.first())
    if kept is None or kept.read_at is None:
        messages.info(request, "Read the organization before you watch its units.")
        return redirect("accounts:organization")
    form = WatchForm(
        request.POST or None,
        organization=kept,
        partition=kept.partition,
        initial={**usual(), "unit": request.GET.get("unit")},
    )
    if request.method == "POST" and form.is_valid():
        unit, roles_tag = form.cleaned_data["unit"], form.cleaned_data["roles_tag"]
        try:
            watch_unit(unit, form.shared(), roles_tag, request.user)
        except Outside as error:
            form.add_error("environment", str(error))
        else:
            said = f"{unit} is watched. Its new accounts become drafts."
            messages.success(request, said)
            return redirect("accounts:organization-watch")
    watches = Watch.objects.filter(unit__organization=kept).select_related("unit")
    refused = Member.objects.filter(organization=kept).exclude(draft_refused="")
    shown: dict[str, Any] = {
        "watches": watches,
        "refused": refused.free().select_related("unit")[:MOST_REFUSED],
        "form": form,
        "environments": environments(),
        "crumbs": crumbs("accounts", "organization"),
    }
    return render(request, "organization/watch.html", shown)


posts = [
    post(
        "accounts/organization/watch/<uuid:pk>/stop/",
        stop_watching,
        name="organization-unwatch",
        find=one_of(Watch.objects.select_related("unit")),
        said="{0.unit} is no longer watched.",
        then="accounts:organization-watch",
    )
]


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
        "progress": kept and progress_of(kept),
        "crumbs": crumbs("accounts"),
    }
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
            form.add_error(None, "Select accounts first.")
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
    staying = kept.members.filter(gone_at=None)
    shown: dict[str, Any] = {
        "organization": kept,
        "progress": progress_of(kept),
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
        "environments": environments(),
        "crumbs": crumbs("accounts"),
    }
    return render(request, "organization/organization.html", shown)
