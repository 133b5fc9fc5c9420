"""What Prometheus reads of deliveries: accounts in a running Spinnaker, and how long
it took to load them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Count, F, Q, Sum
from prometheus_client.core import (
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    Metric,
)

from accounts.models import DeliveredAccount, Delivery, DeliveryStep
from accounts.operations.epoch import Epoch

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
