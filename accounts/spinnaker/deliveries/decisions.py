"""What people do with deliveries: plan, approve, discard. Workers do the rest."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from accounts.decisions.decision import decision, shared_by_all
from accounts.mapping.spinnaker import connected
from accounts.models import Activity, Delivery, Spinnaker
from accounts.models.people import MovedMeanwhile
from accounts.people.activity import record, who_did
from accounts.people.authors import authors_of_delivery
from accounts.people.deciding import PlanChanged
from accounts.people.reach import DecisionReach, reach_of_delivery
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused
from accounts.spinnaker.deliveries.planning import environments
from accounts.work.queue import wake
from onboarding.delivery.verdicts import Why

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
ASKED = (Why.TAKEN, Why.EQUAL, Why.CHANGED_ELSEWHERE, Why.VANISHED)
"""What a person may agree to."""


a_delivery = shared_by_all("a delivery")


class DeliveryOpen(Refused):
    """Another delivery is being carried out; there is one at a time."""

    code = "DELIVERY_OPEN"
    is_late = True

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(f"{delivery} is in progress. Wait until it finishes.")
        self.see: Delivery = delivery


def reach(delivery: Delivery, *, locks: bool = False) -> DecisionReach:
    """Return what a delivery touches: the environments of its accounts when it was
    planned, and those that they are in now.
    """
    planned = reach_of_delivery(delivery)
    now = environments({*delivery.steps.values_list("name", flat=True)})
    pairs = {(f"{delivery}", one) for one in now}
    return replace(planned, accounts=planned.accounts | pairs)


@decision("plan a delivery", OPERATOR, What.PLAN, touches=a_delivery)
def start(by: User | None, *, agreed: Iterable[str] = ()) -> Delivery:
    """Start a delivery that plans; raise DeliveryOpen. A plan that waits is discarded
    for it. `agreed` names what Bowline may take over, overwrite or send again.
    """
    names = sorted(set(agreed))
    version = Spinnaker.objects.values_list("version", flat=True).first()
    Delivery.objects.open().make_way((Delivery.Status.PLANNED,), DeliveryOpen)
    try:
        with transaction.atomic():
            delivery = Delivery.objects.create(
                number=Delivery.objects.next_number(),
                agreed=names,
                created_by=by,
                connection_version=version or 0,
            )
    except IntegrityError as error:
        raise DeliveryOpen(Delivery.objects.open().latest("number")) from error
    transaction.on_commit(partial(wake, delivery))
    detail = {"agreed": names} if names else {}
    record_delivery(by, What.PLAN, delivery, **detail)
    return delivery


@decision("plan a delivery as agreed", OPERATOR, What.PLAN, touches=a_delivery)
def start_connected(by: User, *, agree: Iterable[str] = ()) -> Delivery:
    """Start a delivery as `start` does, for somebody who read the last one: only what
    that asked about may be agreed to. Raise NotConnected where there is no Spinnaker.
    """
    connected()
    known: set[str] = set()
    if last := Delivery.objects.first():
        asked = {why.name for why in ASKED}
        known = {one["name"] for one in last.left if one["why"] in asked}
        known |= {*last.agreed}  # for this plan
    return start.function(by, agreed=known & {*agree})


@decision(
    "approve a delivery",
    APPROVER,
    What.APPROVE,
    touches=reach,
    caused_by=authors_of_delivery,
)
def approve(
    delivery: Delivery, by: User | None, *, read: str | None = None, comment: str = ""
) -> Delivery:
    """Approve a plan. Raise MovedMeanwhile where somebody decided earlier, and
    PlanChanged where what was `read`, by its fingerprint, is not the plan; None: it was
    not read on a page.
    """
    if read is not None and read != delivery.fingerprint:
        raise PlanChanged
    refuse_late(delivery)
    delivery.approve(Delivery.Status.DELIVERING, by, comment)
    for connection in Spinnaker.objects.select_for_update(no_key=True):
        if connection.version == delivery.connection_version:
            connection.authors.clear()
    transaction.on_commit(partial(wake, delivery))
    record_delivery(by, What.APPROVE, delivery, comment=comment)
    return delivery


@decision("discard a delivery", APPROVER, What.DISCARD, touches=a_delivery)
def discard(delivery: Delivery, by: User | None) -> Delivery:
    """Discard a plan; raise MovedMeanwhile where somebody decided earlier."""
    refuse_late(delivery)
    delivery.move(Delivery.Status.DISCARDED, since=(Delivery.Status.PLANNED,))
    record_delivery(by, What.DISCARD, delivery)
    return delivery


def refuse_late(delivery: Delivery) -> None:
    if delivery.status != Delivery.Status.PLANNED:
        raise MovedMeanwhile(decided_already(delivery))


def decided_already(delivery: Delivery) -> str:
    def by_whom() -> str:
        if by := who_did(What.DISCARD, str(delivery)):
            return f" by {by}"
        if later := Delivery.objects.filter(number__gt=delivery.number).last():
            return (
                f" for {later.title.lower()} of {later.created_by_name or 'somebody'}"
            )
        return ""

    return delivery.decided_already(by_whom)


def record_delivery(
    by: User | None, what: Activity.What, delivery: Delivery, **said: object
) -> None:
    detail = {
        "delivery": delivery.number,
        "fingerprint": delivery.fingerprint,
        **delivery.counts,
        **said,
    }
    record(by, what, str(delivery), {k: v for k, v in detail.items() if v})
