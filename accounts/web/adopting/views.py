"""Files of an existing Spinnaker: read in memory, reported on, never stored.

They hold secrets, so they are read while their request lasts, and no worker, database
or log gets one. A worker asks Gate: it gets what was read, which holds no secret.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.contrib import messages
from django.core.exceptions import TooManyFilesSent
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_variables

from accounts.discover.files import adopted_spinnaker
from accounts.discover.questions import ask
from accounts.http import BESIDE, InMemory, Request, drain, length
from accounts.mapping.adopting.keeping import ReportRequest, sources_of, store_report
from accounts.mapping.adopting.reporting import (
    MOST_IN_ALL,
    TOO_MUCH,
    CannotAdopt,
    ReadsAnother,
    files_read,
    managed_role,
    one_at_a_time,
    reported,
)
from accounts.models import Adoption, Spinnaker
from accounts.people.doors import operator_required
from accounts.web.adopting.forms import AdoptForm
from accounts.web.crumbs import crumbs
from accounts.web.questions import lead, still_waits
from onboarding.adopting.sources.passing import passed
from onboarding.adopting.sources.reading import Read

MOST_EARLIER = 10
SAME_AGAIN = "You sent the same files before, so this is the same report."
BUSY = "Two of your files are already being processed. Try again in a few seconds."
WAITING = {
    "title": "I have a Spinnaker already",
    "says": "Reading the connected Spinnaker",
    "large": "With many accounts, this takes a few seconds. This page then shows the "
    "report.",
    "crumbs": [("Accounts", reverse_lazy("accounts:accounts"))],
}
NOT_READ = "The connected Spinnaker wasn't read in time. Choose the files again."


@csrf_exempt  # adopt_page is protected: it is first made sure that it may be read
@never_cache
@operator_required
def adopt(request: Request) -> HttpResponse:
    if request.method == "POST" and length(request) > MOST_IN_ALL + BESIDE:
        drain(request)
        return page(request, refused=TOO_MUCH)
    request.upload_handlers = [InMemory(request)]
    try:
        return adopt_page(request)
    except TooManyFilesSent:
        return page(request, refused=TOO_MUCH)


@csrf_protect
@sensitive_variables()
def adopt_page(request: Request) -> HttpResponse:
    """Show the form, or report on what is sent with it."""
    if request.method != "POST":
        return page(request)
    form = form_for(request.POST, request.FILES)
    if not form.is_valid():
        return page(request, form=form)
    said = form.cleaned_data
    try:
        with one_at_a_time():
            files = form.contents
            read = files_read(files, deployment=said["deployment"])
            asked = ReportRequest(
                sources_of(files), said["deployment"], bool(said.get("gate"))
            )
            if asked.gate:
                return read_gate_by_a_worker(request, read, asked)
            report = reported(read, role=managed_role())
    except (CannotAdopt, ReadsAnother) as error:
        return page(request, form=form, refused=str(error))
    row, is_new = store_report(report, asked, request.user)
    if not is_new:
        messages.info(request, SAME_AGAIN)
    return redirect(row)


def read_gate_by_a_worker(
    request: Request, read: Read, asked: ReportRequest
) -> HttpResponse:
    """Pass on what was read, which holds no secret."""
    content = json.dumps({"asked": asdict(asked), "read": passed(read)}).encode()
    question = adopted_spinnaker.about(request.user, content)
    waiting = ask(question, request.user, again=True)
    return redirect(waiting) if waiting else page(request, refused=BUSY)


@operator_required
def adopt_wait(request: Request, question: str) -> HttpResponse:
    """Wait until a worker has read Gate, and lead to the report."""
    asked = adopted_spinnaker.read(request.user).filter(key=question).first()
    if waiting := still_waits(request, asked, WAITING):
        return waiting
    match asked and asked.answer:
        case {"adoption": adoption}:
            return lead(request, reverse("accounts:adoption", args=[adoption]))
        case {"refused": sentence}:
            messages.warning(request, str(sentence))
        case _:
            messages.warning(request, (asked and asked.why) or NOT_READ)
    return lead(request, reverse("accounts:adopt"))


def form_for(*posted: Any) -> AdoptForm:
    return AdoptForm(*posted, is_connected=Spinnaker.objects.exists())


def page(
    request: Request, *, form: AdoptForm | None = None, refused: str = ""
) -> HttpResponse:
    earlier = Adoption.objects.unexpired().order_by("-at").select_related("by")
    shown = {
        "form": form or form_for(),
        "refused": refused,
        "earlier": earlier.defer("text", "taken", "read")[:MOST_EARLIER],
        "crumbs": crumbs("accounts"),
    }
    return render(request, "adopting/adopt.html", shown)
