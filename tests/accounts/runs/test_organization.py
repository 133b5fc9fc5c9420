"""A trust that asks for the organization, against an AWS that enforces IAM."""

from __future__ import annotations

import pytest

from accounts.models import ManagingAccount
from accounts.models.states import Status
from accounts.runs import planning
from accounts.runs.actions import plan
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import carried, done, member, onboarded, planned, root

pytestmark = pytest.mark.django_db(transaction=True)


def test_spinnaker_is_let_in_by_its_organization(here: Credentials) -> None:
    organizations = root(here, MANAGING, "organizations")
    own = organizations.describe_organization()["Organization"]["Id"]
    ManagingAccount.objects.update(trust_organization=own)

    run = onboarded(member())

    trust = run.steps.get(name="spinnakerManaged").after["trust"]
    assert own in str(trust)


def test_another_organization_is_refused_when_planning(here: Credentials) -> None:
    ManagingAccount.objects.update(trust_organization="o-somebodyelse")

    run = carried(plan(member(), None))

    assert run.status == Status.FAILED
    assert run.error is not None
    assert "not to o-somebodyelse" in run.error["message"]


def test_another_organization_shuts_spinnaker_out_and_is_named(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is where nobody could read the organization while it was planned."""
    monkeypatch.setattr(planning, "refuse_organization", lambda *_: None)
    ManagingAccount.objects.update(trust_organization="o-somebodyelse")

    run = done(planned(member()))

    (refused,) = run.checks.filter(name="Assume the managed role")
    assert run.status == Status.FAILED
    assert (refused.located, "aws:PrincipalOrgID" in refused.sentence) == (
        "a condition",
        True,
    )
