"""What people do with deliveries: plan, approve, discard. Workers do the rest."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from accounts.mapping.spinnaker.connection import connected
from accounts.models import Activity, Delivery, Spinnaker
from accounts.models.people.decided import MovedMeanwhile
from accounts.people.activity import record, who_did
from accounts.people.authors import authors_of_delivery
from accounts.people.deciding import PlanChanged, refuse
from accounts.people.reach import reach_of_delivery
from accounts.people.role_limits.refusing import refuse_limited
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.work.queue import wake
from onboarding.delivery.verdicts import Why

if TYPE_CHECKING:
    from django.contrib.auth.models import User

What = Activity.What
ASKED = (Why.TAKEN, Why.EQUAL, Why.CHANGED_ELSEWHERE, Why.VANISHED)
"""What a person may agree to."""


class DeliveryOpen(Refused):
    """Another delivery is being carried out; there is one at a time."""

    code = "DELIVERY_OPEN"
    is_late = True

    def __init__(self, delivery: Delivery) -> None:
        super().__init__(f"{delivery} is in progress. Wait until it finishes.")
        self.delivery = delivery


def start_connected(by: User, *, agreed: Iterable[str] = ()) -> Delivery:
    """Start a delivery as `start` does, for somebody who read the last one: only what
    that asked about may be agreed to. Raise NotConnected where there is no Spinnaker.
    """
    connected()
    last = Delivery.objects.first()
    known = may_be_agreed(last) if last else set()
    return start(by, agreed=known & {*agreed})


def may_be_agreed(delivery: Delivery) -> set[str]:
    """Name what a person may agree to, and what was agreed for this plan."""
    asked = {why.name for why in ASKED}
    return {one["name"] for one in delivery.left if one["why"] in asked} | {
        *delivery.agreed
    }


def start(by: User | None, *, agreed: Iterable[str] = ()) -> Delivery:
    """Start a delivery that plans; raise DeliveryOpen. A plan that waits is discarded
    for it. `agreed` names what Bowline may take over, overwrite or send again.
    """
    refuse_limited(by, OPERATOR, "a delivery")
    names = sorted(set(agreed))
    with transaction.atomic():
        make_way()
        try:
            with transaction.atomic():
                delivery = Delivery.objects.create(
                    number=Delivery.objects.next_number(),
                    agreed=names,
                    created_by=by,
                )
        except IntegrityError as error:
            raise DeliveryOpen(Delivery.objects.open().latest("number")) from error
        transaction.on_commit(partial(wake, delivery))
        detail = {"agreed": names} if names else {}
        record_delivery(by, What.PLAN, delivery, **detail)
    return delivery


def make_way() -> None:
    """Discard a plan that waits; raise DeliveryOpen where a worker is on one."""
    for delivery in Delivery.objects.open():
        try:
            delivery.move(Delivery.Status.DISCARDED, since=(Delivery.Status.PLANNED,))
        except MovedMeanwhile as error:
            # Whoever was quicker may have discarded it, for another one or for none.
            if now := Delivery.objects.open().first():
                raise DeliveryOpen(now) from error


def approve(
    delivery: Delivery,
    by: User | None,
    *,
    read: str | None = None,
    comment: str = "",
) -> bool:
    """Approve a plan; False where somebody decided earlier. Raise SamePerson where
    another person must, and PlanChanged where what was `read`, by its fingerprint, is
    not the plan; None: it was not read on a page.
    """
    refuse(reach_of_delivery(delivery), authors_of_delivery(delivery), by)
    if read is not None and read != delivery.fingerprint:
        raise PlanChanged
    try:
        with transaction.atomic():
            delivery.approve(Delivery.Status.DELIVERING, by, comment)
            for connection in Spinnaker.objects.all():
                connection.authors.clear()
            transaction.on_commit(partial(wake, delivery))
            record_delivery(by, What.APPROVE, delivery, comment=comment)
    except MovedMeanwhile:
        return False
    return True


def discard(delivery: Delivery, by: User | None) -> bool:
    """Discard a plan; False where somebody decided earlier."""
    refuse(reach_of_delivery(delivery), None, by)
    try:
        with transaction.atomic():
            delivery.move(Delivery.Status.DISCARDED, since=(Delivery.Status.PLANNED,))
            record_delivery(by, What.DISCARD, delivery)
    except MovedMeanwhile:
        return False
    return True


def decided_already(delivery: Delivery) -> str:
    """Say who approved it, or what became of it, before somebody else decided."""
    if delivery.status == Delivery.Status.DISCARDED:
        if by := who_did(What.DISCARD, str(delivery)):
            return f"{delivery} was discarded by {by} before you decided."
        if later := Delivery.objects.filter(number__gt=delivery.number).last():
            by = later.created_by_name or "somebody"
            return (
                f"{delivery} was discarded for {str(later).lower()} of {by} before you "
                "decided."
            )
    if by := delivery.approved_by_name:
        return f"{delivery} was approved by {by} before you decided."
    return f"{delivery} is already {delivery.status}."


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
