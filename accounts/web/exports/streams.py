"""Downloads that are written while they are sent: few at a time for each person.

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

from accounts.http import Request
from accounts.lists.declaration import KINDS, Columns, dated, lines_of_file

MOST_OF_ONE = 2
"""The most of one person that a process sends at a time."""
AT_ONCE = 100
"""Lines that are sent at once."""
BUSY = "Too many downloads are in progress. Wait until one of them finishes.\n"

lock = Lock()
open_of: Counter[int] = Counter()


class Stream:
    """Lines of one person's download, counted until it is complete or given up."""

    def __init__(self, person: int, lines: Iterator[str]) -> None:
        self.person, self.lines, self.is_open = person, lines, True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self.lines)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with lock:
            open_of[self.person] -= self.is_open
            self.is_open = False


def streamed(
    person: int, lines: Iterator[str], content_type: str, **headers: str
) -> HttpResponseBase:
    """Answer with the lines, or with 429 while too many of the person are open."""
    with lock:
        if open_of[person] >= MOST_OF_ONE:
            kind, wait = "text/plain; charset=utf-8", {"Retry-After": "5"}
            return HttpResponse(BUSY, status=429, content_type=kind, headers=wait)
        open_of[person] += 1
    return StreamingHttpResponse(
        Stream(person, lines), content_type=content_type, headers=headers
    )


def download(
    request: Request, name: str, form: str, columns: Columns, rows: Iterable[Any]
) -> HttpResponseBase:
    """Answer with the rows as a file of this form: `csv` or `json`."""
    written = in_blocks(lines_of_file(form, columns, rows))
    return saved_as(request, dated(name, form), KINDS[form], written)


def in_blocks(lines: Iterator[str]) -> Iterator[str]:
    """Join lines, of which each would be sent on its own: the first one at once."""
    yield from islice(lines, 1)
    while block := "".join(islice(lines, AT_ONCE)):
        yield block


def saved_as(
    request: Request, name: str, kind: str, lines: Iterator[str]
) -> HttpResponseBase:
    """Answer with a file that a browser saves; nothing in its name needs escaping."""
    disposition = f'attachment; filename="{name}"'
    return streamed(
        request.user.pk, lines, kind, **{"Content-Disposition": disposition}
    )
