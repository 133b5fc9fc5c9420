"""How fast workers carry a rollout by the API, and what they need: with many processes
or many threads, on several hosts, and on a site that has many other accounts.
"""

from __future__ import annotations

import time

from accounts.models import ManagedAccount, Run
from accounts.models.states import Status
from script.emulated_site import Asked, Aws, Measured, members, usage
from script.many_accounts import make_accounts
from script.people import People
from script.site import Site

AMONG = 32
"""Accounts of a rollout on a site with many."""
LISTED = 500
"""How many roles the managing account lists besides those of the rollout."""


def workers(site: Site, aws: Aws, asked: Asked) -> Measured:
    """Carry a rollout by one host with this many processes × threads."""
    processes, threads = map(int, asked.case.split(" × "))
    return rolled_out(site, aws, asked.accounts, processes=processes, threads=threads)


def hosts(site: Site, aws: Aws, asked: Asked) -> Measured:
    """Carry a rollout by this many workers of one process, in one wave: a wave waits
    for its slowest account, with however many hosts.
    """
    wave = {"first_wave": asked.accounts}
    return rolled_out(
        site, aws, asked.accounts, hosts=int(asked.case), threads=4, limits=wave
    )


def memory_among(site: Site, aws: Aws, asked: Asked) -> Measured:
    return rolled_out(site, aws, AMONG, among=int(asked.case))


def rolled_out(
    site: Site,
    aws: Aws,
    count: int,
    *,
    hosts: int = 1,
    processes: int = 1,
    threads: int = 32,
    among: int = 0,
    limits: dict[str, int] | None = None,
) -> Measured:
    """Add the accounts, roll them out, and measure from the first request to the last
    account that is verified.
    """
    site.environment |= {"RUN_THREADS": str(threads)}
    site.start_web()
    names = [f"worker-{number}" for number in range(hosts)]
    for name in names:
        site.start_worker(name, queues="bowline", processes=processes)
    people = People(site.url)
    people.add_managing()
    if among:
        make_accounts(among)
        listed = ManagedAccount.objects.order_by("account_id")[:LISTED].values("pk")
        ManagedAccount.objects.exclude(pk__in=listed).update(granted_at=None)
    for one in members(count):
        aws.add(one)
        people.add(one)
    groups = [site.servers[name].group for name in names]
    began, before, answered = time.monotonic(), usage(*groups), usage(aws.group)
    names = [one.name for one in members(count)]
    good = people.roll_out("onboard", names, limits=limits)
    seconds, after = time.monotonic() - began, usage(*groups)
    of_aws = usage(aws.group).cpu - answered.cpu
    figures: dict[str, float | str] = {
        "Seconds": seconds,
        "An account, s": seconds / count,
        "CPU of the workers, an account, s": (after.cpu - before.cpu) / count,
        "CPU of the emulated AWS, an account, s": of_aws / count,
        "Memory of the workers, MB": after.memory,
        "Verified": len(good),
    }
    failed = Run.objects.exclude(status=Status.VERIFIED).exclude(error=None)
    wrong = [str(run.error["message"]) for run in failed if run.error]
    return Measured(figures, [*people.troubles, *wrong])
