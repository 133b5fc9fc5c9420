"""Lists as files, with the filters in the URL, written while they are sent: few at a
time for each person.

Each holds a thread of the process as long as its client reads, and counts as no page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import path

from accounts.discover.questions import seen
from accounts.http import Request
from accounts.lists.accounts import ACCOUNTS, are_few, matching_accounts, written_list
from accounts.lists.activity import ACTIVITY
from accounts.lists.bundles import BUNDLES
from accounts.lists.declaration import KINDS, Columns, Listing, dated, lines_of_file
from accounts.lists.members import MEMBERS
from accounts.lists.runs import RUNS
from accounts.packed import unpacked
from accounts.people.doors import role_required
from accounts.web.people.listing import PEOPLE
from accounts.web.questions import Asking, look_up, state_of, url_of, waiting_page

MOST_OF_ONE = 2
"""The most of one person that a process sends at a time."""
AT_ONCE = 100
"""Lines that are sent at once."""
BUSY = "Too many downloads are in progress. Wait until one of them finishes.\n"

lock = Lock()
open_of: Counter[int] = Counter()


class Stream:
    """Lines of one person's download, counted until the server closes the answer: it is
    complete, given up, or failed.
    """

    def __init__(self, person: int, lines: Iterator[str]) -> None:
        self.person, self.lines, self.is_open = person, lines, True

    def __iter__(self) -> Iterator[str]:
        return self.lines

    def close(self) -> None:
        with lock:
            open_of[self.person] -= self.is_open
            self.is_open = False


def download(
    request: Request, name: str, form: str, columns: Columns, rows: Iterable[Any]
) -> HttpResponseBase:
    """Answer with the rows as a file of this form: `csv` or `json`."""
    written = in_blocks(lines_of_file(form, columns, rows))
    return saved_as(request, dated(name, form), form, written)


def in_blocks(lines: Iterator[str]) -> Iterator[str]:
    """Join lines, of which each would be sent on its own: the first one at once."""
    yield from islice(lines, 1)
    while block := "".join(islice(lines, AT_ONCE)):
        yield block


def saved_as(
    request: Request, name: str, form: str, lines: Iterator[str]
) -> HttpResponseBase:
    """Answer with a file that a browser saves, or with 429 while too many of the person
    are open; nothing in its name needs escaping.
    """
    person = request.user.pk
    with lock:
        if open_of[person] >= MOST_OF_ONE:
            kind, wait = "text/plain; charset=utf-8", {"Retry-After": "5"}
            return HttpResponse(BUSY, status=429, content_type=kind, headers=wait)
        open_of[person] += 1
    return StreamingHttpResponse(
        Stream(person, lines),
        content_type=KINDS[form],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


FILE = "file"
"""What `look` in the URL is once a worker has written the file."""


def list_file(request: Request, form: str, of: Listing) -> HttpResponseBase:
    """Write the list; many accounts take longer, and a worker writes them."""
    if of is not ACCOUNTS or are_few(matching_accounts(request.GET).count()):
        assert of.exported
        rows = of.exported(request.GET, request.user)
        return download(request, of.name, form, of.columns, rows)

    return by_a_worker(request, of.name, form, dated(of.name, form))


def by_a_worker(request: Request, name: str, form: str, file: str) -> HttpResponseBase:
    """Wait until a worker has written the list, and lead to it as a file."""
    query = request.GET.copy()
    query.pop("look", None)
    question = written_list.about(
        request.user, form=form, name=name, query=query.urlencode()
    )
    found = seen(question)
    there = found and found.answer and not found.refused
    if found and there and request.GET.get("look") == FILE:
        return saved_as(request, file, form, unpacked(str(found.answer)))
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
    for form in ("csv", "json")
]
