"""Environments that a report brings in: what approving a change there will take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from accounts.models import EnvironmentPolicy, ManagedAccount
from accounts.people.policies import strict_among
from onboarding.adopting.report import Report
from onboarding.adopting.values import Finding

ONE = (
    "The environment {} is new to Bowline. Its name doesn't say production, so one "
    "person can plan a change there and approve it. To require a second approver, add "
    "the accounts, and switch it on in Settings before anything is planned."
)
TWO = (
    "The environment {} is new to Bowline. Its name says production, so a change there "
    "needs a second approver."
)


def with_environments(report: Report) -> Report:
    """Add to the findings what becomes of environments that nobody decided about."""
    found = (*report.findings, *new_environments(report))
    return replace(report, findings=tuple(sorted(found, key=order)))


def order(one: Finding) -> tuple[str, str, tuple[str, ...]]:
    return one.kind, one.says, one.accounts


def new_environments(report: Report) -> Iterator[Finding]:
    names: dict[str, list[str]] = {}
    for account in report.judgement.written:
        if environment := account.get("environment"):
            names.setdefault(environment, []).append(account["name"])
    for model in (ManagedAccount, EnvironmentPolicy):
        rows = model.objects.filter(environment__in=names).order_by()
        for known in {*rows.values_list("environment", flat=True)}:
            names.pop(known, None)
    strict = strict_among(names)
    for environment, accounts in sorted(names.items()):
        says = (TWO if environment in strict else ONE).format(environment)
        yield Finding("new-environment", says, tuple(sorted(accounts)))
