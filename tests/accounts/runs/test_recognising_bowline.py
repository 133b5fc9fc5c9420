"""Bowline's own principal: named in the identity's trust, where a person wants it."""

from __future__ import annotations

import pytest

from accounts.models import ManagingAccount, Run
from accounts.models.states import Status
from accounts.runs.actions import plan_managing
from onboarding.aws.session import Sessions
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import carried

pytestmark = pytest.mark.django_db(transaction=True)


def planned_managing(**fields: object) -> Run:
    ManagingAccount.objects.update(**fields)
    return carried(plan_managing(None))


def trust_in(run: Run) -> str:
    return str(run.steps.get(kind="role", name="SpinnakerAuthRole").after["trust"])


def test_the_identity_trusts_bowline_so_that_it_can_prove_the_chain(
    here: Credentials,
) -> None:
    run = planned_managing()

    principal = Sessions(run="test").whoami().principal
    assert run.status == Status.PLANNED, run.error
    assert ManagingAccount.objects.get().bowline_principal == principal
    assert principal in trust_in(run)


def test_a_bowline_that_runs_as_somebody_else_now_is_recognised(
    here: Credentials,
) -> None:
    gone = f"arn:aws:iam::{MANAGING.account_id}:role/FormerBowline"

    run = planned_managing(bowline_principal=gone)

    assert gone not in trust_in(run)
    assert ManagingAccount.objects.get().bowline_principal != gone


def test_a_bowline_that_is_not_to_be_trusted_is_not_named(here: Credentials) -> None:
    run = planned_managing(trusts_bowline=False)

    assert Sessions(run="test").whoami().principal not in trust_in(run)
    assert ManagingAccount.objects.get().bowline_principal == ""


def test_the_trust_of_an_identity_of_others_is_theirs(here: Credentials) -> None:
    run = planned_managing(
        identity_kind=ManagingAccount.IdentityKind.EXISTING,
        identity_arn=f"arn:aws:iam::{MANAGING.account_id}:role/Theirs",
    )

    assert ManagingAccount.objects.get().bowline_principal == ""
    assert not run.steps.filter(kind="role", name="Theirs").exists()
