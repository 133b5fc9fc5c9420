"""A plan as plain text, for a terminal: a summary line, then a line a change; or a diff
a change, where all of it is asked for.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from accounts.mapping.plans import plan_of
from accounts.models import Run
from accounts.web.runs.views import brings
from onboarding.resources.entry_changes import EntryChange
from onboarding.resources.plan import Plan, PlannedChange, by_topic

MOST_OF_TOPIC = 50
"""The most risks of a topic: a trust policy of others may name hundreds."""
SIGNS = {"create": "+", "update": "~", "delete": "-"}


def printed(run: Run, *, whole: bool = True) -> str:
    return f"{summary(run)}\n{changes_of(run, whole=whole)}"


def changes_of(run: Run, *, whole: bool = False) -> str:
    return "\n".join(diff_lines(run, plan_of(run), whole=whole))


def summary(run: Run) -> str:
    plan = plan_of(run)
    counts = ", ".join(f"{count} to {verb}" for verb, count in plan.counts.items())
    if plan.entries:
        counts += f", {len(plan.entries)} in what Spinnaker knows"
    return f"{run.account_name}: {counts}"


def diff_lines(run: Run, plan: Plan, *, whole: bool = True) -> Iterator[str]:
    yield from (f"  {line}" for line in notes(run, plan))
    for change in plan.changes:
        where = f"{change.account_name} ({change.key.account})"
        yield f"  {SIGNS[change.verb]} {change.key.kind} {change.key.name} in {where}"
        if whole:
            yield f"    {change.reason}"
            yield from (f"    {line}" for line in changed_lines(change))
    for entry in plan.entries:
        yield f"  {SIGNS[entry.verb]} Spinnaker's {entry.provider} account {entry.name}"
        if whole:
            yield from (f"    {line}" for line in changed_lines(entry))


def notes(run: Run, plan: Plan) -> Iterator[str]:
    """Yield what the approver must know in addition to the changes."""
    for choice in plan.not_recommended:
        yield f"! Not recommended for {choice.titles}. {choice.sentence}"
    for concern in by_topic(plan.risks):
        for risk in concern.risks[:MOST_OF_TOPIC]:
            yield f"! {risk.key.name}: {risk.sentence}"
        if more := concern.risks[MOST_OF_TOPIC:]:
            yield f"! {concern.topic}: {len(more):,} more. The API lists all of them."
    if run.account and (said := brings(run)):
        yield said
        yield from (f"  v{n} {text}" for n, text in run.account.newer_policies)


def changed_lines(change: PlannedChange | EntryChange) -> Iterator[str]:
    before, after = pretty(change.before), pretty(change.after)
    for line in difflib.unified_diff(before, after, lineterm="", n=2):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def pretty(document: dict[str, Any] | None) -> list[str]:
    if document is None:
        return []
    return json.dumps(document, indent=2, ensure_ascii=False).splitlines()
