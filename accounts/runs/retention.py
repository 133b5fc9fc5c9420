"""Fold what superseded verifications found, and delete those that nothing needs; runs
that changed AWS are kept forever.
"""

from __future__ import annotations

from datetime import datetime

from accounts.models import Findings, Run
from accounts.runs.results import fold
from accounts.slices import in_slices

MOST = 20_000
"""Runs that one call folds, or deletes: an hour's verifications of 10,000 accounts,
twice.
"""
AT_ONCE = 200
"""Runs in one transaction, with some 12,000 results: SQLite locks out every other
writer meanwhile, for about a tenth of a second."""
FOLDED_AT_ONCE = 50
"""Their results are read and compared meanwhile, which takes longer."""


def delete_old_verifications(before: datetime, *, most: int = MOST) -> int:
    """Delete runs that only verified and ended before; return how many.

    Each batch is a transaction of its own, and a run that may be deleted stays so: it
    is over, and a later one has taken its place.
    """
    old = Run.objects.outlived(before).order_by("created_at")
    found = list(old.values_list("pk", flat=True)[:most])
    for some in in_slices(found, AT_ONCE):
        Run.objects.filter(pk__in=some).delete()
    return len(found)


def fold_superseded(*, most: int = MOST) -> int:
    """Fold the results of runs whose account was verified later; return how many runs.

    Safe to kill: each batch is a transaction of its own.
    """
    found = list(Run.objects.to_fold().values_list("pk", flat=True)[:most])
    for some in in_slices(found, FOLDED_AT_ONCE):
        fold(some)
    return len(found)


def delete_unused_findings() -> None:
    """Delete what only deleted verifications found."""
    Findings.objects.filter(runs=None).delete()
