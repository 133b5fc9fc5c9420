"""What people decide, each as a page that was opened and a button that is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.contrib.auth.models import User

from accounts import external_ids
from accounts.mapping.edits import editing, editing_managing
from accounts.models import Delivery, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.models.people.decided import MovedMeanwhile
from accounts.runs import actions
from accounts.runs.deciding.lateness import (
    decided_already,
    nothing_to_accept,
    outdated,
)
from accounts.runs.rollouts import decisions
from accounts.spinnaker.bundles import new_bundle
from accounts.spinnaker.deliveries import decisions as deliveries

ALONE, TOGETHER = "staging", "testing"
"""An account with a plan of its own, and one whose plan is part of a rollout."""
SAME = "ab" * 16
DONE = "done"

Press = Callable[[], str]
"""Decides what a page offered, and says what the page then says."""


def the_run(name: str) -> Run:
    return Run.objects.select_related("account").get(account_name=name)


def late(run: Run) -> str:
    now = Run.objects.select_related("account").get(pk=run.pk)
    return outdated(now) or decided_already(now)


def approve(name: str, by: User) -> Press:
    run = the_run(name)
    return lambda: DONE if actions.approve(run, by) else late(run)


def discard(name: str, by: User) -> Press:
    run = the_run(name)
    return lambda: DONE if actions.discard(run, by) else late(run)


def edit(name: str, by: User) -> Press:
    account = ManagedAccount.objects.get(name=name)

    def press() -> str:
        account.regions = ["eu-west-1"]
        with editing(account, by):
            account.save()
        return DONE

    return press


def edit_managing(name: str, by: User) -> Press:
    row = ManagingAccount.objects.get()

    def press() -> str:
        row.name = "tools"
        with editing_managing(row, by):
            row.save()
        return DONE

    return press


def plan(name: str, by: User) -> Press:
    account = ManagedAccount.objects.prefetch_related("providers").get(name=name)

    def press() -> str:
        try:
            actions.plan(account, by)
        except actions.RunOpen as error:
            return str(error)
        return DONE

    return press


def accept(name: str, by: User) -> Press:
    account = ManagedAccount.objects.get(name=name)

    def press() -> str:
        if actions.accept(account, by):
            return DONE
        return nothing_to_accept(ManagedAccount.objects.get(name=name))

    return press


def rotate(name: str, by: User) -> Press:
    account = ManagedAccount.objects.get(name=name)

    def press() -> str:
        try:
            external_ids.rotate(account, by)
        except external_ids.RotationRefused as error:
            return str(error)
        return DONE

    return press


def build(name: str, by: User) -> Press:
    return lambda: DONE if new_bundle(by) else ""


def deliver(name: str, by: User) -> Press:
    def press() -> str:
        try:
            deliveries.start(by)
        except deliveries.DeliveryOpen as error:
            return str(error)
        return DONE

    return press


def decide_delivery(decide: Callable[..., Delivery], by: User) -> Press:
    row = Delivery.objects.get()

    def press() -> str:
        try:
            decide(row, by)
        except MovedMeanwhile as error:
            return str(error)
        return DONE

    return press


def send(name: str, by: User) -> Press:
    return decide_delivery(deliveries.approve, by)


def withhold(name: str, by: User) -> Press:
    return decide_delivery(deliveries.discard, by)


def roll_out(name: str, by: User) -> Press:
    rollout, number = Rollout.objects.get(), the_run(name).number

    def press() -> str:
        try:
            many = decisions.approve_group(rollout, SAME, by, read={number})
        except decisions.Unchanged as error:
            return str(error)
        return DONE if many.done else " ".join(many.reasons)

    return press


def steer(decide: Callable[[Rollout, User], object], by: User) -> Press:
    rollout = Rollout.objects.get()

    def press() -> str:
        try:
            decide(rollout, by)
        except decisions.Unchanged as error:
            return str(error)
        return DONE

    return press


def pause(name: str, by: User) -> Press:
    return steer(decisions.pause, by)


def stop(name: str, by: User) -> Press:
    return steer(decisions.stop, by)


class Decision(NamedTuple):
    opened: Callable[[str, User], Press]
    about: str = ALONE

    def __str__(self) -> str:
        return f"{self.opened.__name__} {self.about}"


EACH = [
    *(Decision(one) for one in (approve, discard, edit, plan, accept, rotate)),
    *(Decision(one) for one in (build, deliver, send, withhold)),
    Decision(edit_managing),
    *(Decision(one, TOGETHER) for one in (approve, discard, edit, plan, rotate)),
    *(Decision(one, TOGETHER) for one in (roll_out, pause, stop)),
]
