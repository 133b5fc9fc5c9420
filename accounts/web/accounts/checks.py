"""Checks as a page shows them: by provider, what is only simulated folded away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from accounts.models import CheckResult
from onboarding.providers import PROVIDERS

FEW = 2
"""The most simulated permissions of a provider that are shown; more are folded."""


class Group(NamedTuple):
    """What is known of one provider, or of what every account needs."""

    provider: str
    shown: tuple[CheckResult, ...]
    folded: tuple[CheckResult, ...]
    """What the policies allow, and nobody called."""


def outcomes(checks: Iterable[CheckResult]) -> list[tuple[str, int]]:
    """Count the checks that ended in each way, in order of first appearance."""
    return list(Counter(check.outcome for check in checks).items())


def grouped(checks: Iterable[CheckResult]) -> list[Group]:
    """Group neighbouring checks that are about the same."""
    return [
        group(provider, list(together))
        for provider, together in groupby(checks, lambda check: check.provider)
    ]


def group(provider: str, checks: list[CheckResult]) -> Group:
    simulated = [c for c in checks if c.outcome == CheckResult.Outcome.EVALUATED]
    folds = provider in PROVIDERS and len(simulated) > FEW
    folded = tuple(simulated) if folds else ()
    shown = tuple(check for check in checks if check not in folded)
    return Group(provider, shown, folded)
