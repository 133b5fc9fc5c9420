"""A plan as plain text, for a terminal: a summary line, then a diff a change."""

from __future__ import annotations

import difflib
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from accounts.models import Run, Step
from accounts.web.runs.before_approval import brings, discouraged

SIGNS = {"create": "+", "update": "~", "delete": "-"}


def printed(run: Run) -> str:
    return "\n".join(lines(run))


def lines(run: Run) -> Iterator[str]:
    steps = list(run.steps.all())
    verbs = Counter(step.verb for step in steps)
    counts = ", ".join(f"{verbs[verb]} to {verb}" for verb in SIGNS)
    yield f"{run.account_name}: {counts}"
    yield from (f"  {line}" for line in notes(run))
    for step in steps:
        where = f"{step.account_name} ({step.account_id})"
        yield f"  {SIGNS[step.verb]} {step.kind} {step.name} in {where}"
        yield f"    {step.reason}"
        yield from (f"    {line}" for line in changed_lines(step))


def notes(run: Run) -> Iterator[str]:
    """Yield what whoever approves must know, beside the changes."""
    if run.account is None or run.kind != Run.Kind.ONBOARD:
        return
    for choice in discouraged(run.account):
        yield f"! Discouraged for {choice.titles}. {choice.sentence}"
    if said := brings(run):
        yield said
        yield from (f"  v{n} {text}" for n, text in run.account.newer_policies)


def changed_lines(step: Step) -> Iterator[str]:
    before, after = pretty(step.before), pretty(step.after)
    for line in difflib.unified_diff(before, after, lineterm="", n=2):
        if not line.startswith(("---", "+++", "@@")):
            yield line


def pretty(document: dict[str, Any] | None) -> list[str]:
    if document is None:
        return []
    return json.dumps(document, indent=2, ensure_ascii=False).splitlines()
