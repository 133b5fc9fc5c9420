"""The same policies of several accounts as one row each, with how they are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db.models import Count, F, Min, Q, QuerySet
from django.urls import reverse

from accounts.models import ForeignPolicy, ManagedAccount
from accounts.models.checks import WIDE, today
from accounts.wording import counted

MOST_IN_BUNDLE = 50
"""The most rows on the page of a bundle."""


class Group(NamedTuple):
    """The same policy in one account or many."""

    one: ForeignPolicy
    total: int
    states: list[tuple[str, int]]
    """Each word of a badge, and how many it is of."""

    @property
    def accounts(self) -> str:
        return counted(self.total)

    @property
    def place(self) -> str:
        return self.one.place if self.total == 1 else self.accounts

    @property
    def url(self) -> str:
        if self.total == 1:
            return self.one.get_absolute_url()
        return reverse("accounts:foreign-alike", args=[self.one.alike])


def groups(
    rows: QuerySet[ForeignPolicy] | None = None, *, at_least: int = 1
) -> QuerySet[ForeignPolicy, Any]:
    """Count what is alike among these, or all; those first of which most is open."""
    found = ForeignPolicy.objects.all() if rows is None else rows
    until = Q(until__gte=today())
    counts = found.order_by().values("alike")
    counts = counts.annotate(
        first=Min("pk"),
        count=Count("pk"),
        accepted=Count("pk", filter=until & Q(accepted_at__isnull=False)),
        asked=Count("pk", filter=until & Q(accepted_at=None)),
    ).annotate(open=F("count") - F("accepted") - F("asked"))
    return counts.filter(count__gte=at_least).order_by("-open", "-asked", "first")


def of_bundle(accounts: QuerySet[ManagedAccount]) -> list[Group]:
    """Return what policies of others these accounts and the managing one have; of many
    different ones, the first.
    """
    found = ForeignPolicy.objects.in_accounts(accounts)
    found |= ForeignPolicy.objects.filter(account=None)
    return list(with_first(groups(found)[:MOST_IN_BUNDLE]))


def with_first(counts: Iterable[dict[str, Any]]) -> Iterator[Group]:
    """Yield each with one of its policies, which says what all of them do."""
    counts = list(counts)
    rows = ForeignPolicy.objects.select_related("account").defer(*WIDE)
    first = rows.in_bulk([one["first"] for one in counts])
    for one in counts:
        if policy := first.get(one["first"]):
            states = {
                "not approved": one["open"],
                "asked for": one["asked"],
                "accepted": one["accepted"],
            }
            found = [(word, count) for word, count in states.items() if count]
            yield Group(policy, one["count"], found)
