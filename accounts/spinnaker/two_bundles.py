"""Two bundles that were built, compared: neither ever changes, so once is enough."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.http import Http404
from django.shortcuts import get_object_or_404

from accounts.models import Activity, Bundle
from accounts.people.activity import record
from accounts.spinnaker.next_bundle import Changes, digest_of, digests_of
from onboarding.spinnaker.bundle.archive import zipped
from onboarding.spinnaker.bundle.comparison import Altered, BundleDelta, Named, delta
from onboarding.spinnaker.bundle.contents import (
    Account,
    BundleAccounts,
    accounts_in,
    aws_accounts_in,
    files_in,
)
from onboarding.spinnaker.bundle.delta import Later, delta_files
from onboarding.spinnaker.bundle.excerpt import Excerpt, Texts

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
            was_in=aws_accounts_in(earlier.archive),
            is_in=aws_accounts_in(later.archive),
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


def counted_since_last(
    bundle: Bundle, archive: bytes, files: Iterable[Mapping[str, Any]]
) -> dict[str, int]:
    """Count what differs from the bundle before it, for lists of bundles."""
    last = Bundle.objects.built().filter(number__lt=bundle.number).first()
    found = delta(
        accounts_in(last.archive) if last else BundleAccounts(),
        accounts_in(archive),
        digests_of(last) if last else {},
        {file["path"]: file["sha256"] for file in files},
    )
    return {
        "since": last.number if last else 0,
        "create": len(found.added),
        "update": len(found.changed),
        "delete": len(found.removed),
        "files": len((*found.files, *found.gone)),
    }


def texts_of(bundle: Bundle, paths: list[str]) -> Texts:
    return {file.path: file.text for file in files_in(bundle.archive, paths)}


def taken(number: int, since: int, by: User) -> tuple[bytes, str]:
    """Make a zip of what changed, and its name; the activity log says who took it."""
    earlier, later = two(number, since)
    paths = tuple(file["path"] for file in later.files)
    whole = Later(number, accounts_in(later.archive), paths, later.archive)
    files = delta_files(between(earlier, later), whole, since=since)
    name = f"bowline-{number}-since-{since}.zip"
    archive = zipped(files)
    detail = {
        "bundle": number,
        "since": since,
        "sha256": hashlib.sha256(archive).hexdigest(),
    }
    record(by, Activity.What.DOWNLOAD, str(later), detail)
    return archive, name


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
