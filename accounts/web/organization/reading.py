"""Asking a worker to read the organization, and showing how far it is."""

from __future__ import annotations

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.discover.organization.reading import begin_reading, kept_organization
from accounts.http import Request
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount, Member, Organization
from accounts.people.doors import operator_required, posted_by_operator


class Progress(NamedTuple):
    """How far a reading is."""

    what: str
    done: int
    of: int
    """About how many there will be; 0: unknown."""


def progress_of(organization: Organization) -> Progress:
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
    """Show how far the reading is; once it ended, the page is another one."""
    row = ManagingAccount.objects.first()
    organization = kept_organization(managing_of(row)) if row else None
    if organization is None:
        return redirect("accounts:organization")
    progress = progress_of(organization) if organization.is_reading else None
    shown = {"organization": organization, "progress": progress}
    return render(request, "organization/_reading.html", shown)
