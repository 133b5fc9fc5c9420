"""Tried: whoever caused a change, and whoever has no role for it, decides about it by
each address, operation and command of what takes a second person.

Refused: by each of them; and somebody else who has the role may, by the same one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from accounts.management.commands import onboard
from accounts.mapping.plans import plan_of
from accounts.models import Activity, Delivery, ForeignPolicy, ManagedAccount, Run
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.foreign.accepting import ask
from tests.accounts.api.calling import Caller, token_of
from tests.accounts.decisions.doors import doors
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.runs.rollouts.rows import SAME, plan, started
from tests.accounts.web.answers import messages_of, read
from tests.rows import account_row, decider, managing_row, person, run_row, step_row

pytestmark = pytest.mark.django_db

DOORS = sorted(door for door, row in doors().items() if row.takes_second)
FINGERPRINT = "f" * 64


def waiting(author: User) -> Run:
    account = account_row(environment="production")
    account.authors.add(author)
    run = run_row(account=account, fingerprint=SAME)
    step_row(run)
    return run


def delivery(author: User) -> Delivery:
    return Delivery.objects.create(
        number=1,
        status=Delivery.Status.PLANNED,
        environments=["production"],
        fingerprint=FINGERPRINT,
        created_by=author,
    )


def rollout(author: User) -> str:
    row = started(2, environment="production")
    plan(row)
    for account in ManagedAccount.objects.all():
        account.authors.add(author)
    return str(row.number)


def evaluated(author: User) -> ManagedAccount:
    verification = {"state": State.EVALUATED, "verification": State.EVALUATED}
    account = account_row(environment="production", **verification)
    run_row(Status.EVALUATED, account=account, created_by=author)
    return account


Door = Callable[[User], tuple[str, dict[str, Any]]]


def run_approve(author: User) -> tuple[str, dict[str, Any]]:
    run = waiting(author)
    return f"/runs/{run.pk}/approve/", read(run)


def identical_plans_approve(author: User) -> tuple[str, dict[str, Any]]:
    return f"/runs/same/{SAME}/approve/", {"run": [waiting(author).pk]}


def rollout_approve(author: User) -> tuple[str, dict[str, Any]]:
    number = rollout(author)
    numbers = Run.objects.exclude(account=None).values_list("number", flat=True)
    said = {"read": " ".join(map(str, numbers))}
    return f"/runs/rollouts/{number}/same/{SAME}/approve/", said


def delivery_approve(author: User) -> tuple[str, dict[str, Any]]:
    row = delivery(author)
    return f"/bundles/deliveries/{row.number}/approve/", {"read": FINGERPRINT}


def accept(author: User) -> tuple[str, dict[str, Any]]:
    return f"/accounts/{evaluated(author).pk}/accept/", {}


def adopted(author: User) -> ManagedAccount:
    verified = {"state": State.VERIFIED, "verification": State.VERIFIED}
    existing = {"adopts": True, "granted_at": timezone.now(), "applied": [{}]}
    account = account_row(environment="production", **verified, **existing)
    account.authors.add(author)
    return account


def leave(author: User) -> tuple[str, dict[str, Any]]:
    account = adopted(author)
    return f"/accounts/{account.pk}/leave/", {"leave": account.name}


def leave_by_api(author: User) -> tuple[str, dict[str, Any]]:
    account = adopted(author)
    return f"/accounts/{account.name}/leave", {"confirmation": account.name}


def foreign(author: User) -> ForeignPolicy:
    policy = foreign_row(account_row(environment="production"))
    ask(policy, author, reason="Agents", until=today())
    return ForeignPolicy.objects.get()


def foreign_policy_accept(author: User) -> tuple[str, dict[str, Any]]:
    policy = foreign(author)
    return f"{policy.get_absolute_url()}accept/", {"read": policy.asked_digest}


def foreign_policy_accept_by_api(author: User) -> tuple[str, dict[str, Any]]:
    policy = foreign(author)
    return f"/foreign-policies/{policy.pk}/accept", {"read": policy.asked_digest}


def foreign_alike_accept(author: User) -> tuple[str, dict[str, Any]]:
    policy = foreign(author)
    read = {"policies": f"{policy.pk}", "read": policy.asked_alike}
    return f"/foreign-policies/alike/{policy.alike}/accept/", read


def foreign_alike_accept_by_api(author: User) -> tuple[str, dict[str, Any]]:
    policy = foreign(author)
    read = {"policies": [policy.pk], "read": policy.asked_alike}
    return f"/foreign-policies/alike/{policy.alike}/accept", read


def approve_by_api(author: User) -> tuple[str, dict[str, Any]]:
    run = waiting(author)
    return f"/runs/{run.number}/approve", {"digest": plan_of(run).digest}


def approve_same_by_api(author: User) -> tuple[str, dict[str, Any]]:
    return f"/runs/same/{SAME}/approve", {"runs": [waiting(author).number]}


def approve_group_by_api(author: User) -> tuple[str, dict[str, Any]]:
    number = rollout(author)
    numbers = Run.objects.exclude(account=None).values_list("number", flat=True)
    return f"/rollouts/{number}/groups/{SAME}/approve", {"runs": list(numbers)}


def deliver_by_api(author: User) -> tuple[str, dict[str, Any]]:
    row = delivery(author)
    return f"/deliveries/{row.number}/approve", {"fingerprint": FINGERPRINT}


def accept_by_api(author: User) -> tuple[str, dict[str, Any]]:
    return f"/accounts/{evaluated(author).name}/accept", {}


def accept_many(author: User) -> tuple[str, dict[str, Any]]:
    return "/accounts/accept/", {"account": [evaluated(author).pk]}


def accept_many_by_api(author: User) -> tuple[str, dict[str, Any]]:
    return "/evaluated-accounts/accept", {"accounts": [evaluated(author).name]}


TRIES: dict[str, Door] = {
    "run-approve": run_approve,
    "identical-plans-approve": identical_plans_approve,
    "rollout-approve": rollout_approve,
    "delivery-approve": delivery_approve,
    "accept": accept,
    "accept-many": accept_many,
    "foreign-policy-accept": foreign_policy_accept,
    "POST /foreign-policies/{number}/accept": foreign_policy_accept_by_api,
    "foreign-alike-accept": foreign_alike_accept,
    "POST /foreign-policies/alike/{alike}/accept": foreign_alike_accept_by_api,
    "POST /runs/{number}/approve": approve_by_api,
    "POST /runs/same/{fingerprint}/approve": approve_same_by_api,
    "POST /rollouts/{number}/groups/{fingerprint}/approve": approve_group_by_api,
    "POST /deliveries/{number}/approve": deliver_by_api,
    "POST /accounts/{name}/accept": accept_by_api,
    "POST /evaluated-accounts/accept": accept_many_by_api,
    "leave": leave,
    "POST /accounts/{name}/leave": leave_by_api,
}


def sent(by: User, door: str, path: str, body: dict[str, Any]) -> str:
    """Decide, and return all that was said of it."""
    if door.startswith("POST"):
        return Caller(token_of(by)).post(path, body or None).content.decode()
    browser = Client()
    browser.force_login(by)
    answer = browser.post(path, body)
    return f"{messages_of(answer)} {answer.content.decode()}"


def decided() -> int:
    What = Activity.What
    decisions = (What.APPROVE, What.ACCEPT, What.ACCEPT_POLICY, What.KEEP)
    return Activity.objects.filter(what__in=decisions).count()


def test_each_door_of_what_takes_a_second_person_is_tried() -> None:
    assert sorted(TRIES) == DOORS


@pytest.mark.parametrize("door", TRIES)
def test_who_has_no_role_and_who_is_an_author_are_refused_and_another_may(
    door: str,
) -> None:
    managing_row()
    olga, paul = decider("olga"), decider("paul")
    limited = decider("of staging only")
    limit(limited, APPROVER, ["staging"], None)
    path, body = TRIES[door](olga)
    refused = [person("viewer"), person("operator"), limited, olga]

    said = [sent(one, door, path, body) for one in refused]
    before = decided()
    sent(paul, door, path, body)

    assert before == 0
    assert re.search("in production|environments share a delivery", said[2])
    assert "the person who plans can't approve" in said[3]
    assert decided() == 1


def test_an_author_is_refused_on_the_command_line_and_so_is_nobody(managing) -> None:
    olga, paul = decider("olga"), decider("paul")
    run = waiting(olga)
    command = onboard.Command(stdout=StringIO(), stderr=StringIO())

    assert not command.may_apply(run, None, olga)
    assert not command.may_apply(run, None, None)
    assert command.may_apply(run, None, paul)
    said = command.stderr.getvalue()
    assert "not approved. In production, the person who plans can't approve" in said
    assert (
        "In production, the person who plans can't approve. Have another person "
        "approve on the plan's page, or name the approver with --by." in said
    )


def test_an_author_accepts_nothing_on_the_command_line(managing) -> None:
    olga, paul = decider("olga"), decider("paul")
    account = evaluated(olga)
    command = onboard.Command(stdout=StringIO(), stderr=StringIO())

    command.accept([account], olga)
    before = decided()
    command.accept([account], paul)

    assert before == 0
    assert "not accepted. In production" in command.stderr.getvalue()
    assert decided() == 1
