"""Tried: with a role for some environments only, act on accounts of another one, by
each address that changes something, alone and for many at once; and touch what all
environments share.

Refused: each, in a sentence that names the environment, whose role it is and whom to
ask, and nothing is written; whoever has no limit, or is inside it, may.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.models import Bundle, Delivery, ManagedAccount, Rollout, Run
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.runs import rollouts
from tests.accounts.runs.rollouts.rows import SAME, plan
from tests.accounts.web.answers import messages_of, read
from tests.attack.limited import (
    IDENTITY,
    PRODUCTION,
    STAGING,
    Act,
    browser_of,
    decided,
    draft,
    limited,
    many,
    of,
    olga,
    other,
    refused,
    waiting,
    web,
)
from tests.rows import run_row

__all__ = ["olga"]

pytestmark = pytest.mark.django_db


def edited() -> Act:
    return of(web(), "identity", **IDENTITY, environment=STAGING, read_roles="sre")


def approval() -> Act:
    run = waiting()
    return Act(f"/runs/{run.pk}/approve/", read(run))


def approval_of_same() -> Act:
    run = waiting()
    return Act(f"/runs/same/{SAME}/approve/", {"run": [run.pk]})


def again() -> Act:
    run = run_row(account=web(), status=Status.FAILED, kind=Run.Kind.VERIFY)
    return Act(f"/runs/{run.pk}/again/", {})


def accepted() -> Act:
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    return of(web(**verification), "accept")


def accepted_many() -> Act:
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    return many("accept", web(**verification))


def include_in_bundles() -> Act:
    row = web()
    ManagedAccount.objects.exclude_from_bundles(None)
    return of(row, "exclude", again="1")


def rotation(verb: str) -> Callable[[], Act]:
    def act() -> Act:
        row = web()
        ManagedAccount.objects.update(former_external_id=str(row.external_id))
        return of(row, verb)

    return act


def rollout(kind: Rollout.Kind = Rollout.Kind.ONBOARD) -> Rollout:
    rows = [web(), other(granted_at=timezone.now())]
    row = rollouts.start(rows, kind, None)
    plan(row)
    return row


def steered(verb: str, **data: Any) -> Callable[[], Act]:
    return lambda: Act(f"/runs/rollouts/{rollout().number}/{verb}/", data)


def resumed() -> Act:
    row = rollout()
    Rollout.objects.update(state=Rollout.State.PAUSED)
    return Act(f"/runs/rollouts/{row.number}/resume/", {})


def adopted() -> ManagedAccount:
    return web(adopts=True, applied=[{}])


def retried() -> Act:
    row = rollout()
    Run.objects.filter(rollout=row, account_name="web").update(status=Status.FAILED)
    return Act(f"/runs/rollouts/{row.number}/retry/", {})


def group() -> Act:
    row = rollout()
    numbers = Run.objects.filter(rollout=row).values_list("number", flat=True)
    said = {"read": " ".join(map(str, numbers))}
    return Act(f"/runs/rollouts/{row.number}/same/{SAME}/approve/", said)


def retried_many() -> Act:
    rows = [web(), other(granted_at=timezone.now())]
    for row in rows:
        run_row(account=row, status=Status.FAILED, kind=Run.Kind.VERIFY)
    return many("retry", *rows)


def edit_many() -> Act:
    said = {"read_roles_how": "set", "read_roles": "sre", "apply": "1"}
    return many("edit", web(), other(), **said)


ACTS: dict[str, Callable[[], Act]] = {
    "edit": edited,
    "plan": lambda: of(web(), "plan"),
    "verify": lambda: of(web(), "verify"),
    "remove": lambda: of(web(), "remove"),
    "forget": lambda: of(draft(), "forget"),
    "leave": lambda: of(adopted(), "leave", leave="web"),
    "accept": accepted,
    "accept-many": accepted_many,
    "leave out": lambda: of(web(), "exclude"),
    "put in": include_in_bundles,
    "rotate": lambda: of(web(), "rotate"),
    "cancel a rotation": rotation("unrotate"),
    "approve": approval,
    "approve those that are the same": approval_of_same,
    "discard": lambda: Act(f"/runs/{waiting().pk}/discard/", {}),
    "run again": again,
    "plan many": lambda: many("plan", web(), other()),
    "verify many": lambda: many("verify", web(), other(granted_at=timezone.now())),
    "edit many": edit_many,
    "remove one of many": lambda: many("remove", web(), confirm="remove 1 account"),
    "leave out many": lambda: many("exclude", web()),
    "rotate many": lambda: many("rotate", web(), apply="begin"),
    "retry many": retried_many,
    "pause": steered("pause"),
    "resume": resumed,
    "stop": steered("stop"),
    "retry a rollout": retried,
    "settings of a rollout": steered(
        "settings",
        first_wave=1,
        second_percent=20,
        at_once=3,
        most_failures=2,
        failure_percent=9,
    ),
    "approve a group": group,
}
LIMITS = {
    "no limit": ((), True),
    "inside": ((STAGING, "test"), True),
    "outside": ((PRODUCTION, ""), False),
}


@pytest.mark.parametrize("limits", LIMITS)
@pytest.mark.parametrize("name", ACTS)
def test_each_act_is_for_whoever_has_the_role_there(
    name: str, limits: str, olga: User
) -> None:
    environments, may = LIMITS[limits]
    act = ACTS[name]()
    limited(olga, *environments)
    before = decided()

    answer = browser_of(olga).post(act.url, act.data)

    done = decided() - before
    said = f"{messages_of(answer)} {answer.content.decode()}"
    assert (done > 0) is may, said
    assert ("role of olga applies to" in said) is not may
    if not may:
        assert (
            f"applies to {PRODUCTION} and accounts without an environment only" in said
        )
        assert "Ask an administrator (anna)" in said
        assert STAGING in said


SHARED: dict[str, tuple[str, dict[str, Any]]] = {
    "plan the managing account": ("/managing/plan/", {}),
    "edit the managing account": ("/managing/", {"name": "core"}),
    "build a bundle": ("/bundles/build/", {}),
    "say which bundle is installed": ("/bundles/1/installed/", {}),
    "say how Spinnaker is run": ("/settings/spinnaker/run-by/", {"run_by": "live"}),
    "merge a bundle": ("/bundles/1/halconfig/", {}),
    "approve a delivery": ("/bundles/deliveries/1/approve/", {"read": "a" * 64}),
    "discard a delivery": ("/bundles/deliveries/1/discard/", {}),
    "look for the organization": ("/accounts/hand-off/look/", {}),
}


@pytest.mark.parametrize("name", SHARED)
def test_what_all_environments_share_needs_the_role_without_a_limit(
    name: str, olga: User
) -> None:
    web()
    Bundle.objects.create(number=1, status=Bundle.Status.READY)
    Delivery.objects.create(number=1, status=Delivery.Status.PLANNED)
    limited(olga, STAGING)
    before = decided()

    answer = browser_of(olga).post(*SHARED[name])

    assert answer.status_code == 403
    assert "All environments share" in refused(answer)
    assert decided() == before
    assert Delivery.objects.get().status == Delivery.Status.PLANNED
    assert Bundle.objects.count() == 1


@pytest.mark.parametrize("role", [OPERATOR, APPROVER])
def test_the_plan_of_the_managing_account_is_approved_without_a_limit_only(
    role: Any, olga: User
) -> None:
    run = run_row(account=None, kind=Run.Kind.MANAGING)
    limit(olga, role, [STAGING], None)

    browser_of(olga).post(f"/runs/{run.pk}/approve/", read(run))

    moved = Run.objects.get().status != Status.PLANNED
    assert moved is (role is OPERATOR)  # of whose limit an approval knows nothing
