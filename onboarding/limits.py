"""How near an installation comes to each limit, with the arithmetic and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from onboarding.bundle.limits import (
    APPLY,
    CONFIG_MAP,
    MANY_AGENTS,
    MANY_AGENTS_ADVICE,
    MEASURED_ACCOUNTS,
    ONE_BY_ONE,
    WITH_THREADS,
    Load,
    duration,
    too_large,
)
from onboarding.bundle.reading import Told

WHOLE = ("clouddriver/", "kustomize/", "operator/")
"""Folders whose files go into a ConfigMap, a Secret or another Kubernetes object."""
SLOW_START = 120
"""Seconds of loading accounts that are worth a word."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One limit, and how the accounts at hand stand to it."""

    title: str
    said: str
    arithmetic: str
    advice: str = ""
    """What to do; empty where nothing needs to be done."""


def load_of(told: Told) -> Load:
    """Count what Clouddriver must do for a bundle's accounts."""
    regions = {account["name"]: len(account["regions"]) for account in told.aws}
    return Load(
        accounts=len(told.aws),
        ec2=sum(regions.values()),
        ecs=sum(regions[account["awsAccount"]] for account in told.ecs),
        functions=sum(
            regions[account["name"]]
            for account in told.aws
            if account.get("lambdaEnabled")
        ),
    )


def both(one: Load, other: Load) -> Load:
    return Load(
        accounts=one.accounts + other.accounts,
        ec2=one.ec2 + other.ec2,
        ecs=one.ecs + other.ecs,
        functions=one.functions + other.functions,
    )


def findings(load: Load, sizes: Mapping[str, int]) -> Iterator[Finding]:
    """Yield each limit for the accounts, and for the largest files, sized in bytes."""
    if load.accounts:
        many = load.agents > MANY_AGENTS
        yield Finding(
            "Caching agents",
            f"{load.agents:,}",
            load.arithmetic,
            MANY_AGENTS_ADVICE if many else "",
        )
        yield start(load)
    for folder in WHOLE:
        inside = [path for path in sizes if path.startswith(folder)]
        if inside:
            largest = max(inside, key=lambda path: sizes[path])
            yield room(largest, sizes[largest])


def start(load: Load) -> Finding:
    alone, threads = (load.seconds(threads=t) for t in (False, True))
    return Finding(
        "Start of Clouddriver",
        f"about {duration(threads)} with threads, {duration(alone)} without",
        f"{load.accounts:,} accounts × {WITH_THREADS} s or {ONE_BY_ONE} s ÷ "
        f"{MEASURED_ACCOUNTS} accounts, as measured",
        "Keep aws.loadAccounts.multiThreadingEnabled on: the bundle's files set it."
        if alone >= SLOW_START
        else "",
    )


def room(path: str, size: int) -> Finding:
    return Finding(
        path,
        f"{size:,} bytes",
        f"{share(size, CONFIG_MAP)} of what a ConfigMap or Secret holds "
        f"({CONFIG_MAP:,}), {share(size, APPLY)} of what kubectl apply takes "
        f"({APPLY:,})",
        too_large(size) if size > APPLY else "",
    )


def share(size: int, limit: int) -> str:
    percent = 100 * size / limit
    return f"{percent:,.0f} %" if percent >= 1 else "under 1 %"
