"""Checks as a page shows them: what is to do first, the rest folded by provider."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

from accounts.models import CheckResult

Outcome = CheckResult.Outcome

TO_DO = (Outcome.FAILED, Outcome.CANNOT_DEPLOY, Outcome.NOT_TESTABLE)
"""The outcomes that somebody must look at, the worst first."""


class Group(NamedTuple):
    """What is known of one provider, or of what every account needs."""

    provider: str
    checks: tuple[CheckResult, ...]


class Sorted(NamedTuple):
    to_do: tuple[CheckResult, ...]
    groups: tuple[Group, ...]
    """The others, of which no page has news."""


def outcomes(checks: Iterable[CheckResult]) -> list[tuple[str, int]]:
    """Count the checks that ended in each way, in order of first appearance."""
    return list(Counter(check.outcome for check in checks).items())


def in_order(checks: Sequence[CheckResult]) -> Sorted:
    """Put those that somebody must look at first, and group the other ones with their
    neighbours that are about the same.
    """
    to_do = [check for check in checks if check.outcome in TO_DO]
    others = (check for check in checks if check.outcome not in TO_DO)
    return Sorted(
        tuple(sorted(to_do, key=lambda check: TO_DO.index(Outcome(check.outcome)))),
        tuple(
            Group(provider, tuple(together))
            for provider, together in groupby(others, lambda check: check.provider)
        ),
    )
