"""Accounts that were evaluated, not verified: read why, and accept them together."""

from __future__ import annotations

from collections import Counter

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from accounts.decisions.many import each
from accounts.http import Request
from accounts.lists.accounts import is_uuid
from accounts.models import ManagedAccount, ManagingAccount
from accounts.people.doors import posted_by_approver
from accounts.runs.actions import accept
from accounts.runs.deciding.accepting import (
    MOST_AT_ONCE,
    waiting_for,
    waiting_in_words,
)
from accounts.web.crumbs import crumbs
from accounts.web.posts import tell_done
from accounts.wording import counted, for_count

NONE = "Select accounts first. No account was accepted."


def to_accept(request: Request) -> HttpResponse:
    """List the accounts that wait, with what keeps this person from accepting one."""
    managing = ManagingAccount.objects.first()
    total = ManagedAccount.objects.to_accept().count()
    waiting = waiting_for(request.user)
    shown = {
        "total": total,
        "waiting": waiting,
        "can_accept": any(not one.refused for one in waiting),
        "refusals": Counter(one.refused for one in waiting if one.refused).items(),
        "says": waiting_in_words(total, managing) if managing and total else "",
        "most": MOST_AT_ONCE,
        "crumbs": crumbs("accounts"),
    }
    return render(request, "accounts/to_accept.html", shown)


@posted_by_approver
def accept_many(request: Request) -> HttpResponse:
    """Accept the selected accounts, and say which are left and why."""
    chosen = [pk for pk in request.POST.getlist("account") if is_uuid(pk)]
    rows = ManagedAccount.objects.filter(pk__in=chosen[:MOST_AT_ONCE])
    accounts = list(rows.order_by("name"))
    if not accounts:
        messages.info(request, NONE)
        return redirect("accounts:to-accept")
    many = each(accept, accounts, request.user)
    count = len(many.done)
    them = for_count(count, "Bundles now include it.", "Bundles now include them.")
    tell_done(request, f"You accepted {counted(count)}. {them}", "Not accepted:", many)
    return redirect("accounts:to-accept")


def waiting_alert(count: int) -> str:
    """Say on another page how many accounts wait; empty: none does."""
    managing = ManagingAccount.objects.first() if count else None
    return waiting_in_words(count, managing) if managing else ""
