"""What people decide, each as a page that was opened and a button that is pressed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from django.contrib.auth.models import User

from accounts import external_ids
from accounts.mapping.edits import editing, editing_managing
from accounts.models import Delivery, ManagedAccount, ManagingAccount, Rollout, Run
from accounts.refused import Refused
from accounts.runs import actions
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


def pressed(decide: Callable[..., object], *about: object) -> Press:
    def press() -> str:
        try:
            decide(*about)
        except Refused as error:
            return str(error)
        return DONE

    return press


def approve(name: str, by: User) -> Press:
    return pressed(actions.approve, the_run(name), by)


def discard(name: str, by: User) -> Press:
    return pressed(actions.discard, the_run(name), by)


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
    rows = ManagedAccount.objects.prefetch_related("providers")
    return pressed(actions.plan, rows.get(name=name), by)


def accept(name: str, by: User) -> Press:
    return pressed(actions.accept, ManagedAccount.objects.get(name=name), by)


def rotate(name: str, by: User) -> Press:
    return pressed(external_ids.rotate, ManagedAccount.objects.get(name=name), by)


def build(name: str, by: User) -> Press:
    return pressed(new_bundle, by)


def deliver(name: str, by: User) -> Press:
    return pressed(deliveries.start, by)


def send(name: str, by: User) -> Press:
    return pressed(deliveries.approve, Delivery.objects.get(), by)


def withhold(name: str, by: User) -> Press:
    return pressed(deliveries.discard, Delivery.objects.get(), by)


def roll_out(name: str, by: User) -> Press:
    rollout, number = Rollout.objects.get(), the_run(name).number

    def press() -> str:
        try:
            many = decisions.approve_group(rollout, SAME, by, read={number})
        except decisions.Unchanged as error:
            return str(error)
        return DONE if many.done else " ".join(many.reasons)

    return press


def pause(name: str, by: User) -> Press:
    return pressed(decisions.pause, Rollout.objects.get(), by)


def stop(name: str, by: User) -> Press:
    return pressed(decisions.stop, Rollout.objects.get(), by)


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
