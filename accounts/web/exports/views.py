"""Lists as files, with the filters in the URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import path

from accounts.discover.questions import seen
from accounts.http import Request
from accounts.lists.accounts import ACCOUNTS, are_few, matching_accounts, written_list
from accounts.lists.activity import ACTIVITY
from accounts.lists.bundles import BUNDLES
from accounts.lists.declaration import KINDS, Listing, dated
from accounts.lists.members import MEMBERS
from accounts.lists.runs import RUNS
from accounts.packed import unpacked
from accounts.people.doors import role_required
from accounts.web.exports.streams import download, saved_as
from accounts.web.people.listing import PEOPLE
from accounts.web.questions import Asking, look_up, state_of, url_of, waiting_page

FILE = "file"
"""What `look` in the URL is once a worker has written the file."""


def list_file(request: Request, form: str, of: Listing) -> HttpResponseBase:
    """Write the list; many accounts take longer, and a worker writes them."""
    if of is not ACCOUNTS or are_few(matching_accounts(request.GET).count()):
        assert of.exported
        rows = of.exported(request.GET, request.user)
        return download(request, of.name, form, of.columns, rows)

    def answer(lines: Iterator[str]) -> HttpResponseBase:
        return saved_as(request, dated(of.name, form), KINDS[form], lines)

    return by_a_worker(request, of.name, form, answer)


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


EXPORTED = (ACCOUNTS, MEMBERS, RUNS, ACTIVITY, PEOPLE, BUNDLES)
files = [
    path(
        f"{of.name}.{form}",
        role_required(of.role)(list_file),
        {"form": form, "of": of},
        name=f"{of.name}-{form}",
    )
    for of in EXPORTED
    for form in KINDS
]
