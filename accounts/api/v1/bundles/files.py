"""A file of a bundle, read as on the bundle's page."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path

from accounts.api.v1.bundles.reading import BundleFile, router
from accounts.api.v1.texts import NO_NUL, Number
from accounts.models import Bundle
from accounts.spinnaker.bundles import MOST_CHARACTERS, text_of

FilePath = Annotated[str, Path(max_length=500, pattern=NO_NUL)]


class BundleFileInFull(BundleFile):
    text: str = Field(description=f"At most {MOST_CHARACTERS:,} characters")
    excluded: int = Field(description="How many characters more are in the zip")


@router.get(
    "/{number}/files/{path:path}",
    response=BundleFileInFull,
    summary="Read a file of a bundle",
)
def read_bundle_file(
    request: HttpRequest, number: Number, path: FilePath
) -> dict[str, Any]:
    """Read one file; the bundle lists their paths."""
    built = Bundle.objects.filter(status=Bundle.Status.READY).defer("archive", "load")
    file, text = text_of(get_object_or_404(built, number=number), path)
    part = text[:MOST_CHARACTERS]
    return {**file, "text": part, "excluded": len(text) - len(part)}
