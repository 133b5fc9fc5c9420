"""A Spinnaker as one delivery reaches it, and what of it is read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from django.utils import timezone

from accounts.work.threads import own_connections
from onboarding.carried.table import KINDS
from onboarding.delivery.gate import Gate
from onboarding.delivery.loading import PERIOD
from onboarding.delivery.releases import Release, refusal
from onboarding.delivery.verdicts import FoundAccounts

T = TypeVar("T")
R = TypeVar("R")

THREADS = 8
"""Requests to Gate at once: it asks Clouddriver and Fiat for each."""
FEW = 20
"""Up to this many accounts are asked for by name; else all are listed at once."""


def ignore(_: int) -> None:
    """Show nobody how far it is."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How the delivery reaches Spinnaker, and what time it is there."""

    gate: Gate
    release: Release | None = None
    period: float = PERIOD
    threads: int = THREADS
    now: Callable[[], datetime] = timezone.now
    progressed: Callable[[int], None] = ignore
    """Receives how many steps Spinnaker stored."""

    def each(self, work: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """Do the work for each, several at once, and each thread with one database
        connection; return what it gave, in the items' order.
        """
        if self.threads == 1:
            return [work(item) for item in items]

        def part(first: int) -> list[R]:
            with own_connections():
                return [work(item) for item in items[first :: self.threads]]

        done: list[R | None] = [None] * len(items)
        with ThreadPoolExecutor(max_workers=self.threads) as pool:
            for first, results in enumerate(pool.map(part, range(self.threads))):
                done[first :: self.threads] = results
        return cast("list[R]", done)

    def found(self) -> FoundAccounts:
        """Read what is stored and what is loaded."""
        known = [
            one for one in KINDS if not (self.release and refusal(one, self.release))
        ]
        stored = [row for type_ in known for row in self.gate.stored(type_)]
        return FoundAccounts.of(stored, self.gate.loaded(details=True))

    def loaded(self, names: Iterable[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return those of them that are loaded, with what is shown of each."""
        asked = sorted(set(names))
        if len(asked) > FEW:
            shown = self.gate.loaded_accounts()
            return {name: shown[name] for name in asked if name in shown}
        read = self.each(self.gate.loaded_account, asked)
        found = zip(asked, read, strict=True)
        return {name: account for name, account in found if account is not None}
