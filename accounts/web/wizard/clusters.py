"""EKS clusters of many accounts: found by a worker, chosen, named, and described.

Whatever is pressed on the page keeps first what is selected and filled in on it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Page, Paginator
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django_htmx.http import HttpResponseClientRefresh

from accounts.discover.clusters import (
    Alike,
    ClustersRefused,
    begin_search,
    describe_ticked,
    found_clusters,
    running_of,
)
from accounts.forms.organization import AlikeForm
from accounts.http import Request, page_of
from accounts.lists.accounts import MOST_IN_ROLLOUT, matching_accounts
from accounts.lists.members import CLUSTERS, WIDE, matching_clusters
from accounts.models import FoundCluster, Question
from accounts.people.deciding import Outside
from accounts.people.doors import operator_required, posted_by_operator
from accounts.slices import in_slices
from accounts.web.accounts.views import chosen_accounts
from accounts.web.bulk.views import plan_again, tell_left, to_list
from accounts.web.crumbs import crumbs
from accounts.wording import counted

PAGE = 50
REFUSED = "refused"
"""What the URL says for the accounts that could not be read."""

MOST_SENTENCES = 20
"""The most problems that are listed; the rest are counted."""


@posted_by_operator
def clusters_find(request: Request) -> HttpResponse:
    """Begin to search the chosen accounts; one search of a person at a time."""
    if running := running_of(request.user):
        messages.info(request, "Your last search is still in progress.")
        return redirect(running)
    everything = matching_accounts(request.GET)
    found = chosen_accounts(request, everything, by="name", most=MOST_IN_ROLLOUT)
    if not found.accounts:
        messages.info(request, "Select accounts first. Nothing was started.")
        return to_list(request)
    tell_left(request, "search", found)
    try:
        return redirect(begin_search(found.accounts, request.user))
    except Outside as error:
        messages.error(request, str(error))
        return to_list(request)


@operator_required
def clusters(request: Request, search: UUID) -> HttpResponse:
    """Show how far the search is, or what it found, or keep what is chosen of that."""
    row = get_object_or_404(found_clusters.read(request.user), pk=search)
    if row.waits:
        return progress_page(request, row)
    if request.htmx:
        return HttpResponseClientRefresh()
    if request.GET.get("show") == REFUSED:
        return refused_page(request, row)
    if request.method != "POST":
        return page(request, row, request.GET)
    return change(request, row)


def progress_page(request: Request, search: Question) -> HttpResponse:
    shown = {
        **heading(search),
        "searched": search.accounts.exclude(read_at=None).count(),
        "of": search.accounts.count(),
        "found": search.clusters.count(),
    }
    name = "_progress" if request.htmx else "progress"
    return render(request, f"clusters/{name}.html", shown)


def refused_page(request: Request, search: Question) -> HttpResponse:
    rows = search.accounts.exclude(message="").select_related("account")
    one_page = page_of(request, rows)
    shown = {**heading(search), "page": one_page}
    shown["crumbs"] += [("EKS clusters", search.get_absolute_url())]
    return render(request, "clusters/refused.html", shown)


def change(request: Request, search: Question) -> HttpResponse:
    """Keep what the page says, then do what was pressed."""
    form = AlikeForm(request.POST)
    keep_ticks(search, request.POST)
    if not form.is_valid():
        return page(request, search, request.POST, form=form)
    search.input |= form.cleaned_data
    search.save(update_fields=["input"])
    if "describe" not in request.POST:
        return redirect(f"{search.get_absolute_url()}?{query(request.POST)}")
    if not search.clusters.filter(ticked=True).exists():
        form.add_error(None, "Select clusters first.")
        return page(request, search, request.POST, form=form)
    try:
        edited = describe_ticked(search, request.user)
    except ClustersRefused as error:
        return page(request, search, request.POST, form=form, refused=error.sentences)
    messages.success(request, f"Added their clusters to {counted(len(edited))}.")
    if "plan" in request.POST:
        return plan_again(request, edited)
    return redirect(search)


def keep_ticks(search: Question, sent: QueryDict) -> None:
    """Keep what is selected on the page, and all or none of what matches."""
    shown, ticked = ({*numbers(sent.getlist(key))} for key in ("shown", "cluster"))
    free = search.clusters.filter(added=False)
    free.filter(pk__in=shown & ticked).update(ticked=True)
    free.filter(pk__in=shown - ticked).update(ticked=False)
    if "all" in sent or "none" in sent:
        for keys in in_slices(matching_clusters(search, sent)):
            free.filter(pk__in=keys).update(ticked="all" in sent)


def numbers(texts: list[str]) -> list[int]:
    """Read the keys of a page's rows."""
    return [int(text) for text in texts[:PAGE] if text.isdecimal() and len(text) < 19]


def query(sent: QueryDict) -> str:
    """Write what is shown as a URL says it: another page, another filter, or the same
    again.
    """
    asked = {one.name: value for one, value in CLUSTERS.said(sent)}
    if "filter" not in sent:
        asked["page"] = sent.get("page") or sent.get("at", "")
    return urlencode(asked)


def page(
    request: Request,
    search: Question,
    asked: QueryDict,
    *,
    form: AlikeForm | None = None,
    refused: list[str] | None = None,
) -> HttpResponse:
    keys = matching_clusters(search, asked)
    number = asked.get("page") or asked.get("at")
    one_page = Paginator(keys, PAGE).get_page(number)
    alike = Alike.of(search)
    regions = search.clusters.order_by("region").values_list("region", flat=True)
    ticked = search.clusters.filter(ticked=True)
    on_page = rows_of(one_page)
    shown = {
        **heading(search),
        "page": one_page,
        "rows": [(row, alike.name(row)) for row in on_page],
        "filters": CLUSTERS.values(asked),
        "is_filtered": bool(CLUSTERS.said(asked)),
        "regions": regions.distinct(),
        "form": form or AlikeForm(initial=alike.model_dump()),
        "problems": (refused or [search.why] * search.refused)[:MOST_SENTENCES],
        "more_problems": len((refused or [])[MOST_SENTENCES:]),
        "total": search.clusters.count(),
        "ticked": (count := ticked.count()),
        "elsewhere": count - sum(row.ticked for row in on_page),
        "searched": search.accounts.count(),
        "unread": search.accounts.exclude(message="").count(),
    }
    return render(request, "clusters/clusters.html", shown)


def rows_of(one_page: Page[int]) -> list[FoundCluster]:
    rows = FoundCluster.objects.filter(pk__in=list(one_page)).select_related("account")
    by_key = {row.pk: row for row in rows.defer(*WIDE)}
    return [by_key[pk] for pk in one_page if pk in by_key]


def heading(search: Question) -> dict[str, Any]:
    return {"search": search, "crumbs": crumbs("accounts")}
