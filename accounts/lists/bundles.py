"""Bundles that the filters in the URL ask for."""

from __future__ import annotations

import re

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict

from accounts.lists.filters import Filters, filtered
from accounts.models import Bundle

NUMBER = re.compile(r"(?:bundle\s*)?#?\s*([0-9]{1,9})", re.IGNORECASE)
"""What people write for a bundle: its number, “#5” or “Bundle 5”."""


def by_text(text: str) -> Q:
    """Find bundles by number, digest, or whoever built them."""
    found = Q(created_by_name__icontains=text) | Q(sha256__startswith=text.lower())
    if number := NUMBER.fullmatch(text):
        found |= Q(number=int(number[1]))
    return found


FILTERS: Filters = {
    "text": by_text,
    "status": lambda status: Q(status=status),
}


def matching(asked: QueryDict) -> QuerySet[Bundle]:
    """Find what the filters in the URL ask for, the newest first."""
    found = filtered(Bundle.objects.light(), FILTERS, asked)
    return found.annotate(count=Count("accounts")).order_by("-number")
