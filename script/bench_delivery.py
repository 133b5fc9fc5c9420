"""A delivery of N accounts to a strict Gate that takes 50 ms for each answer: planned,
sent and seen loaded, then planned again with nothing to send.

Clouddriver polls every 30 seconds, and Gate's list is up to 30 seconds old, as real
ones: the last minute is theirs. Peak memory is that of the process that delivers.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from script.own_process import in_a_process

if TYPE_CHECKING:
    from accounts.models import Delivery

MANY, DELAY = 1_000, 0.05
SECONDS, MEGABYTES = 120, 300
"""The goals for 1,000 accounts at 50 ms."""
ALLOWED = {
    "SPINNAKER_ALLOWED_NETWORKS": "127.0.0.0/8",
    "SPINNAKER_ALLOW_HTTP": "true",
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a delivery of that many accounts cost, in seconds and megabytes."""

    accounts: int
    planned: float
    sent: float
    loaded: float
    unchanged: float
    before: int
    peak: int

    @property
    def whole(self) -> float:
        return self.planned + self.sent + self.loaded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("accounts", nargs="?", type=int, default=MANY)
    parser.add_argument("--delay", type=float, default=DELAY, help="of each answer")
    parser.add_argument("--here", metavar="URL", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.here:
        print(json.dumps(asdict(measured(given.accounts, given.here))))
    else:
        report(given.accounts, given.delay)


def report(accounts: int, delay: float) -> None:
    """Let another process deliver to a Gate in this one; print what it cost."""
    from tests.accounts.spinnaker.deliveries.slow_gate import SlowGate
    from tests.onboarding.delivery.strict_gate import Served, served

    gate = SlowGate(delay=delay)
    with served(Served(gate)) as here:
        options = (str(accounts), "--here", here.url)
        cost = Cost(**in_a_process("bench_delivery", *options, **ALLOWED))
    saves = len(gate.names("PUT"))
    print(f"{accounts:,} accounts, {delay * 1000:.0f} ms an answer")
    print(f"planned    {cost.planned:6.1f} s")
    print(f"sent       {cost.sent:6.1f} s, {saves:,} times PUT")
    print(f"loaded     {cost.loaded:6.1f} s later")
    print(f"unchanged  {cost.unchanged:6.1f} s, planned again")
    print(f"memory     {cost.peak} MB, of which {cost.before} MB before")
    holds = cost.whole < SECONDS and cost.peak < MEGABYTES and saves == accounts
    print(
        f"Goal: {SECONDS} s, {MEGABYTES} MB, each sent once: {'yes' if holds else 'no'}"
    )


def measured(accounts: int, url: str) -> Cost:
    import django  # after the environment that its settings read

    django.setup()
    from django.core.management import call_command

    from accounts.models import Delivery
    from accounts.spinnaker.deliveries.decisions import approve, start
    from accounts.spinnaker.deliveries.stages import carry_on, reach
    from accounts.work.threads import leases_extended
    from tests.accounts.spinnaker.connecting import spinnaker_row
    from tests.accounts.spinnaker.deliveries.many import many_proved
    from tests.rows import managing_row

    call_command("migrate", verbosity=0)
    managing_row()
    many_proved(accounts)
    spinnaker_row(url)
    reached, before = reach(), peak()

    def carried(delivery: Delivery, until: str) -> float:
        began = time.perf_counter()
        while delivery.is_working and delivery.status != until:
            carry_on(delivery, reached)
            delivery.refresh_from_db()
            time.sleep(0.1)
        return time.perf_counter() - began

    Status = Delivery.Status
    with leases_extended():
        delivery = start(None)
        planned = carried(delivery, Status.PLANNED)
        assert approve(delivery, None), delivery.error
        # The look that follows the last step is of those seconds, too.
        sent = carried(delivery, Status.WATCHING)
        loaded = carried(delivery, Status.LOADED)
        assert delivery.status == Status.LOADED, delivery.error
        again = start(None)
        unchanged = carried(again, Status.LOADED)
        assert again.counts["unchanged"] == accounts
    return Cost(accounts, planned, sent, loaded, unchanged, before, peak())


def peak() -> int:
    """Return the most megabytes that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
