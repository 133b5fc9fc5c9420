"""The list of accounts, what its rows say; and those that were evaluated, not
verified.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from typing import Any, NamedTuple

from django.contrib import messages
from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render

from accounts.decisions.many import each
from accounts.external_ids import why_not_rotate
from accounts.http import Request, page_of
from accounts.lists.accounts import (
    ACCOUNTS,
    MOST_IN_ROLLOUT,
    NO_ENVIRONMENT,
    by_text,
    environments,
    failed_checks,
    is_uuid,
    kinds_of_failed,
    matching_accounts,
)
from accounts.lists.declaration import with_titles
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import OPEN
from accounts.people.doors import posted_by_approver
from accounts.people.role_limits.limits import environments_of, inside
from accounts.people.roles import OPERATOR, has_role
from accounts.runs.actions import accept
from accounts.runs.deciding.starting import MOST_AT_ONCE, waiting_for, waiting_in_words
from accounts.runs.inactive import inactive_of
from accounts.web.crumbs import crumbs
from accounts.web.live.views import live_site, watched
from accounts.web.posts import tell_done
from accounts.web.role_limits import for_these
from accounts.wording import counted, for_count


class AccountRow(NamedTuple):
    account: ManagedAccount
    failed_checks: int | None
    """Of its last verification; None where nothing was checked."""
    facts: str
    """What decides which actions fit it, for static/js/select.js."""


def rows_of(accounts: Collection[ManagedAccount]) -> list[AccountRow]:
    """Add to each account what is known of its runs, with three queries for all."""
    checks = failed_checks(accounts)
    failed = kinds_of_failed(accounts)
    return [
        AccountRow(
            one, checks.get(one.pk), " ".join(facts_of(one, failed=one.pk in failed))
        )
        for one in accounts
    ]


def facts_of(account: ManagedAccount, *, failed: bool) -> list[str]:
    facts = {
        "granted": account.granted_at,
        "in-aws": account.granted_at or account.applied,
        "rotates": account.former_external_id or not why_not_rotate(account),
        "failed": failed,
    }
    return [fact for fact, holds in facts.items() if holds]


MOST_ON_PAGE = 500
"""The most accounts that one request treats one by one: a few seconds' worth."""


def accounts(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    found = matching_accounts(request.GET)
    page = page_of(request, ACCOUNTS.ordered(found, request.GET))
    not_active = inactive_of(page)
    managing = ManagingAccount.objects.first()
    shown = {
        "live": live,
        "page": page,
        "managing": managing,
        "is_pinned": page.number == 1 and is_pinned(managing, request.GET),
        "rows": rows_of(list(page)),
        "columns": ACCOUNTS.sorts.items(),
        "sort": ACCOUNTS.sort_of(request.GET),
        "filter_form": ACCOUNTS.form(
            request.GET,
            environment=[
                (NO_ENVIRONMENT, "No environment"),
                *with_titles(environments()),
            ],
        ),
        "from_file": request.GET.get("file"),
        "added_together": request.GET.get("added"),
        "not_active": set(not_active),
        "left": {one.account_id for one in not_active.values() if one.gone_at},
        "most": MOST_IN_ROLLOUT,
        "has_existing_roles": any(account.adopts for account in page),
        "to_accept": waiting_in_words(
            any(account.standing.is_to_accept for account in page)
            and ManagedAccount.objects.to_accept().count()
        ),
        **ticks(request),
    }
    return render(request, "accounts/accounts.html", shown)


def is_pinned(managing: ManagingAccount | None, asked: QueryDict) -> bool:
    """Return whether the managing account is above the list: always, unless it is not
    what was searched for. Other filters are about what only managed accounts have.
    """
    said = {one.name: value for one, value in ACCOUNTS.said(asked)}
    if managing is None or said.keys() - {"text"}:
        return False
    text = said.get("text", "")
    return not text or ManagingAccount.objects.filter(by_text(text)).exists()


def ticks(request: Request) -> dict[str, Any]:
    """Say which accounts can be selected, where the role is for some only."""
    if not has_role(request.user, OPERATOR):
        return {"limited": None}
    limited = environments_of(request.user, OPERATOR)
    said = "" if limited is None else for_these(OPERATOR, limited)
    return {"limited": limited, "outside_tick": said}


class Chosen(NamedTuple):
    accounts: list[ManagedAccount]
    left: int
    """How many more were chosen than can be started at once."""


def chosen_accounts(
    request: Request,
    everything: QuerySet[ManagedAccount],
    *,
    by: str,
    most: int = MOST_ON_PAGE,
) -> Chosen:
    """Find the selected accounts, or everything; of very many, begin with those that no
    run is open for, in the order of that column.
    """
    found = everything.filter(inside(request.user, OPERATOR, "environment"))
    if "everything" not in request.POST:
        ticked = [pk for pk in request.POST.getlist("account") if is_uuid(pk)]
        found = matching_accounts(QueryDict()).filter(pk__in=ticked)
    is_open = Exists(Run.objects.filter(account=OuterRef("pk"), status__in=OPEN))
    found = found.order_by(is_open.asc(), F(by).asc(nulls_first=True), "name")
    accounts = list(found[:most])
    left = found.count() - len(accounts) if len(accounts) == most else 0
    return Chosen(accounts, left)


def to_accept(request: Request) -> HttpResponse:
    """List the accounts that wait, with what keeps this person from accepting one."""
    total = ManagedAccount.objects.to_accept().count()
    waiting = waiting_for(request.user)
    shown = {
        "total": total,
        "waiting": waiting,
        "can_accept": any(not one.refused for one in waiting),
        "refusals": Counter(one.refused for one in waiting if one.refused).items(),
        "says": waiting_in_words(total),
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
        messages.info(request, "Select accounts first. No account was accepted.")
        return redirect("accounts:to-accept")
    many = each(accept, accounts, request.user)
    count = len(many.done)
    them = for_count(count, "Bundles now include it.", "Bundles now include them.")
    tell_done(request, f"You accepted {counted(count)}. {them}", "Not accepted:", many)
    return redirect("accounts:to-accept")
