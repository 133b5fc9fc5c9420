"""Tell a person what was done to many accounts, and why some were refused."""

from __future__ import annotations

from django.contrib import messages

from accounts.http import Request
from accounts.lists.outcomes import Outcome
from accounts.wording import counted

PLANNED = "Nothing in AWS changes until the plans are approved."
MOST_REASONS = 5
"""The most refusals that are listed; the rest are counted."""


def tell(
    request: Request, did: str, outcome: Outcome, verb: str, then: str = PLANNED
) -> None:
    if outcome.done:
        messages.success(request, f"{did} {counted(len(outcome.done))}. {then}")
    tell_refused(request, outcome, verb)


def tell_refused(request: Request, outcome: Outcome, verb: str) -> None:
    """Name some of those that it could not be done for, and count the rest."""
    if refused := outcome.refused:
        more = len(refused) - MOST_REASONS
        reasons = "; ".join(refused[:MOST_REASONS])
        rest = f"; and {more} more" if more > 0 else ""
        messages.warning(request, f"Couldn't {verb} {len(refused)}: {reasons}{rest}.")
