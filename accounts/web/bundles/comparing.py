"""How a page waits for a long comparison: a worker makes it, and it is kept.

What was found is shown until what it compared is another one.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.http import HttpResponse

from accounts.discover.comparisons import Comparison, Made, changes_found, changes_of
from accounts.http import Request
from accounts.models import Question
from accounts.web.questions import Asking, lead, look_up, state_of, waiting_page

Compared: TypeAlias = Made | Asking | Question
"""What was found, how the page gets it, or that a worker could not compare."""


def comparison_found(request: Request, comparison: Comparison) -> Compared:
    """Return what was found, at once or by a worker; of what is old, the URL says which
    one it shows.
    """
    if not comparison.is_large:
        return Made(comparison.make())
    now = comparison.of()
    found = changes_found(comparison.question)
    if found and found.of in (now, request.GET.get("of")):
        return Made(found, is_old=found.of != now)
    looked = look_up(request, comparison.question, again=True)
    made = None if isinstance(looked, Asking) else changes_of(looked)
    return Made(made, is_old=made.of != now) if made else looked


def not_shown_yet(
    request: Request, found: Compared, *, what: str, large: str, **shown: Any
) -> HttpResponse:
    """Wait for the comparison, or lead to the page that shows it."""
    if isinstance(found, Made):
        return lead(request, f"{request.path}?{urlencode({'of': found.changes.of})}")
    words = {
        "says": f"Comparing {what}",
        "label": "Compare now",
        "large": f"Comparing {large} takes a few seconds. This page then shows the "
        "changes.",
        "failed": "Bowline couldn't compare the accounts.",
        "retry": "Compare again",
    }
    return waiting_page(request, {**shown, **words, **state_of(found)})
