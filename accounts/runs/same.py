"""Approve plans together that are the same, after a person has read one of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from accounts.models import Run
from accounts.runs.actions import Send, approve
from accounts.runs.queue import enqueue

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class Decided(NamedTuple):
    approved: int
    left: list[Run]
    """What was chosen and is not approved now, as it stands by now."""


def approve_same(
    signature: str, chosen: Iterable[str], by: User | None, *, send: Send = enqueue
) -> Decided:
    """Approve those of the chosen runs whose plan still waits with these changes.

    Each is approved by itself: one that moved on meanwhile keeps no other back.
    """
    asked = Run.objects.filter(pk__in=list(chosen)).order_by("account_name")
    approved = [
        run.pk
        for run in asked.same_as(signature).select_related("account")
        if approve(run, by, send=send)
    ]
    left = asked.exclude(pk__in=approved).select_related("approved_by")
    return Decided(len(approved), list(left))
