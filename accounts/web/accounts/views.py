"""The list of accounts, and which of them a person chose."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render

from accounts.http import Request, page_of
from accounts.lists.accounts import (
    COLUMNS,
    EVERYONE,
    FAILED,
    FILTERS,
    INACTIVE,
    MOST_IN_ROLLOUT,
    NEW,
    NO_ENVIRONMENT,
    OLDER,
    STALE,
    by_text,
    is_uuid,
    matching_accounts,
    sort_of,
)
from accounts.models import FoundRoles, ManagedAccount, ManagingAccount, Run
from accounts.models.standing import TOGETHER, WORDS
from accounts.models.states import OPEN, word_of
from accounts.people.role_limits.limits import environments_of, inside
from accounts.people.roles import OPERATOR, has_role
from accounts.runs.inactive import inactive_of
from accounts.web.accounts.accepting import waiting_alert
from accounts.web.accounts.rows import rows_of
from accounts.web.filters import Filter, FilterForm, with_titles
from accounts.web.live.state import live_site
from accounts.web.live.views import watched
from accounts.web.role_limits.here import for_these
from onboarding.providers import PROVIDERS

MOST_AT_ONCE = 500
"""The most accounts that one request treats one by one: a few seconds' worth."""


def accounts(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    found = matching_accounts(request.GET)
    sort = sort_of(request.GET)
    page = page_of(request, found.order_by(sort, "name"))
    not_active = inactive_of(page)
    form = filter_form(request, sort)
    managing = ManagingAccount.objects.first()
    shown = {
        "live": live,
        "page": page,
        "managing": managing,
        "is_pinned": page.number == 1 and is_pinned(managing, request.GET),
        "rows": rows_of(list(page)),
        "columns": COLUMNS.items(),
        "sort": sort,
        "filter_form": form,
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


def filter_form(request: Request, sort: str) -> FilterForm:
    named = ManagedAccount.objects.exclude(environment="").order_by("environment")
    environments = named.values_list("environment", flat=True).distinct()
    return FilterForm.of(
        request.GET,
        "Accounts",
        "accounts:accounts",
        [
            Filter("text", "Name or account ID", "Name or account ID"),
            Filter(
                "state",
                "State",
                "Any state",
                [(word, word_of(word)) for word in (*WORDS, *TOGETHER)],
                often=True,
            ),
            Filter(
                "environment",
                "Environment",
                "Any environment",
                [(NO_ENVIRONMENT, "No environment"), *with_titles(environments)],
                often=True,
            ),
            Filter(
                "provider",
                "Provider",
                "Any provider",
                [(key, provider.title) for key, provider in PROVIDERS.items()],
                often=True,
            ),
            Filter("checks", "Checks", "Any checks", [(FAILED, "With failed checks")]),
            Filter(
                "verification",
                "Verification",
                "Any verification",
                [(STALE, "Stale verification")],
            ),
            Filter(
                "policies",
                "Policy version",
                "Any policy version",
                [(OLDER, "Older policy version")],
            ),
            Filter(
                "write",
                "Write access",
                "Any write access",
                [(EVERYONE, "Everyone in Spinnaker")],
            ),
            Filter(
                "existing",
                "Existing roles",
                "Any existing roles",
                FoundRoles.Taken.choices,
            ),
            Filter(
                "organization",
                "Organization",
                "Any organization membership",
                [(INACTIVE, "Left or suspended"), (NEW, "New in a watched unit")],
            ),
        ],
        kept=["sort"] if sort != "name" else [],
        narrows=["file", "added"],
    )


def is_pinned(managing: ManagingAccount | None, asked: QueryDict) -> bool:
    """Return whether the managing account is above the list: always, unless it is not
    what was searched for. Other filters are about what only managed accounts have.
    """
    if managing is None or any(asked.get(key) for key in FILTERS if key != "text"):
        return False
    text = asked.get("text", "").strip()
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
