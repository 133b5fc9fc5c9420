"""The list of accounts, what its rows say, and which of them a person chose."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from accounts.external_ids import why_not_rotate
from accounts.http import Request, page_of
from accounts.lists.accounts import (
    ACCOUNTS,
    MOST_IN_ROLLOUT,
    NO_ENVIRONMENT,
    by_text,
    failed_checks,
    is_uuid,
    kinds_of_failed,
    matching_accounts,
)
from accounts.lists.declaration import Choices, with_titles
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.states import OPEN
from accounts.people.role_limits.limits import environments_of, inside
from accounts.people.roles import OPERATOR, has_role
from accounts.runs.inactive import inactive_of
from accounts.web.accounts.accepting import waiting_alert
from accounts.web.live.views import live_site, watched
from accounts.web.role_limits.here import for_these


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


MOST_AT_ONCE = 500
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
        "filter_form": ACCOUNTS.form(request.GET, environment=environments()),
        "from_file": request.GET.get("file"),
        "added_together": request.GET.get("added"),
        "not_active": set(not_active),
        "left": {one.account_id for one in not_active.values() if one.gone_at},
        "most": MOST_IN_ROLLOUT,
        "has_existing_roles": any(account.adopts for account in page),
        "to_accept": waiting_alert(
            any(account.standing.is_to_accept for account in page)
            and ManagedAccount.objects.to_accept().count()
        ),
        **ticks(request),
    }
    return render(request, "accounts/accounts.html", shown)


def environments() -> Choices:
    named = ManagedAccount.objects.exclude(environment="").order_by("environment")
    names = named.values_list("environment", flat=True).distinct()
    return [(NO_ENVIRONMENT, "No environment"), *with_titles(names)]


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
    most: int = MOST_AT_ONCE,
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
