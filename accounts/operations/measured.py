"""What Prometheus reads, computed from the database at each scrape."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from itertools import product
from typing import Any

from django.db.models import Count, F, FloatField, Func, IntegerField, Max, Q, Sum
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Now
from django.utils import timezone
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from accounts.models import (
    AwsAnswers,
    DeliveredAccount,
    Delivery,
    DeliveryStep,
    Heartbeat,
    ManagedAccount,
    Rollout,
    Run,
)
from accounts.models.states import OPEN, VERIFIED, WORDS, Status, counted_by_word
from accounts.operations.certificate import certificate
from accounts.work.heartbeat import OF_QUEUE, SEEN, clock_skew
from accounts.work.threads import repeated
from onboarding.aws.errors import BAD_CREDENTIALS, THROTTLED, UNKNOWN_THERE
from onboarding.aws_calls import ANSWERS


class Epoch(Func):
    """A moment as seconds since 1970. On SQLite Django's own arithmetic with moments is
    done in Python, some hundred times slower.
    """

    function = "EXTRACT"
    template = "%(function)s(EPOCH FROM %(expressions)s)"
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        template = "(julianday(%(expressions)s) - 2440587.5) * 86400"
        return self.as_sql(compiler, connection, template=template)


EVERY = 15.0
"""Seconds. A killed process loses what it counted since."""


def keep_counts() -> None:
    """Write down what was counted; what the database does not take is kept for later.

    Each row is a statement of its own, so that no two processes wait for each other.
    """
    left = ANSWERS.take()
    try:
        AwsAnswers.objects.bulk_create(
            (AwsAnswers(operation=one.operation, error=one.error) for one in left),
            ignore_conflicts=True,
        )
        for one in [*left]:
            row = AwsAnswers.objects.filter(operation=one.operation, error=one.error)
            row.update(count=F("count") + left[one])
            del left[one]
    finally:
        ANSWERS.add(left)


def counts_kept(every: float = EVERY) -> AbstractContextManager[None]:
    """Write down what this process counts, until the block is over and once then."""
    return repeated("counts of AWS's answers", keep_counts, every, and_then=True)


LOAD_BUCKETS = (15, 30, 60, 120, 300, 900)
"""Seconds; Spinnaker loads at each poll, some 30 seconds apart."""
STATES = {
    "loaded": Q(leaving=False, loaded_at__isnull=False),
    "not loaded": Q(leaving=False, loaded_at=None),
    "leaving": Q(leaving=True),
}


def deliveries() -> Iterator[Metric]:
    """Three queries, whatever there is."""
    yield stored()
    newest = Delivery.objects.exclude(status=Delivery.Status.DISCARDED)
    number = newest.order_by("-number").values_list("number", flat=True).first()
    steps = DeliveryStep.objects.filter(delivery=number)
    took = Epoch("seen_at") - Epoch("sent_at")
    loaded = Q(seen_at__isnull=False, sent_at__isnull=False)
    within = {
        f"within_{edge}": Count(
            "pk", filter=loaded & Q(seen_at__lte=F("sent_at") + timedelta(seconds=edge))
        )
        for edge in LOAD_BUCKETS
    }
    found = steps.order_by().aggregate(
        **within,
        differing=Count("pk", filter=Q(seen_at=None)),
        every=Count("pk", filter=loaded),
        seconds=Sum(took, filter=loaded, default=0.0),
    )
    differing = GaugeMetricFamily(
        "bowline_spinnaker_accounts_differing",
        "Accounts of the newest delivery that Spinnaker hasn't loaded yet.",
    )
    differing.add_metric([], found["differing"])
    yield differing
    family = GaugeHistogramMetricFamily(
        "bowline_spinnaker_load_seconds",
        "How long Spinnaker took to load each account that the newest delivery sent.",
        labels=[],
    )
    buckets = [(f"{edge:.1f}", found[f"within_{edge}"]) for edge in LOAD_BUCKETS]
    family.add_metric([], [*buckets, ("+Inf", found["every"])], found["seconds"])
    yield family


def stored() -> Metric:
    counts = DeliveredAccount.objects.owned().aggregate(
        **{name.replace(" ", "_"): Count("pk", filter=q) for name, q in STATES.items()}
    )
    family = GaugeMetricFamily(
        "bowline_spinnaker_accounts",
        "Accounts that Bowline stored in Spinnaker.",
        labels=["state"],
    )
    for state in STATES:
        family.add_metric([state], counts[state.replace(" ", "_")])
    return family


RECENT = timedelta(hours=1)
"""How far back runs that ended are counted."""

MINUTE, HOUR, DAY = 60, 60 * 60, 24 * 60 * 60
RUN_BUCKETS = (5, 15, 30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR)
VERIFICATION_BUCKETS = (HOUR, 6 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY)
"""Seconds, as the other buckets; everything else is in a last one."""

ENDED = tuple(status for status in Status if status not in OPEN)


def since(*fields: str) -> Combinable:
    """Return the seconds since the first of these moments that is known, by the
    database's clock: any host may answer a scrape.
    """
    return Epoch(Now()) - Epoch(Coalesce(*fields) if fields[1:] else F(*fields))


WORKED = Cast(
    Func(
        Epoch("finished_at") - Epoch(Coalesce("approved_at", "created_at")),
        function="ROUND",
    ),
    IntegerField(),
)
"""Whole seconds that a run took after its approval, or after its start where none was
needed. SQLite would cut 19.99999 to 19; PostgreSQL rounds anyway.
"""


class Measured(Collector):
    """A constant number of queries, each of which groups in the database."""

    def collect(self) -> Iterator[Metric]:
        yield accounts()
        yield verifications()
        yield open_runs()
        yield from ended_runs()
        yield from queues()
        yield rollouts()
        yield from ages()
        yield clock()
        yield from aws_calls()
        yield from deliveries()
        yield certificate()


def accounts() -> Metric:
    counts: Counter[str] = Counter()
    for word, count in counted_by_word(ManagedAccount.objects.all()):
        counts[word] += count
    family = GaugeMetricFamily(
        "bowline_accounts",
        "Managed accounts by the state that pages show.",
        labels=["state"],
    )
    for word in WORDS:
        family.add_metric([str(word)], counts[word])
    return family


def verifications() -> Metric:
    verified = ManagedAccount.objects.filter(
        verification__in=VERIFIED, verified_at__isnull=False
    )
    now = timezone.now()
    newer = {
        f"within_{edge}": Count(
            "pk", filter=Q(verified_at__gte=now - timedelta(seconds=edge))
        )
        for edge in VERIFICATION_BUCKETS
    }
    age = since("verified_at")
    found = verified.aggregate(**newer, every=Count("pk"), age=Sum(age, default=0.0))
    family = GaugeHistogramMetricFamily(
        "bowline_verification_age_seconds",
        "Time since each account was last verified with success.",
        labels=[],
    )
    counts = [(f"{edge:.1f}", found[f"within_{edge}"]) for edge in VERIFICATION_BUCKETS]
    family.add_metric([], [*counts, ("+Inf", found["every"])], found["age"])
    return family


def open_runs() -> Metric:
    found = Run.objects.filter(status__in=OPEN).order_by()
    return by_kind_and_status(
        "bowline_runs_open",
        "Runs in progress, by kind and status.",
        found.values_list("kind", "status").annotate(Count("pk")),
        OPEN,
    )


def by_kind_and_status(
    name: str, text: str, found: Iterable[tuple[str, str, int]], known: Iterable[Status]
) -> Metric:
    """Tell a number of each, zeros included: what is missing raises no alert."""
    counts = {(kind, status): count for kind, status, count in found}
    family = GaugeMetricFamily(name, text, labels=["kind", "status"])
    for kind, status in product(Run.Kind, known):
        family.add_metric([kind, status], counts.get((kind, status), 0))
    return family


def ended_runs() -> Iterator[Metric]:
    recent = Run.objects.filter(finished_at__gt=timezone.now() - RECENT).order_by()
    timed = recent.annotate(worked=WORKED).values("kind", "status", "worked")
    rows = list(timed.values_list("kind", "status", "worked", Count("pk")))
    counts: Counter[tuple[str, str]] = Counter()
    for kind, status, _, count in rows:
        counts[kind, status] += count
    yield by_kind_and_status(
        "bowline_runs_ended_last_hour",
        "Runs that ended within the last hour, by kind and status.",
        ((kind, status, count) for (kind, status), count in counts.items()),
        ENDED,
    )
    family = GaugeHistogramMetricFamily(
        "bowline_run_duration_seconds",
        "Duration of the runs that ended within the last hour, from the approval, or "
        "from the start where none was needed.",
        labels=["kind"],
    )
    for kind in Run.Kind:
        took = [(worked, count) for of, _, worked, count in rows if of == kind]
        within = [
            (f"{edge:.1f}", sum(count for worked, count in took if worked <= edge))
            for edge in (*RUN_BUCKETS, math.inf)
        ]
        buckets = [*within[:-1], ("+Inf", within[-1][1])]
        family.add_metric([kind], buckets, sum(worked * n for worked, n in took))
    yield family


def queues() -> Iterator[Metric]:
    """Tell what waits for a worker: runs that should be carried, and that none has."""
    waiting = GaugeMetricFamily(
        "bowline_queue_runs", "Runs that wait for a worker.", labels=["queue"]
    )
    age = GaugeMetricFamily(
        "bowline_queue_age_seconds",
        "How long the run has waited for a worker that has waited longest.",
        labels=["queue"],
    )
    waited = since("moved_at", "created_at")
    found = Run.objects.waiting().aggregate(
        **{f"{queue}_runs": Count("pk", filter=of) for queue, of in OF_QUEUE.items()},
        **{f"{queue}_age": Max(waited, filter=of) for queue, of in OF_QUEUE.items()},
    )
    for queue in OF_QUEUE:
        waiting.add_metric([queue], found[f"{queue}_runs"])
        age.add_metric([queue], max(0.0, found[f"{queue}_age"] or 0.0))
    yield waiting
    yield age


def rollouts() -> Metric:
    found = Rollout.objects.due().order_by()
    counts = dict(found.values_list("state").annotate(Count("pk")))
    family = GaugeMetricFamily(
        "bowline_rollouts_open", "Rollouts in progress.", labels=["state"]
    )
    for state in Rollout.State:
        if state not in Rollout.ENDED:
            family.add_metric([state], counts.get(state, 0))
    return family


def ages() -> Iterator[Metric]:
    """Tell nothing of what never happened: no number would be true."""
    heartbeat = GaugeMetricFamily(
        "bowline_heartbeat_age_seconds",
        "Time since a worker of the queue last received a message.",
        labels=["queue"],
    )
    sweep = GaugeMetricFamily(
        "bowline_sweep_age_seconds",
        "Time since lost messages were last searched for and sent again.",
    )
    ages = {column: since(column) for column in ("swept_at", *SEEN.values())}
    for swept, *heard in Heartbeat.objects.values_list(*ages.values()):
        if swept is not None:
            sweep.add_metric([], swept)
        for queue, age in zip(SEEN, heard, strict=True):
            if age is not None:
                heartbeat.add_metric([queue], age)
    yield heartbeat
    yield sweep


def clock() -> Metric:
    family = GaugeMetricFamily(
        "bowline_clock_skew_seconds",
        "How far a worker's clock is ahead of the database's; 0 where it is right.",
    )
    skew = clock_skew()
    family.add_metric([], skew.seconds if skew else 0)
    return family


def aws_calls() -> Iterator[Metric]:
    calls = CounterMetricFamily(
        "bowline_aws_calls",
        "Calls of AWS that workers made, repeated ones included, by operation and "
        "error; an empty error is a success.",
        labels=["operation", "error"],
    )
    throttled = CounterMetricFamily(
        "bowline_aws_throttles",
        "Those of these calls that AWS throttled.",
        labels=["operation"],
    )
    refused = CounterMetricFamily(
        "bowline_aws_credentials_refused",
        "Those of these calls for which AWS refused credentials, such as expired ones.",
    )
    throttles: Counter[str] = Counter()
    bad = 0
    rows = AwsAnswers.objects.order_by("operation", "error")
    for operation, error, count in rows.values_list("operation", "error", "count"):
        calls.add_metric([operation, error], count)
        throttles[operation] += count if error in THROTTLED else 0
        bad += count if refuses_credentials(operation, error) else 0
    for operation, count in throttles.items():
        throttled.add_metric([operation], count)
    refused.add_metric([], bad)  # from 0: a series that begins at 40 has no increase
    yield calls
    yield throttled
    yield refused


def refuses_credentials(operation: str, error: str) -> bool:
    """Return whether it can only mean that: some words also come from a region that the
    account hasn't enabled.
    """
    everywhere = operation.startswith(("iam:", "sts:"))
    return error in BAD_CREDENTIALS and (everywhere or error not in UNKNOWN_THERE)
