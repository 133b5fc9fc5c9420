"""The page of watched organizational units, each with the template of new accounts."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.discover.organization.reading import kept_organization
from accounts.discover.organization.watching import stop_watching, watch_unit
from accounts.forms.organization import WatchForm
from accounts.http import Request
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Member, Watch
from accounts.people.deciding import Outside
from accounts.people.doors import operator_required
from accounts.web.crumbs import crumbs
from accounts.web.organization.usual import usual
from accounts.web.posts import one_of, post
from onboarding.providers import PROVIDERS

MOST_REFUSED = 20
"""The most new accounts that are named because they could not become drafts."""


@operator_required
def organization_watch(request: Request) -> HttpResponse:
    """Show what is watched, or watch a unit."""
    row = ManagingAccount.objects.first()
    kept = kept_organization(managing_of(row)) if row else None
    if row is None or kept is None or kept.read_at is None:
        messages.info(request, "Read the organization before you watch its units.")
        return redirect("accounts:organization")
    form = WatchForm(
        request.POST or None,
        organization=kept,
        partition=row.partition,
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
    environments = ManagedAccount.objects.exclude(environment="").order_by()
    shown: dict[str, Any] = {
        "watches": [(watch, titles(watch)) for watch in watches],
        "refused": refused.free().select_related("unit")[:MOST_REFUSED],
        "form": form,
        "environments": environments.values_list("environment", flat=True).distinct(),
        "crumbs": crumbs("accounts", "organization"),
    }
    return render(request, "organization/watch.html", shown)


def titles(watch: Watch) -> str:
    """Name the providers of its template."""
    known = (PROVIDERS[key].title for key in watch.providers if key in PROVIDERS)
    return ", ".join(known)


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
