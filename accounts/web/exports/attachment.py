"""A file that a browser saves instead of showing it."""

from __future__ import annotations

from django.http import HttpResponse


def attachment(content: bytes | str, name: str, kind: str) -> HttpResponse:
    """Answer with a file of this media type; nothing in its name needs escaping."""
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
