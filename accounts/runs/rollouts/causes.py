"""What failed in a rollout, grouped by cause: one fix for all that have it; and whether
a cause may concern other accounts than those that failed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import OuterRef, QuerySet, Subquery

from accounts.mapping.managing import managing_row
from accounts.models import CheckResult, ManagedAccount, Rollout, Run
from accounts.models.states import UNSUCCESSFUL, State, Status
from accounts.runs.results import results_of
from accounts.runs.rollouts.census import runs_of
from accounts.wording import counted
from onboarding.verify.result import Located

MOST_READ = 1_000
"""The newest failures that are grouped: to read more would slow the page."""

MOST_NAMED = 5
"""The most accounts of one cause that are named."""

EDITED = "It was edited after it was planned."

OF_ACCOUNT = re.compile(
    r"\b(?:[a-z]{1,8}-(?:[0-9a-f]{8}|[0-9a-f]{17})|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"
)
"""An id that AWS gives to something of one account (`subnet-…`, `sg-…`), and a UUID:
an external ID, a key, or that of a request.
"""


class Cause(NamedTuple):
    runs: list[Run]
    """Those that failed for it, the newest first."""
    message: str
    """As AWS or Bowline said it, with “…” for what each account has of its own."""
    fix: str

    @property
    def accounts(self) -> int:
        return len(self.runs)

    @property
    def named(self) -> list[Run]:
        return self.runs[:MOST_NAMED]

    @property
    def more(self) -> int:
        """Count those that are not named."""
        return len(self.runs) - len(self.named)

    @property
    def account_ids(self) -> list[str]:
        return [run.account.account_id for run in self.runs if run.account]


def cause_of(same: list[Run]) -> Cause:
    first, *others = same
    if others:
        return Cause(same, *cause(first))
    return Cause(same, message_of(first), fix_of(first))


def causes_of(rollout: Rollout) -> list[Cause]:
    """Group the rollout's failures, the most frequent cause first; one query."""
    return causes_in(runs_of(rollout).filter(status__in=UNSUCCESSFUL))


def causes_now() -> list[Cause]:
    """Group the accounts that are failed now, by the newest run that failed."""
    newest = Run.objects.filter(account=OuterRef("pk"), status__in=UNSUCCESSFUL)
    failed = ManagedAccount.objects.filter(state=State.FAILED).values_list(
        Subquery(newest.order_by("-number").values("pk")[:1])
    )
    return causes_in(Run.objects.filter(pk__in=failed))


def causes_in(failed: QuerySet[Run]) -> list[Cause]:
    """Group the newest of these, the most frequent cause first; one query."""
    runs = (
        failed.order_by("-moved_at")
        .select_related("account")
        .only("number", "account_name", "error", "status", "account__account_id")
    )
    found = [cause_of(same) for same in by_cause(runs[:MOST_READ])]
    return sorted(found, key=lambda one: -one.accounts)


def by_cause(runs: Iterable[Run]) -> list[list[Run]]:
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault(cause(run), []).append(run)
    return [*groups.values()]


def in_common(rollout: Rollout) -> str:
    """Say what failed in a wave, since it was last resumed, and may concern accounts
    that have not failed: a cause that two share, or one that is not the account's own.
    Empty: nothing.
    """
    failed = runs_of(rollout).filter(status__in=UNSUCCESSFUL, wave__isnull=False)
    if rollout.resumed_at:
        failed = failed.filter(moved_at__gt=rollout.resumed_at)
    for same in by_cause(failed.select_related("account").order_by("moved_at")):
        if len(same) > 1:
            return f"{counted(len(same))} failed for the same reason."
        if not is_own(same[0]):
            name = same[0].account_name
            return f"{name} failed for a reason that might also affect other accounts."
    return ""


def is_own(run: Run) -> bool:
    """Return whether what failed is about this account and not the managing one."""
    error = run.error or {}
    own = run.account.account_id if run.account else ""
    managing = managing_row().account_id
    if where := error.get("account"):
        return bool(where == own != managing)
    said = f"{message_of(run)} {fix_of(run)}"
    if run.status == Status.OUTDATED or names(said, own, run.account_name):
        return True
    failed = CheckResult.Outcome.FAILED
    checks = (one for one in results_of(run) if one.outcome == failed)
    first = next(checks, None)
    return (
        first is not None
        and first.located != Located.BOWLINE
        and not names(said, managing)
    )


def names(text: str, *whole: str) -> bool:
    """Return whether the text has one of these, and not as a part of another word."""
    words = "|".join(re.escape(one) for one in whole if one)
    return bool(words and re.search(rf"(?<![\w-])(?:{words})(?![\w-])", text))


def cause(run: Run) -> tuple[str, str]:
    """Write what happened and its fix without what only this account has."""
    return without_own(run, message_of(run)), without_own(run, fix_of(run))


def without_own(run: Run, text: str) -> str:
    where = str((run.error or {}).get("account", ""))
    account_id = run.account.account_id if run.account else ""
    for word in filter(None, (where, account_id, run.account_name, run.reference)):
        text = text.replace(word, "…")
    return OF_ACCOUNT.sub("…", text)


def message_of(run: Run) -> str:
    return str((run.error or {}).get("message") or EDITED)


def fix_of(run: Run) -> str:
    return str((run.error or {}).get("hint") or "Retry the failed accounts.")
