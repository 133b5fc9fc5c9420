"""What a large installation meets: Kubernetes' limits, Clouddriver's agents and start.

How near the accounts come to each, for the README and for pages. The numbers were
measured or counted on released Clouddriver and Kubernetes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from onboarding.spinnaker.bundle.archive import File
from onboarding.spinnaker.bundle.contents import BundleAccounts
from onboarding.spinnaker.entries import Entries

CONFIG_MAP = 1_048_576
"""Bytes that a ConfigMap or a Secret holds."""
APPLY = 262_144
"""Bytes that `kubectl apply` can note in an object's annotation."""
EC2_AGENTS, ECS_AGENTS, LAMBDA_AGENTS = 14, 11, 1
"""Caching agents for each account and region."""
ACCOUNT_AGENTS = 4
"""Caching agents for each account, whatever its regions."""
MEASURED_ACCOUNTS, ONE_BY_ONE, WITH_THREADS = 456, 462, 63
"""Accounts of one measured start, and the seconds it took to load them."""
MEASURED_IN = "https://github.com/spinnaker/clouddriver/pull/5539"
MANY_ACCOUNTS = 50
"""Fewer aren't worth a word, unless their Regions make many agents of them."""
MANY_AGENTS = 10_000
MANY_AGENTS_ADVICE = (
    "That is a lot for one Clouddriver: list fewer Regions, and run several caching "
    "Clouddrivers, which share the agents."
)
WHOLE = ("clouddriver/", "kustomize/", "operator/")
"""Folders whose files go into a ConfigMap, a Secret or another Kubernetes object."""
WORTH_A_WORD = APPLY // 10
"""Bytes below which no file is near a limit."""
SLOW_START = 120
"""Seconds of loading accounts that are worth a word."""


@dataclass(frozen=True, slots=True)
class Load:
    """What Clouddriver will have to do for these accounts."""

    accounts: int
    ec2: int
    ecs: int
    functions: int
    """Pairs of account and region: EC2, and those with ECS and with Lambda."""

    @property
    def agents(self) -> int:
        return (
            self.ec2 * EC2_AGENTS
            + self.ecs * ECS_AGENTS
            + self.functions * LAMBDA_AGENTS
            + self.accounts * ACCOUNT_AGENTS
        )

    @property
    def arithmetic(self) -> str:
        parts = (
            (self.ec2, EC2_AGENTS, "EC2, for each account and Region"),
            (self.ecs, ECS_AGENTS, "ECS"),
            (self.functions, LAMBDA_AGENTS, "Lambda"),
            (self.accounts, ACCOUNT_AGENTS, "each account"),
        )
        terms = [f"{count:,} × {each} ({of})" for count, each, of in parts if count]
        return f"{' + '.join(terms)} = {self.agents:,}"

    def seconds(self, *, threads: bool) -> int:
        """Estimate how long Clouddriver takes to load the accounts at its start."""
        measured = WITH_THREADS if threads else ONE_BY_ONE
        return round(self.accounts * measured / MEASURED_ACCOUNTS)


def load(entries: Entries) -> Load:
    regions = {entry.name: len(entry.regions) for entry in entries.aws}
    return Load(
        accounts=len(entries.aws),
        ec2=sum(regions.values()),
        ecs=sum(regions[entry.aws_account] for entry in entries.ecs),
        functions=sum(len(e.regions) for e in entries.aws if e.lambda_enabled),
    )


def load_of(accounts: BundleAccounts) -> Load:
    """Count what Clouddriver must do for a bundle's accounts."""
    regions = {account["name"]: len(account["regions"]) for account in accounts.aws}
    return Load(
        accounts=len(accounts.aws),
        ec2=sum(regions.values()),
        ecs=sum(regions[account["awsAccount"]] for account in accounts.ecs),
        functions=sum(
            regions[account["name"]]
            for account in accounts.aws
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


def size_and_load(entries: Entries, files: Iterable[File]) -> str:
    """Say, with the arithmetic, how near the accounts come to each limit."""
    sizes = {file.path: len(file.content) for file in files}
    lines = [
        f"- {one.title}: {one.said} ({one.arithmetic}). {one.advice}".rstrip()
        for one in limits(load(entries), sizes)
    ]
    return "\n".join(["\n## Size and load\n", *lines, ""]) if lines else ""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit, and how near the accounts at hand are to it."""

    title: str
    said: str
    arithmetic: str
    advice: str = ""
    """What to do; empty where nothing needs to be done."""


def limits(expected: Load, sizes: Mapping[str, int]) -> Iterator[Limit]:
    """Yield each limit for many accounts, and for files that are not far from theirs.

    Sizes are in bytes; of each folder only the largest file counts.
    """
    many = expected.agents > MANY_AGENTS
    if many or expected.accounts >= MANY_ACCOUNTS:
        yield Limit(
            "Caching agents",
            f"{expected.agents:,}",
            expected.arithmetic,
            MANY_AGENTS_ADVICE if many else "",
        )
        yield start(expected)
    for folder in WHOLE:
        inside = [path for path in sizes if path.startswith(folder)]
        if inside:
            largest = max(inside, key=lambda path: sizes[path])
            if sizes[largest] >= WORTH_A_WORD:
                yield room(largest, sizes[largest])


def start(expected: Load) -> Limit:
    alone, threads = (expected.seconds(threads=t) for t in (False, True))
    return Limit(
        "Start of Clouddriver",
        f"about {duration_text(threads)} with threads, {duration_text(alone)} without",
        f"{expected.accounts:,} accounts × {WITH_THREADS} s or {ONE_BY_ONE} s ÷ "
        f"{MEASURED_ACCOUNTS} accounts, as measured in {MEASURED_IN}",
        "Keep aws.loadAccounts.multiThreadingEnabled on: the bundle's files set it."
        if alone >= SLOW_START
        else "",
    )


def room(path: str, size: int) -> Limit:
    return Limit(
        path,
        f"{size:,} bytes",
        f"{share(size, CONFIG_MAP)} of a ConfigMap's or Secret's limit "
        f"({CONFIG_MAP:,}), {share(size, APPLY)} of the limit of kubectl apply "
        f"({APPLY:,})",
        too_large(size) if size > APPLY else "",
    )


def share(size: int, limit: int) -> str:
    percent = 100 * size / limit
    return f"{percent:,.0f}%" if percent >= 1 else "under 1%"


def too_large(size: int) -> str:
    if size > CONFIG_MAP:
        return (
            "It is too large for a ConfigMap or Secret: mount it from a volume, or "
            "take kustomize/, which packs it and unpacks it in an init container."
        )
    return (
        "`kubectl apply` rejects it: use `kubectl apply --server-side`, or `kubectl "
        "replace`."
    )


def duration_text(seconds: int) -> str:
    if seconds < 120:
        return f"{max(1, seconds)} s"
    return f"{round(seconds / 60):,} minutes"
