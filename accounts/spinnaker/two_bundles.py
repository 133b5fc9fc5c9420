"""Two bundles that were built, compared: neither ever changes, so once is enough."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Bundle
from accounts.spinnaker.next_bundle import Changes, comparison_digest
from onboarding.spinnaker.bundle.comparison import Altered, Named, bundle_changes
from onboarding.spinnaker.bundle.contents import Account, Revision
from onboarding.spinnaker.bundle.excerpt import Excerpt


def changes_between(digests: tuple[str, ...]) -> Changes:
    """Compare the bundles with these SHA-256, the earlier one first.

    Raise DoesNotExist where one was deleted meanwhile.
    """
    earlier, later = (bundle_of(digest).revision for digest in digests)
    excerpt = Excerpt.of(bundle_changes(earlier, later), earlier, later)
    return Changes(comparison_key(digests), earlier.number, excerpt)


def comparison_key(digests: tuple[str, ...]) -> str:
    """Sum up what `changes_between` compares, and how."""
    return comparison_digest(*digests)


def bundle_of(digest: str) -> Bundle:
    """Fetch a bundle by its zip; of several with the same zip any one does."""
    return Bundle.objects.built().filter(sha256=digest).latest("number")


def counted_since_last(
    bundle: Bundle, archive: bytes, files: list[dict[str, Any]]
) -> dict[str, int]:
    """Count what differs from the bundle before it, for lists of bundles."""
    last = Bundle.objects.built().filter(number__lt=bundle.number).first()
    before = last.revision if last else Revision()
    found = bundle_changes(
        before, Bundle(number=0, archive=archive, files=files).revision
    )
    return {
        "since": before.number,
        "create": len(found.added),
        "update": len(found.changed),
        "delete": len(found.removed),
        "files": len((*found.files, *found.gone)),
    }


def two(number: int, since: int) -> tuple[Bundle, Bundle]:
    """Fetch the earlier and the later bundle; 404 unless ready and in order."""
    if since >= number:
        raise Http404
    built = Bundle.objects.built().light()
    later = get_object_or_404(built, number=number)
    return get_object_or_404(built, number=since), later


def sides(verb: str, one: Named) -> tuple[Account | None, Account | None]:
    """Return how the earlier and the later bundle describe it."""
    if verb == "delete":
        return one.account, None
    return one.before if isinstance(one, Altered) else None, one.account
