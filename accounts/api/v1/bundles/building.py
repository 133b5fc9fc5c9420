"""Bundles: the next one built, and which one Spinnaker has."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from ninja.responses import Status

from accounts.api.authentication import OPERATES, ApiRequest
from accounts.api.idempotency import once
from accounts.api.v1.bundles.reading import BundleInFull, read_bundle, router
from accounts.api.v1.texts import Number
from accounts.bundles import install, request_bundle
from accounts.models import Bundle


@router.post("", auth=OPERATES, response={202: BundleInFull}, summary="Build a bundle")
@once
def build_bundle(request: ApiRequest) -> Any:
    """Let a worker build the next bundle, of all accounts that are ready. Its status
    says when it can be downloaded.
    """
    bundle = request_bundle(request.user)
    return Status(202, read_bundle(request, bundle.number))


@router.post(
    "/{number}/installed",
    auth=OPERATES,
    response={200: BundleInFull},
    summary="Mark a bundle as installed",
)
@once
def bundle_installed(request: ApiRequest, number: Number) -> Any:
    """Record that this is what Spinnaker has now."""
    bundle = get_object_or_404(Bundle.objects.light(), number=number)
    install(bundle, request.user)
    return read_bundle(request, number)
