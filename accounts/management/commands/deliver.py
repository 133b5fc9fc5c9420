"""`manage.py deliver`: the proved accounts, to the running Spinnaker, here and now.

It fails where something is not loaded in time. A delivery that is interrupted is
continued by workers, or by the next command, once the lease of who was killed ran out.
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import click
from django.contrib.auth.models import User
from django.core.management import CommandError

from accounts.management.command import (
    DONE,
    FAILED,
    PLANNED,
    BowlineCommand,
    acting_person,
    combined,
)
from accounts.management.plain_text import (
    approving,
    delivery_lines,
    ending,
    is_interrupted,
    is_within,
    kept_back,
    what_is_left,
)
from accounts.models import Delivery
from accounts.models.people import MovedMeanwhile, Scope
from accounts.people.deciding import SamePerson
from accounts.spinnaker.deliveries.decisions import (
    DeliveryOpen,
    approve,
    decided_already,
    start,
)
from accounts.spinnaker.deliveries.looking import Reached
from accounts.spinnaker.deliveries.planning import (
    compare_with_spinnaker,
    plan_columns,
    steps_of,
)
from accounts.spinnaker.deliveries.stages import carry_on, is_waiting, reach
from accounts.work.queue import nothing_sent
from accounts.work.threads import leases_extended

LOOKS_EVERY = 1.0
THE_ONE_THAT_FITS = 0
"""--approve without a number: the plan that waits if it still fits, else a new one."""
ONLY_WITH_NUMBER = "--plan: name the delivery too, with --approve N."
ALREADY_PLANNED = "--take-over: a delivery that waits is planned already. Plan another."
Status = Delivery.Status


def named_plan(number: int, plan: str, reached: Reached) -> Delivery:
    """Find the plan with this number, which was read, or of which something is left;
    raise CommandError where neither is so, or what it is about has changed since.
    """
    delivery = Delivery.objects.filter(number=number).first()
    if delivery is None:
        raise CommandError(f"There is no delivery {number}.")
    is_left = bool(plan) and is_interrupted(delivery)
    if delivery.status != Status.PLANNED and not is_left:
        raise CommandError(decided_already(delivery))
    if plan not in ("", delivery.digest, delivery.fingerprint):
        raise CommandError(
            f"{delivery} isn't plan {plan}, it is {delivery.digest}. Read it again."
        )
    if is_left:
        return delivery
    if waiting_still(reached, delivery.agreed) is None:
        raise CommandError(
            f"{delivery}: what was planned has changed. Plan it again, and review "
            "that: manage.py deliver"
        )
    return delivery


def waiting_still(reached: Reached, agreed: list[str]) -> Delivery | None:
    """Find the plan that waits, if it would be planned the same now."""
    delivery = Delivery.objects.filter(status=Status.PLANNED).first()
    if delivery is None or delivery.agreed != sorted({*agreed}):
        return None
    now = compare_with_spinnaker(reached, agreed)
    return delivery if now.plan.fingerprint == delivery.fingerprint else None


class Command(BowlineCommand):
    help = "Plan changes for a running Spinnaker. With --approve, deliver them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="print the plan without saving it"
        )
        parser.add_argument(
            "--approve",
            "--yes",
            nargs="?",
            type=int,
            const=THE_ONE_THAT_FITS,
            metavar="N",
            help="deliver what was planned, and wait until Spinnaker has loaded it; "
            "with a number, only the delivery that waits with it, and plan nothing",
        )
        parser.add_argument(
            "--plan",
            default="",
            metavar="DIGEST",
            help="with --approve N: only if the plan has this digest, or to plan and "
            "send what an interrupted delivery left of it; --allow-delete then needs "
            "no names",
        )
        parser.add_argument(
            "--allow-delete",
            nargs="*",
            metavar="NAME",
            help="also approve deletions, only of these accounts if any are named; "
            "required by name to delete over a third of them",
        )
        parser.add_argument(
            "--take-over",
            nargs="+",
            default=[],
            metavar="NAME",
            help="take over, overwrite or send again these accounts in Spinnaker",
        )
        parser.add_argument(
            "--wait",
            action="store_true",
            help="wait while another delivery is in progress, then continue",
        )
        parser.add_argument(
            "--by", metavar="USER", help="who plans, or with --approve who approves"
        )

    def handle(
        self,
        *,
        dry_run: bool,
        take_over: list[str],
        by: str | None,
        approve: int | None,
        **options: Any,
    ) -> None:
        approves = approve is not None
        person = acting_person(by, Scope.APPROVE if approves else Scope.OPERATE)
        if (options["plan"] and not approve) or (take_over and approve):
            raise CommandError(ONLY_WITH_NUMBER if not approve else ALREADY_PLANNED)
        if dry_run:
            sys.exit(self.show(take_over))
        with nothing_sent(), leases_extended():
            sys.exit(self.deliver(person, take_over, approve=approve, **options))

    def show(self, agreed: list[str]) -> int:
        """Print what would be planned."""
        now = compare_with_spinnaker(reach(), agreed)
        rows = steps_of(Delivery(), now)
        self.tell("Delivery", **plan_columns(now.plan), steps=rows)
        return PLANNED if rows else DONE

    def deliver(
        self,
        person: User | None,
        agreed: list[str],
        *,
        approve: int | None,
        plan: str,
        allow_delete: list[str] | None,
        wait: bool,
        **_: Any,
    ) -> int:
        reached = reach()
        before = self.continued(wait=wait)
        interrupted = None
        if approve:
            delivery: Delivery | None = named_plan(approve, plan, reached)
        else:
            delivery = None if approve is None else waiting_still(reached, agreed)
        if delivery and is_interrupted(delivery):
            interrupted, agreed, delivery = delivery, delivery.agreed, None
        if delivery is None:
            delivery = start(person, agreed=agreed)
            self.carry(delivery, reached)
        if delivery.status in Delivery.UNSUCCESSFUL:
            return combined([before, self.ended(delivery)])
        self.tell(
            str(delivery),
            counts=delivery.counts,
            steps=delivery.steps.iterator(),
            left=delivery.left,
            warnings=delivery.warnings,
        )
        if delivery.status != Status.PLANNED:
            return combined([before, DONE])
        if approve is None:
            self.stdout.write(f"Plan {delivery.digest} waits for approval.")
            return combined([before, PLANNED])
        if interrupted and not is_within(delivery, interrupted):
            self.stderr.write(
                f"{delivery}: not approved. It does more than what is left of "
                f"{str(interrupted).lower()}."
            )
            self.stderr.write(f"  Review the plan, then run: {approving(delivery)}")
            return combined([before, PLANNED])
        if not self.approved(delivery, allow_delete, person, was_read=bool(plan)):
            return combined([before, PLANNED])
        return combined([before, self.carried_out(delivery)])

    def continued(self, *, wait: bool) -> int:
        """Carry on what did not end; raise DeliveryOpen where somebody does so, unless
        it is to `wait`. Return how it ended; a plan waits, and makes way for another.
        """
        delivery = Delivery.objects.open().first()
        if delivery is None or not delivery.is_working:
            return DONE
        while delivery.is_held:
            if not wait:
                raise DeliveryOpen(delivery)
            time.sleep(LOOKS_EVERY)
        delivery.refresh_from_db()
        if delivery.status == Status.PLANNING:
            self.carry(delivery, reach())
            return DONE
        self.stdout.write(f"{delivery} didn't end, and is continued.")
        return self.carried_out(delivery)

    def carried_out(self, delivery: Delivery) -> int:
        with self.progress(delivery) as advance:
            self.carry(delivery, reach(progressed=advance))
        return self.ended(delivery)

    def carry(self, delivery: Delivery, reached: Reached) -> None:
        """Carry it until it ends or waits for a person; say what it waits for."""
        waiting = ""
        while True:
            carry_on(delivery, reached)
            delivery.refresh_from_db()
            if not delivery.is_working:
                return
            if delivery.waiting != waiting:
                waiting = delivery.waiting
                self.stdout.write(waiting)
            if is_waiting(delivery, reached) or delivery.leased_until:
                time.sleep(LOOKS_EVERY)

    @contextmanager
    def progress(self, delivery: Delivery) -> Iterator[Any]:
        """Show a bar on a terminal; elsewhere, say each hundredth account."""
        count, lock = delivery.steps.count(), Lock()
        sent = delivery.steps.filter(sent_at__isnull=False).count()
        if self.stderr.isatty():
            bar = click.progressbar(
                length=count, label="Send", file=sys.stderr, show_pos=True
            )
            with bar:
                bar.update(sent)

                def advance(steps: int) -> None:
                    with lock:
                        bar.update(steps)

                yield advance
            return

        def say(steps: int) -> None:
            nonlocal sent
            with lock:
                sent += steps
                if sent % 100 == 0 or sent == count:
                    self.stdout.write(f"Sent {sent:,} of {count:,}.")

        yield say

    def approved(
        self,
        delivery: Delivery,
        allowed: list[str] | None,
        person: User | None,
        *,
        was_read: bool,
    ) -> bool:
        """Approve it, or print why that is left to somebody else."""
        reasons = list(kept_back(delivery, allowed, was_read=was_read))
        if not reasons:
            try:
                return bool(approve(delivery, person))
            except MovedMeanwhile as error:
                reasons = [str(error)]
            except SamePerson as error:
                command = approving(delivery)
                reasons = [str(error), f"They run: {command} --by USER"]
        self.stderr.write(f"{delivery}: not approved. {reasons[0]}")
        for reason in reasons[1:]:
            self.stderr.write(f"  {reason}")
        return False

    def tell(self, title: str, **of: Any) -> None:
        for line in delivery_lines(title, **of):
            self.stdout.write(line)

    def ended(self, delivery: Delivery) -> int:
        for line in ending(delivery.steps.light()):
            self.stdout.write(line)
        if delivery.status == Status.LOADED:
            return DONE
        error = delivery.error or {}
        self.stderr.write(f"{delivery}: {delivery.status}. {error.get('message', '')}")
        if error.get("hint"):
            self.stderr.write(f"  {error['hint']}")
        if is_interrupted(delivery):
            self.stderr.write(f"  {what_is_left(delivery)}")
        return FAILED
