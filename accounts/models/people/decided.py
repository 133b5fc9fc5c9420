"""What a plan keeps of the decision about it: what it touches, and who caused it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models

from accounts.models.readable import Check, is_texts


def is_reach(value: Any) -> bool:
    """Return whether people/reach.py wrote it, or it is empty."""
    return value == {} or (
        isinstance(value, dict)
        and isinstance(value.get("managing"), bool)
        and isinstance(value.get("managing_first", False), bool)
        and isinstance(value.get("second"), str)
        and is_texts(value.get("environments"))
    )


def are_authors(value: Any) -> bool:
    """Return whether it names, by what they did, the keys of people."""
    return isinstance(value, dict) and all(
        isinstance(keys, list) and all(isinstance(key, int) for key in keys)
        for keys in value.values()
    )


class Decided(models.Model):
    READS: ClassVar[Mapping[str, Check]] = {"reach": is_reach, "authors": are_authors}

    reach = models.JSONField(default=dict, editable=False)
    """What it was found to touch when it was planned, see people/reach.py; empty: it
    was planned before that was kept."""
    authors = models.JSONField(default=dict, editable=False)
    """{what they did: [keys of people]} who had caused it by then."""

    class Meta:
        abstract = True
