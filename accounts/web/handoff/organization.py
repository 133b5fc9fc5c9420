"""The page for an organization's administrator: one StackSet for many accounts.

What is on it was handed out: an account is part of it once its plan is approved.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render

from accounts.http import Request, attachment, page_of
from accounts.mapping.managing import NoManagingAccount, managing_of, managing_row
from accounts.models import HandOff, ManagedAccount
from accounts.people.doors import operator_required
from accounts.runs.owners.hand_offs import NOT_READY, NotHandedOff
from accounts.runs.owners.organization import (
    SHARED,
    StackSet,
    hand_out_sets,
    look_at_all,
    newest_of,
    of_organization,
    stack_sets,
)
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_site, watched
from accounts.web.posts import post
from accounts.web.role_limits import everywhere
from onboarding.handoff.organization import (
    ARCHIVE,
    ForMany,
    about,
    message,
    package,
    ways,
)
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.topology import Managing


def organization_hand_off(request: Request) -> HttpResponse:
    """Show each StackSet with its commands, and how far every account is."""
    live = watched(request, live_site())
    rows = of_organization()
    page = page_of(request, rows.order_by("name"))
    sets = stack_sets()
    shown: dict[str, Any] = {
        "live": live,
        "page": page,
        "listed": list(with_hand_offs(page)),
        "unplanned": page.paginator.count - sum(one.accounts for one in sets),
        "waiting": sum(one.waiting for one in sets),
        "crumbs": crumbs("accounts"),
        **everywhere(request, SHARED),
    }
    if sets:
        try:
            shown |= with_sets(managing_of(managing_row()), sets)
        except (NoManagingAccount, *NOT_READY) as error:
            shown["not_ready"] = str(error)
    return render(request, "handoff/organization.html", shown)


def with_hand_offs(
    accounts: Iterable[ManagedAccount],
) -> Iterator[tuple[ManagedAccount, HandOff | None]]:
    """Yield each account with what was handed out for it last."""
    shown = list(accounts)
    newest = HandOff.objects.newest().filter(account__in=shown)
    by_account = {one.account_id: one for one in newest}
    for account in shown:
        yield account, by_account.get(account.pk)


def with_sets(managing: Managing, sets: Iterable[StackSet]) -> dict[str, Any]:
    """Describe each with all that its administrator runs; whether it was edited: its
    newest account, which was not planned again.
    """
    found = list(newest_of(managing, sets))
    many = [ForMany(one, ("",) * counts.accounts) for counts, one in found]
    return {
        "sets": [
            {
                "counts": counts,
                "ways": ways(one),
                "is_edited": one.digest not in counts.texts,
            }
            for counts, one in found
        ],
        "about": about(found[0][1]),
        "message": message(many),
    }


@operator_required
def organization_hand_off_archive(request: Request) -> HttpResponse:
    """Return everything as a zip, for an administrator without a login."""
    try:
        sets = hand_out_sets(request.user)
    except (NotHandedOff, *NOT_READY) as error:
        raise Http404(str(error)) from error
    return attachment(zipped(package(sets)), ARCHIVE, "application/zip")


look = post(
    "accounts/hand-off/look/",
    look_at_all,
    name="organization-hand-off-look",
    said="Bowline checks now, and then every 30 seconds.",
    then="accounts:organization-hand-off",
    refused="accounts:organization-hand-off",
)
