"""Lists as files, with the filters in the URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Subquery
from django.http import Http404
from django.http.response import HttpResponseBase

from accounts.discover.organization.reading import kept_organization
from accounts.discover.questions import seen
from accounts.http import Request
from accounts.lists import members as listing
from accounts.lists.accounts import matching_accounts
from accounts.lists.activity import matching_activity, recorded_digest
from accounts.lists.bundles import COLUMNS as BUNDLES
from accounts.lists.bundles import matching_bundles
from accounts.lists.exports import (
    ACCOUNTS,
    COLUMNS,
    are_few,
    exported_accounts,
    written_list,
)
from accounts.lists.files import AT_ONCE, KINDS, Columns, dated
from accounts.lists.runs import COLUMNS as RUNS
from accounts.lists.runs import newest_first
from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount
from accounts.models.organization.members import same_account
from accounts.packed import unpacked
from accounts.people.doors import administrator_required, operator_required
from accounts.web.exports.streams import download, saved_as
from accounts.web.people.listing import matching_people
from accounts.web.people.person import person_of, with_all
from accounts.web.questions import Asking, look_up, state_of, url_of, waiting_page

FILE = "file"
"""What `look` in the URL is once a worker has written the file."""

MEMBERS: Columns = {
    "name": lambda row: row.name,
    "account_id": lambda row: row.account_id,
    "email": lambda row: row.email,
    "state": lambda row: row.word,
    "unit": lambda row: row.unit.path if row.unit else "",
    "joined_at": lambda row: row.joined_at,
    "tags": lambda row: [str(tag) for tag in row.tags.all()],
    "in_bowline": lambda row: row.in_bowline,
}
ACTIVITY: Columns = {
    "number": lambda row: row.number,
    "at": lambda row: row.at,
    "who": lambda row: row.who,
    "what": lambda row: row.what,
    "about": lambda row: row.about,
    "digest": recorded_digest,
    "detail": lambda row: json.dumps(row.detail, sort_keys=True),
    "hash": lambda row: row.hash,
}
PEOPLE: Columns = {
    "username": lambda row: row.user.username,
    "full_name": lambda row: row.user.get_full_name(),
    "email": lambda row: row.user.email,
    "roles": lambda row: row.roles,
    "superuser": lambda row: row.user.is_superuser,
    "signs_in_by": lambda row: row.ways,
    "second_factor": lambda row: row.factors,
    "seen_at": lambda row: row.seen_at,
    "sessions": lambda row: row.sessions,
    "api_tokens": lambda row: row.tokens,
    "active": lambda row: row.user.is_active,
    "added_at": lambda row: row.user.date_joined,
}


def accounts(request: Request, form: str) -> HttpResponseBase:
    if are_few(matching_accounts(request.GET).count()):
        return download(
            request, ACCOUNTS, form, COLUMNS, exported_accounts(request.GET)
        )

    def answer(lines: Iterator[str]) -> HttpResponseBase:
        return saved_as(request, dated(ACCOUNTS, form), KINDS[form], lines)

    return by_a_worker(request, ACCOUNTS, form, answer)


@operator_required
def organization(request: Request, form: str) -> HttpResponseBase:
    row = ManagingAccount.objects.first()
    kept = kept_organization(managing_of(row)) if row else None
    if kept is None:
        raise Http404
    found = listing.matching_members(kept, request.GET).order_by(
        listing.sort_of(request.GET), "name", "account_id"
    )
    rows = found.select_related("unit").prefetch_related("tags")
    known = rows.annotate(in_bowline=Subquery(same_account().values("name")[:1]))
    return download(
        request, "organization", form, MEMBERS, known.iterator(chunk_size=AT_ONCE)
    )


def runs(request: Request, form: str) -> HttpResponseBase:
    rows = newest_first(request.GET, request.user)
    return download(request, "runs", form, RUNS, rows)


def bundles(request: Request, form: str) -> HttpResponseBase:
    rows = matching_bundles(request.GET).iterator(chunk_size=AT_ONCE)
    return download(request, "bundles", form, BUNDLES, rows)


def activity(request: Request, form: str) -> HttpResponseBase:
    rows = matching_activity(request.user, request.GET).iterator(chunk_size=AT_ONCE)
    return download(request, "activity", form, ACTIVITY, rows)


@administrator_required
def people(request: Request, form: str) -> HttpResponseBase:
    found = with_all(matching_people(request.GET))
    rows = (person_of(row) for row in found.iterator(chunk_size=AT_ONCE))
    return download(request, "people", form, PEOPLE, rows)


def by_a_worker(
    request: Request,
    name: str,
    form: str,
    answer: Callable[[Iterator[str]], HttpResponseBase],
) -> HttpResponseBase:
    """Wait until a worker has written the list as a file, and lead to the file."""
    query = request.GET.copy()
    query.pop("look", None)
    question = written_list.about(
        request.user, form=form, name=name, query=query.urlencode()
    )
    found = seen(question)
    there = found and found.answer and not found.refused
    if found and there and request.GET.get("look") == FILE:
        return answer(unpacked(str(found.answer)))
    looked = look_up(request, question, again=True)
    if isinstance(looked, Asking) or looked.refused:
        return waiting_page(request, {**SHOWN, **state_of(looked)})
    there = url_of(request, request.GET, FILE)
    return waiting_page(request, {**SHOWN, "there": there})


SHOWN: dict[str, Any] = {
    "title": "Export all accounts",
    "says": "Exporting the accounts",
    "label": "Create file",
    "large": (
        "With many accounts, this takes a few seconds. The file is then available on "
        "this page."
    ),
    "busy": "Two of your exports are already in progress.",
}
