"""What ended, said in a sentence: what a toast shows."""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

from django.db.models import QuerySet
from django.urls import reverse

from accounts.models import Run
from accounts.models.states import FAILURES, UNSUCCESSFUL, Status, word_of

SENTENCES = {
    Status.PLANNED: "The plan for {} needs approval",
    Status.HANDED_OFF: "{run} of {} is waiting for an owner",
    Status.VERIFIED: "Account {} is {verification}",
    Status.EVALUATED: "Account {} is {verification}",
    Status.REMOVED: "Account {} is removed from AWS",
    Status.FAILED: "{run} of {} failed",
    Status.ERRORED: "{run} of {} stopped because of an internal error",
    Status.OUTDATED: "{run} of {} is outdated",
}


class Ending(NamedTuple):
    state: str
    """A status with a badge of its own."""
    text: str
    url: str

    @property
    def kind(self) -> str:
        """Say how its toast looks, which goes by itself if it is good."""
        if self.state in UNSUCCESSFUL:
            return "bad"
        return "waits" if self.state == Status.PLANNED else "good"

    @property
    def icon(self) -> str:
        return {"bad": "cross", "waits": "list", "good": "check"}[self.kind]


def ending_of(run: Run) -> Ending:
    said = SENTENCES[Status(run.status)].format(
        run.account_name, run=run.title, verification=run.verification
    )
    return Ending(run.word, said, run.get_absolute_url())


def ending_of_all(runs: QuerySet[Run]) -> Ending | None:
    """Report the one run of these, or sum them up."""
    shown = runs.only(
        "number", "status", "account_name", "unknown_writes", "undeployable"
    )
    some = list(shown[:2])
    if len(some) == 1:
        return ending_of(some[0])
    return summary(runs) if some else None


def summary(runs: QuerySet[Run]) -> Ending:
    statuses = runs.order_by().values_list("status", flat=True)
    counts = Counter(statuses)
    worst = next((one for one in FAILURES if counts[one]), "")
    parts = [f"{count:,} {word_of(status)}" for status, count in counts.most_common()]
    text = f"{counts.total():,} runs finished: {', '.join(parts)}"
    state = worst or counts.most_common(1)[0][0]
    return Ending(state, text, reverse("accounts:runs"))
