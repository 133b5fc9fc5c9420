"""Two bundles that were built, compared: neither ever changes, so once is enough."""

from __future__ import annotations

from accounts.models import Bundle
from accounts.spinnaker.next_bundle import Changes, digest_of, digests_of
from onboarding.spinnaker.bundle.comparison import BundleDelta, delta
from onboarding.spinnaker.bundle.contents import accounts_in, files_in
from onboarding.spinnaker.bundle.excerpt import Excerpt, Texts


def changes_between(digests: tuple[str, ...]) -> Changes:
    """Compare the bundles with these SHA-256, the earlier one first.

    Raise DoesNotExist where one was deleted meanwhile.
    """
    earlier, later = map(bundle_of, digests)
    return Changes(
        of=compared(digests),
        since=earlier.number,
        excerpt=Excerpt.of(
            between(earlier, later),
            lambda paths: texts_of(earlier, paths),
            lambda paths: texts_of(later, paths),
        ),
    )


def compared(digests: tuple[str, ...]) -> str:
    """Sum up what `changes_between` compares, and how."""
    return digest_of(*digests)


def bundle_of(digest: str) -> Bundle:
    """Fetch a bundle by its zip; of several with the same zip any one does."""
    return Bundle.objects.built().filter(sha256=digest).latest("number")


def between(earlier: Bundle, later: Bundle) -> BundleDelta:
    return delta(
        accounts_in(earlier.archive),
        accounts_in(later.archive),
        digests_of(earlier),
        digests_of(later),
    )


def texts_of(bundle: Bundle, paths: list[str]) -> Texts:
    return {file.path: file.text for file in files_in(bundle.archive, paths)}
