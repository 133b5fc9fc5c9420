"""The same policy of others in many accounts: one page, one decision."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from accounts.http import Request
from accounts.models import ForeignPolicy
from accounts.people.doors import posted_by_approver, posted_by_operator
from accounts.runs.foreign import alike as deciding
from accounts.runs.foreign.alike import MOST_AT_ONCE, Decided
from accounts.web.crumbs import crumbs
from accounts.web.foreign.forms import AskForm, numbers_in
from accounts.web.highlighting import highlighted_json
from accounts.wording import counted

MOST_IN_TABLE = 50
"""The most accounts with a row in the table; the others are named below it."""
NONE = "No decision was made."


def same_policies(request: Request, alike: str) -> HttpResponse:
    """Say what it does, in how many accounts it is, and what may be decided where."""
    return alike_page(request, alike, AskForm())


def alike_page(request: Request, alike: str, form: AskForm) -> HttpResponse:
    policies = list(ForeignPolicy.objects.alike(alike))
    if not policies:
        raise Http404
    one, by = policies[0], request.user
    shown = {
        "alike": alike,
        "policy": one,
        "count": len(policies),
        "states": sorted(Counter(policy.state for policy in policies).items()),
        "table": policies[:MOST_IN_TABLE],
        "named": policies[MOST_IN_TABLE:],
        "most": MOST_AT_ONCE,
        "document": highlighted_json(one.document) if one.document else "",
        "form": form,
        "to_ask": deciding.to_ask(alike, by),
        "asked": deciding.to_accept(alike, by),
        "to_end": deciding.to_end(alike, by),
        "crumbs": crumbs("foreign-policies"),
    }
    return render(request, "foreign/alike.html", shown)


@posted_by_operator
def ask(request: Request, alike: str) -> HttpResponse:
    form = AskForm(request.POST)
    if not form.is_valid():
        return alike_page(request, alike, form)
    chosen = numbers_in(request)
    decided = deciding.ask_alike(alike, chosen, request.user, **form.cleaned_data)
    return redirected(request, alike, decided, "Requested acceptance in {}.")


@posted_by_approver
def accept(request: Request, alike: str) -> HttpResponse:
    read = request.POST.get("read", "")
    chosen = numbers_in(request)
    decided = deciding.accept_alike(alike, chosen, request.user, read=read)
    return redirected(
        request,
        alike,
        decided,
        (
            "Accepted in {}. The next verification of these accounts doesn't fail "
            "because of it."
        ),
    )


@posted_by_operator
def end(request: Request, alike: str) -> HttpResponse:
    decided = deciding.end_alike(alike, numbers_in(request), request.user)
    return redirected(request, alike, decided, "No longer accepted in {}.")


def redirected(
    request: Request, alike: str, decided: Decided, did: str
) -> HttpResponse:
    """Say what was done, and what was left out and why."""
    if decided.done:
        messages.success(request, did.format(counted(decided.done)))
    if decided.left or not decided.done:
        left = ["Excluded:", *decided.left] if decided.left else [NONE]
        messages.warning(request, " ".join(left))
    return redirect("accounts:foreign-alike", alike)
