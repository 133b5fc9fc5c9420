"""Comparisons of bundles: a request makes small ones, a worker those that are kept."""

from __future__ import annotations

from accounts.discover.lookups import NEXT_BUNDLE, TWO_BUNDLES, Question
from accounts.models import Bundle, Lookup
from accounts.spinnaker.next_bundle import Changes, compared_now, next_bundle

MOST_ACCOUNTS = 300
"""The most accounts that a request compares: they take it 50 ms."""

MOST_BYTES = 200_000
"""The largest zip in bytes that a request compares: two of them take it 40 ms."""

NEXT_QUESTION = Question(NEXT_BUNDLE, "aws")


def kept(question: Question) -> Changes | None:
    """Return what a worker found last."""
    lookup = Lookup.objects.filter(question=question.digest).first()
    return changes_of(lookup) if lookup else None


def changes_of(lookup: Lookup) -> Changes | None:
    """Read them back; None where there are none, or another release wrote them."""
    try:
        return Changes.from_json(lookup.answer or {})
    except (KeyError, TypeError):
        return None


def are_few(ready: int) -> bool:
    return ready <= MOST_ACCOUNTS


def changes_now() -> Changes:
    """Return what the next bundle changes at this moment; raise NoManagingAccount."""
    found = kept(NEXT_QUESTION)
    if found and found.of == compared_now():
        return found
    return next_bundle().changes


def are_small(*bundles: Bundle) -> bool:
    return max(bundle.size for bundle in bundles) <= MOST_BYTES


def question_of(earlier: Bundle, later: Bundle) -> Question:
    return Question(TWO_BUNDLES, "aws", bundles=(earlier.sha256, later.sha256))
