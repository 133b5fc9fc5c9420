"""Bundles: the next one built, and which one Spinnaker has."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from ninja import Field
from ninja.responses import Status

from accounts.api.authentication import ApiRequest
from accounts.api.codes import Code
from accounts.api.idempotency import changes
from accounts.api.problems import Problem
from accounts.api.requests import Request
from accounts.api.v1.bundles.reading import BundleInFull, read_bundle, router
from accounts.api.v1.texts import Digest, Number, Typed
from accounts.discover.comparisons import changes_now
from accounts.models import Bundle
from accounts.spinnaker.bundles import install, request_bundle
from accounts.spinnaker.next_bundle import CHANGED, EVERY

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


class BundleInstalled(Request):
    answer: Typed = Field(
        "",
        description="The line “all gone” of hal/check.sh, or “gone” if you looked",
    )


@changes(router, "", "Build a bundle", {202: BundleInFull})
def build_bundle(request: ApiRequest, body: BundleBuild | None = None) -> Any:
    """Let a worker build the next bundle, of all accounts that are ready. Its status
    says when it can be downloaded. If you give the digest of the preview, nothing is
    built once something else would change. Nothing is built, either, while it would add
    a broken account that you neither name nor leave out.
    """
    if body and body.digest is not None and body.digest != changes_now().digest:
        raise Problem(
            Code.PREVIEW_CHANGED, CHANGED.format(Bundle.objects.next_number())
        )
    bundle = request_bundle(request.user, body.add_broken if body else ())
    return Status(202, read_bundle(request, bundle.number))


@changes(
    router, "/{number}/installed", "Mark a bundle as installed", {200: BundleInFull}
)
def mark_bundle_installed(
    request: ApiRequest, number: Number, body: BundleInstalled | None = None
) -> Any:
    """Record that this is what Spinnaker has now. Where earlier bundles had accounts
    that this one has not, the answer must say that Spinnaker no longer has them.
    """
    bundle = get_object_or_404(Bundle.objects.light(), number=number)
    install(bundle, request.user, body.answer if body else "")
    return read_bundle(request, number)
