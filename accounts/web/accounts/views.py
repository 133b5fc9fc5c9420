"""The list of accounts, and which of them a person chose."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from accounts.discover.organization.watching import watched_drafts
from accounts.http import Request
from accounts.models import ManagedAccount, Run, Upload
from accounts.models.managed import ManagedAccountQuerySet
from accounts.models.standing import WORDS, proof_is_stale, with_word
from accounts.models.states import OPEN
from accounts.people.role_limits.limits import environments_of, inside
from accounts.people.roles import OPERATOR, has_role
from accounts.runs.inactive import inactive_members, inactive_of
from accounts.web.live.state import live_site
from accounts.web.live.views import watched
from accounts.web.role_limits.here import for_these
from accounts.web.search.filters import Filters, filtered
from onboarding.providers import PROVIDERS

PAGE = 50
MOST_AT_ONCE = 500
"""The most accounts that one request treats one by one: a few seconds' worth."""

MOST_IN_ROLLOUT = 10_000
"""The most accounts of one rollout, whose runs are made with few queries."""

COLUMNS = {
    "name": "Account",
    "state": "State",
    "account_id": "Account id",
    "environment": "Environment",
    "verified_at": "Verified",
}
NO_ENVIRONMENT = "-"
"""What the URL says for accounts without an environment."""

OLDER = "older"
"""What the URL says for accounts that a plan would bring newer policies."""

INACTIVE = "inactive"
"""What the URL says for accounts that left the organization, or that AWS suspended."""

NEW = "new"
"""What the URL says for drafts of accounts that were new in a watched unit."""

STALE = "stale"
"""What the URL says for accounts whose proof is too old."""


def accounts(request: Request) -> HttpResponse:
    live = watched(request, live_site())
    found = matching(request.GET)
    sort = sort_of(request.GET)
    page = Paginator(found.order_by(sort, "name"), PAGE).get_page(
        request.GET.get("page")
    )
    not_active = inactive_of(page)
    named = ManagedAccount.objects.exclude(environment="").order_by("environment")
    shown = {
        "live": live,
        "page": page,
        "columns": COLUMNS.items(),
        "sort": sort,
        "filters": {key: request.GET.get(key, "") for key in FILTERS},
        "is_filtered": any(request.GET.get(key) for key in FILTERS),
        "states": WORDS,
        "providers": [(key, provider.title) for key, provider in PROVIDERS.items()],
        "older": OLDER,
        "stale": STALE,
        "inactive": INACTIVE,
        "new": NEW,
        "not_active": set(not_active),
        "left": {one.account_id for one in not_active.values() if one.gone_at},
        "environments": named.values_list("environment", flat=True).distinct(),
        "most": MOST_IN_ROLLOUT,
        **ticks(request),
    }
    return render(request, "accounts/accounts.html", shown)


def ticks(request: Request) -> dict[str, Any]:
    """Say which accounts can be selected, where the role is for some only."""
    if not has_role(request.user, OPERATOR):
        return {"limited": None}
    limited = environments_of(request.user, OPERATOR)
    said = "" if limited is None else for_these(OPERATOR, limited)
    return {"limited": limited, "outside_tick": said}


def by_text(text: str) -> Q:
    return Q(name__icontains=text) | Q(account_id__contains=text.replace("-", ""))


def by_environment(name: str) -> Q:
    return Q(environment="" if name == NO_ENVIRONMENT else name)


def by_proof(which: str) -> Q:
    return proof_is_stale() if which == STALE else Q(pk__in=[])


def by_policies(which: str) -> Q:
    older = ManagedAccount.objects.on_older_policies()
    return Q(pk__in=older.values("pk") if which == OLDER else [])


def by_membership(which: str) -> Q:
    if which == NEW:
        return Q(pk__in=watched_drafts().values("pk"))
    inactive = inactive_members().values("account_id")
    return Q(account_id__in=inactive) if which == INACTIVE else Q(pk__in=[])


def by_moment(text: str) -> Q:
    """Find what was described together, which has one moment of its making."""
    try:
        moment = parse_datetime(text)
    except ValueError:  # no such day
        moment = None
    return Q(created_at=moment) if moment and is_aware(moment) else Q(pk__in=[])


def by_file(text: str) -> Q:
    """Find what was saved from an uploaded file."""
    if not is_uuid(text):
        return Q(pk__in=[])
    upload = Upload.objects.kept().filter(pk=text).only("saved").first()
    return Q(pk__in=[pk for pk in upload.saved if is_uuid(pk)] if upload else [])


FILTERS: Filters = {
    "text": by_text,
    "state": with_word,
    "provider": lambda key: Q(providers__key=key),
    "environment": by_environment,
    "proof": by_proof,
    "policies": by_policies,
    "organization": by_membership,
    "described": by_moment,
    "file": by_file,
}


def matching(asked: QueryDict) -> ManagedAccountQuerySet:
    """Find what the filters in the URL ask for."""
    rows = ManagedAccount.objects.prefetch_related("providers")
    return filtered(rows, FILTERS, asked)


def sort_of(asked: QueryDict) -> str:
    sort = asked.get("sort", "")
    return sort if sort.removeprefix("-") in COLUMNS else "name"


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
        found = matching(QueryDict()).filter(pk__in=ticked)
    is_open = Exists(Run.objects.filter(account=OuterRef("pk"), status__in=OPEN))
    found = found.order_by(is_open.asc(), F(by).asc(nulls_first=True), "name")
    accounts = list(found[:most])
    left = found.count() - len(accounts) if len(accounts) == most else 0
    return Chosen(accounts, left)


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
