"""Comparisons of bundles: a request makes small ones, a worker those that are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from accounts.discover.questions import question, same
from accounts.models import Bundle, Question
from accounts.refused import Refused
from accounts.spinnaker.next_bundle import (
    CHANGED,
    Changes,
    changes_between,
    compared_now,
    comparison_digest,
    next_bundle,
)

MOST_ACCOUNTS = 300
"""The most accounts that a request compares: they take it 50 ms."""

MOST_BYTES = 200_000
"""The largest zip in bytes that a request compares: two of them take it 40 ms."""


@question("next-bundle")
def compared_next(_: Question) -> Any:
    return next_bundle().changes.as_json()


@question("two-bundles")
def compared_two(asked: Question) -> Any:
    return changes_between(asked.input["bundles"]).as_json()


NEXT_QUESTION = compared_next.about()


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is compared: whoever needs it makes a small one, a worker a large one."""

    question: Question
    is_large: bool
    make: Callable[[], Changes]
    of: Callable[[], str]
    """Sums up what it would compare now."""


class Made(NamedTuple):
    changes: Changes
    is_old: bool = False
    """Whether it would be another one now. At a busy site, it is as soon as it is made:
    a page shows it then to whoever waited for it.
    """


def changes_found(question: Question) -> Changes | None:
    """Return what a worker found last."""
    found = same(question).first()
    return changes_of(found) if found else None


def changes_of(found: Question) -> Changes | None:
    """Read them back; None where there are none, or another release wrote them."""
    try:
        return Changes.from_json(found.answer or {})
    except (KeyError, TypeError):
        return None


def changes_now() -> Changes:
    """Return what the next bundle changes at this moment; raise NoManagingAccount."""
    found = changes_found(NEXT_QUESTION)
    if found and found.of == compared_now():
        return found
    return next_bundle().changes


class PreviewChanged(Refused):
    """The next bundle changes something else than what was read."""

    code = "PREVIEW_CHANGED"
    is_late = True


def refuse_changed(read: str | None) -> None:
    """Raise PreviewChanged where what was `read`, by its digest, is not what changes
    now; None: nothing was read.
    """
    if read is not None and read != changes_now().digest:
        raise PreviewChanged(CHANGED.format(Bundle.objects.next_number()))


def with_last(ready: int) -> Comparison:
    """Compare the next bundle, with this many accounts, with the last one."""
    return Comparison(
        NEXT_QUESTION,
        is_large=ready > MOST_ACCOUNTS,
        make=lambda: next_bundle().changes,
        of=compared_now,
    )


def of_two(earlier: Bundle, later: Bundle) -> Comparison:
    digests = (earlier.sha256, later.sha256)
    return Comparison(
        compared_two.about(bundles=digests),
        is_large=max(earlier.size, later.size) > MOST_BYTES,
        make=partial(changes_between, digests),
        of=partial(comparison_digest, *digests),
    )
