"""Bundles: the next one built, and which one Spinnaker has."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Field

from accounts.api.operations import operation
from accounts.api.requests import Request
from accounts.api.v1.bundles.reading import BundleInFull, read_bundle, router
from accounts.api.v1.texts import Digest, Number, Typed
from accounts.discover.comparisons import refuse_changed
from accounts.models import Bundle
from accounts.spinnaker.bundles import install, new_bundle
from accounts.spinnaker.next_bundle import EVERY

MOST_NAMED = 1000
"""The most broken accounts that are named to build."""


class BundleBuild(Request):
    digest: Digest | None = Field(None, description="Of the preview that you read")
    add_broken: list[Typed] = Field(
        [],
        max_length=MOST_NAMED,
        description="Broken accounts that the last bundle doesn’t have, and this one "
        f"adds; “{EVERY}”: all",
    )

    def given(self) -> dict[str, Any]:
        refuse_changed(self.digest)
        return {"add_broken": self.add_broken}


class BundleInstalled(Request):
    answer: Typed = Field(
        "",
        description="The line “all gone” of hal/check.sh, or “gone” if you looked",
    )


def bundle_numbered(number: Number) -> Bundle:
    return get_object_or_404(Bundle.objects.light(), number=number)


operation(
    router,
    "",
    new_bundle,
    "build_bundle",
    "Build a bundle",
    {202: BundleInFull},
    says="""Let a worker build the next bundle, of all accounts that are ready. Its
    status says when it can be downloaded. If you give the digest of the preview,
    nothing is built once something else would change. Nothing is built, either, while
    it would add a broken account that you neither name nor exclude.
    """,
    body=BundleBuild | None,
    answer=lambda request, done: read_bundle(request, done.number),
)
operation(
    router,
    "/{number}/installed",
    install,
    "mark_bundle_installed",
    "Mark a bundle as installed",
    {200: BundleInFull},
    says="""Record that this is what Spinnaker has now. Where earlier bundles had
    accounts that this one doesn't have, the answer must say that Spinnaker no longer
    has them.
    """,
    find=bundle_numbered,
    body=BundleInstalled | None,
    answer=lambda request, row, _: read_bundle(request, row.number),
)
