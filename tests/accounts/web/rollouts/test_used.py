"""What roles have used is read before many plans that detach are approved at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Rollout
from accounts.models.states import Status
from accounts.web.rollouts import same
from accounts.web.rollouts.same import used_in
from onboarding.resources.take_over import TakeOver
from tests.rows import account_row, managing_row, run_row, step_row

pytestmark = pytest.mark.django_db

JUNE = "2026-06-01T00:00:00+00:00"
DETACHES = TakeOver(detaches=frozenset(["a" * 64])).as_json()


def planned(*evidence: list[dict[str, Any]]) -> Rollout:
    """Let a rollout wait with a plan for each of these."""
    managing_row()
    rollout = Rollout.objects.create(kind=Rollout.Kind.ONBOARD)
    for number, one in enumerate(evidence, 1):
        run = run_row(
            Status.PLANNED,
            account=account_row(f"a{number}", account_id=f"{number:012}"),
            rollout=rollout,
            fingerprint="f" * 32,
            evidence=one,
            take_over=DETACHES,
        )
        step_row(run)
    return rollout


def role(*actions: str, unread: str = "") -> dict[str, Any]:
    missing = [{"action": action, "at": JUNE} for action in actions]
    return {"role": "R", "unread": unread, "missing": missing, "more": 0}


def shown(client: Client, rollout: Rollout) -> str:
    page = client.get(f"{rollout.get_absolute_url()}same/{'f' * 32}/")
    return " ".join(page.text.split())


def test_what_some_have_used_is_said_of_all(operator: Client) -> None:
    rollout = planned([role("s3:GetObject", "sqs:*")], [role("s3:GetObject")], [role()])

    page = shown(operator, rollout)

    assert "In 2 accounts, roles have used actions that the remaining" in page
    assert '<code>s3:GetObject</code> <span class="soft small">in 2 accounts' in page
    assert '<code>sqs:*</code> <span class="soft small">in 1 account<' in page
    assert "undoing it on the page of each account, for 24 hours" in page


def test_roles_that_can_no_longer_be_passed_are_named(operator: Client) -> None:
    web, both = (role() | {"unpassed": names} for names in (["/web"], ["/web", "/b"]))
    page = shown(operator, planned([web], [both], [role()]))

    assert "In 2 accounts, Spinnaker can no longer pass roles" in page
    assert '<code>/web</code> <span class="soft small">in 2 accounts' in page
    assert '<code>/b</code> <span class="soft small">in 1 account<' in page
    assert "check which roles your deployments pass" not in page


def test_what_is_not_known_is_said_with_a_reason(operator: Client) -> None:
    page = shown(operator, planned([role(unread="AWS denied it.")], [role()]))

    assert "what uses them, in 1 account.</b> AWS denied it." in page
    assert "allow everything" not in page


def test_that_nothing_is_lost_is_said(operator: Client) -> None:
    assert "allow everything that these roles have used" in shown(
        operator, planned([role()], [role()])
    )


def test_plans_that_detach_nothing_say_nothing_of_it(operator: Client) -> None:
    assert "roles have used" not in shown(operator, planned([], []))


def test_the_most_frequent_actions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(same, "MOST_NAMED", 1)
    rollout = planned([role("a:A", "b:B", "c:C")], [role("b:B")])

    found = used_in(rollout.runs.values_list("number", flat=True))

    assert found is not None
    assert (found.actions.named, found.actions.more) == ([("b:B", 2)], 2)


def test_what_uses_roles_that_services_lose_is_said_of_all(operator: Client) -> None:
    function = "Lambda function f in us-east-1"
    lost = {"role": "R", "loses_policies": False, "loses_services": True}
    rollout = planned(
        [{**lost, "users": [function]}],
        [{**lost, "users": [function]}],
        [{**lost, "unread_users": ["AWS denied it."]}],
    )

    page = shown(operator, rollout)

    assert "In 2 accounts, roles are used by services that can no longer" in page
    assert f'<li>{function} <span class="soft small">in 2 accounts' in page
    assert "what uses them, in 1 account.</b> AWS denied it." in page
    assert "The remaining policies allow" not in page


def test_who_else_can_assume_a_role_is_no_use_of_it() -> None:
    other = {"sentence": "Anybody in AWS can assume it.", "anybody": True}
    one = {"role": "R", "account": "1", "loses_policies": False, "others": [other]}
    rollout = planned([one])

    assert used_in([run.number for run in rollout.runs.all()]) is None
