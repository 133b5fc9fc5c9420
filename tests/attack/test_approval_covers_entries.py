"""Tried: an operator alone empties the READ and WRITE roles of a verified account, so
that the next bundle opens production to everybody in Spinnaker.

Refused: the edit is a change of the plan, shown as a diff; until somebody else approves
it, bundles carry the account as it was last approved.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.mapping.edits import editing
from accounts.mapping.plans import plan_of
from accounts.models import Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.people.deciding import SamePerson
from accounts.people.policies import choose
from accounts.runs.actions import approve, discard, plan, remove, verify
from accounts.spinnaker.bundles import build, new_bundle
from onboarding.spinnaker.bundle.contents import accounts_in
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import carried, done, member, onboarded, planned
from tests.accounts.runs.conftest import here, unadopted  # noqa: F401  # fixtures
from tests.accounts.web.answers import read, url
from tests.rows import decider, person

pytestmark = pytest.mark.django_db(transaction=True)

ROLES = {"READ": ["developers"], "WRITE": ["sre"]}


@pytest.fixture
def production(here: Credentials) -> ManagedAccount:  # noqa: F811
    """Onboard an account that few may read and fewer may change, by whomever."""
    choose("production", second_approver=False)
    account = member(
        environment="production",
        read_roles=ROLES["READ"],
        write_roles=ROLES["WRITE"],
    )
    onboarded(account)
    return ManagedAccount.objects.get()


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(person("operator"))
    return client


def empty_roles(operator: Client, account: ManagedAccount) -> None:
    kept = {"name": account.name, "account_id": account.account_id}
    answer = operator.post(
        url(account, "identity"),
        {
            **kept,
            "environment": account.environment,
            "regions": ",".join(account.regions),
            "read_roles": "",
            "write_roles": "",
        },
    )
    assert answer.status_code == 302, answer.content.decode()


def bundled() -> dict[str, Any]:
    """Build the next bundle, and read what it tells of the only `aws` account."""
    bundle = new_bundle(None)
    build(bundle)
    bundle = Bundle.objects.get(pk=bundle.pk)
    assert bundle.status == Bundle.Status.READY, bundle.error
    (account,) = accounts_in(bytes(bundle.archive)).of("aws")
    return dict(account)


def test_an_operator_alone_opens_no_account(
    production: ManagedAccount, operator: Client
) -> None:
    empty_roles(operator, production)
    assert bundled()["permissions"] == ROLES

    operator.post(f"/accounts/{production.pk}/verify/")
    carried(Run.objects.latest("created_at"))
    assert bundled()["permissions"] == ROLES

    operator.post(f"/accounts/{production.pk}/plan/")
    run = carried(Run.objects.latest("created_at"))
    page = operator.get(run.get_absolute_url()).content.decode()
    assert run.status == Status.PLANNED
    assert not run.steps.exists()
    assert "Changes permissions." in page
    assert "Everyone in Spinnaker can deploy to it" in page
    assert bundled()["permissions"] == ROLES
    assert operator.post(f"/runs/{run.pk}/approve/").status_code == 403

    approver = Client()
    approver.force_login(person("approver"))
    approver.post(f"/runs/{run.pk}/approve/", read(run))
    assert carried(run).status == Status.VERIFIED
    assert "permissions" not in bundled()


def test_nobody_takes_an_account_out_of_a_strict_environment_alone(
    production: ManagedAccount,
) -> None:
    choose("production", second_approver=True)
    olga = decider()
    with editing(production, olga):
        ManagedAccount.objects.update(
            environment="staging", read_roles=[], write_roles=[]
        )

    run = carried(plan(ManagedAccount.objects.get(), olga))

    with pytest.raises(SamePerson, match="In production, the person who plans"):
        approve(run, olga)
    said = [risk.sentence for risk in plan_of(run).risks]
    assert said[0].startswith("The account leaves production for staging")
    assert (bundled()["environment"], bundled()["permissions"]) == ("production", ROLES)

    assert approve(run, person("approver"))
    assert carried(run).status == Status.VERIFIED
    assert bundled()["environment"] == "staging"
    assert ManagedAccount.objects.get().environments == {"staging"}


def test_a_verification_does_not_pass_an_edit_off_as_approved(
    production: ManagedAccount,
) -> None:
    with editing(production):
        ManagedAccount.objects.update(read_roles=[], write_roles=[])

    run = carried(verify(production, None))

    production.refresh_from_db()
    assert run.status == Status.VERIFIED, run.error
    assert (production.state, production.verification) == (
        State.OUTDATED,
        State.VERIFIED,
    )


def test_an_edit_that_is_undone_needs_nobody(production: ManagedAccount) -> None:
    for environment in ("staging", "production"):
        with editing(production):
            ManagedAccount.objects.update(environment=environment)

    run = planned(ManagedAccount.objects.get())

    production.refresh_from_db()
    assert run.status == Status.VERIFIED, run.error
    assert (production.state, production.version) == (State.VERIFIED, 3)


def test_a_plan_that_was_put_aside_leaves_the_edit_waiting(
    production: ManagedAccount,
) -> None:
    with editing(production):
        ManagedAccount.objects.update(environment="staging")

    assert discard(planned(ManagedAccount.objects.get()), None)

    production.refresh_from_db()
    assert production.state == State.OUTDATED
    assert bundled()["environment"] == "production"


def test_a_removal_is_read_and_leaves_nothing_approved(
    production: ManagedAccount,
) -> None:
    run = carried(remove(production, None))
    before = [one["name"] for one in run.entries["before"]]

    done(run)

    production.refresh_from_db()
    assert (before, run.entries["after"]) == ([production.name], [])
    assert production.approved_entries == []
