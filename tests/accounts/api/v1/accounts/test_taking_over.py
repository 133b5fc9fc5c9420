"""Existing roles are taken over, and given back, by the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import State
from tests.accounts.api.calling import detail
from tests.rows import account_row

ALIKE = "a" * 64


@pytest.fixture
def account(managing) -> ManagedAccount:
    return account_row(
        access_role="access",
        adopts=True,
        uses_external_id=False,
        granted_at=timezone.now(),
        state=State.VERIFIED,
        verified={"entries": [], "managed": {}},
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"detach": [ALIKE]}, "Detach 1 policy of others"),
        ({"trust": True}, "Replace the trust policy"),
        (
            {"services_trust": True},
            "Replace the trust policies of roles for AWS's services",
        ),
        ({"own": True}, "Make the existing roles Bowline's"),
    ],
)
def test_it_plans_a_step(operator: Any, account: Any, body: Any, says: str) -> None:
    answer = operator.post("/accounts/staging/take-over", body)

    run = Run.objects.get()
    assert (answer.status_code, answer.json()["number"]) == (202, run.number)
    assert run.takes_over == says


def test_a_rollout_takes_over(operator: Any, account: Any) -> None:
    body = {
        "kind": "onboard",
        "filter": {"text": "staging"},
        "take_over": {"own": True},
    }

    answer = operator.post("/rollouts", body)

    assert answer.status_code == 201
    assert Rollout.objects.get().take_over["owns"]

    refused = operator.post("/rollouts", {**body, "kind": "verify"})
    assert detail(refused) == (
        "Only a rollout of kind onboard takes over existing roles."
    )
