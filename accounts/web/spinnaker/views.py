"""The connection with Spinnaker: what is described, what a test saw, what to set there.

A test is a worker's; an administrator describes the connection, and confirms it.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db import IntegrityError
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts.discover.connection import FILE, connection_test, switches_of
from accounts.discover.questions import ask
from accounts.http import Request, attachment
from accounts.mapping.spinnaker.describing import describe_spinnaker
from accounts.models import ManagingAccount, Spinnaker
from accounts.people.doors import administrator_required, posted_by_operator
from accounts.spinnaker.testing import last_test
from accounts.web.crumbs import crumbs
from accounts.web.questions import Asking, look_up
from accounts.web.spinnaker.forms import SpinnakerForm
from accounts.web.you.confirmation import confirmation_required
from onboarding.checks import Outcome

SOMEONE_ELSE = (
    "Your changes weren't saved. Someone else connected Spinnaker while this page "
    "was open. Reload the page to edit the connection."
)


def spinnaker(request: Request) -> HttpResponse:
    """Show the connection with its last test; `look` in the URL waits for one."""
    row = Spinnaker.objects.first()
    shown = tested(request, row) if row else {}
    if request.htmx:
        return render(request, "spinnaker/_tested.html", {"row": row, **shown})
    managing = ManagingAccount.objects.first()
    return render(
        request,
        "spinnaker/spinnaker.html",
        {
            "row": row,
            "file": FILE,
            "switches": switches_of(managing, row) if managing else "",
            "crumbs": crumbs("spinnaker-now"),
            **shown,
        },
    )


def tested(request: Request, row: Spinnaker) -> dict[str, Any]:
    """Return what the last test saw, or how the page waits for the one that runs."""
    if "look" in request.GET:
        looked = look_up(request, connection_test(row))
        if isinstance(looked, Asking):
            return {"asking": looked}
        if looked.refused:
            return {"refusal": looked}
        row.refresh_from_db()
    seen = last_test(row)
    failed = any(one.outcome == Outcome.FAILED for one in seen)
    return {"seen": seen, "failed": failed}


@posted_by_operator
def spinnaker_test(request: Request) -> HttpResponse:
    """Let a worker test the connection; nothing in Spinnaker changes."""
    return asked_for_a_test(request)


def asked_for_a_test(request: Request) -> HttpResponse:
    row = Spinnaker.objects.first()
    if row is None:
        return redirect("accounts:spinnaker")
    ask(connection_test(row), request.user, again=True)
    return redirect(f"{reverse('accounts:spinnaker')}?look=answer#test")


def spinnaker_file(request: Request) -> HttpResponse:
    """Return what Clouddriver needs once, as a file."""
    managing = ManagingAccount.objects.first()
    if managing is None:
        raise Http404("The managing account isn't set up yet.")
    text = switches_of(managing, Spinnaker.objects.first())
    return attachment(text, FILE, "application/yaml")


@administrator_required
@confirmation_required("accounts:spinnaker-edit")
def spinnaker_edit(request: Request) -> HttpResponse:
    """Describe the connection; it is tested right after."""
    row = Spinnaker.objects.first()
    form = SpinnakerForm(request.POST or None, instance=row or Spinnaker())
    if request.method == "POST" and form.is_valid():
        try:
            describe_spinnaker(form.described, request.user)
        except IntegrityError:
            form.add_error(None, SOMEONE_ELSE)
        else:
            messages.success(request, "The connection is saved.")
            return asked_for_a_test(request)
    reach = settings.SPINNAKER
    return render(
        request,
        "spinnaker/edit.html",
        {
            "form": form,
            "row": row,
            "reach": reach,
            "crumbs": crumbs("spinnaker-now", "spinnaker"),
        },
    )
