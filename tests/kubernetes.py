"""Kubernetes' own schemas. They load in seconds, so only where a test asks."""

from __future__ import annotations

from importlib import import_module
from typing import Any


def validate(manifest: dict[str, Any], version: str) -> None:
    """Raise ValidationError where this version of Kubernetes would refuse it."""
    import_module("kubernetes_validate").validate(manifest, version, strict=True)
