"""Spinnaker works on while accounts are taken over, given back, and forgotten: after
every write that Bowline makes, AWS answers what it answered before.
"""

from __future__ import annotations

import os

import pytest

from accounts.mapping.plans import plan_of
from accounts.models import ManagedAccount, ManagingAccount
from accounts.models.states import Status
from accounts.runs.actions import plan, plan_managing
from accounts.runs.deciding.forgetting import leave_in_aws
from script.emulated_organization import ADMINISTRATOR, MANAGING, Credentials
from tests.accounts.runs.carried import carried, root
from tests.accounts.runs.foreign.shapes.in_aws import IN_AWS, POWER_USER, InAws, auth
from tests.accounts.runs.foreign.shapes.more_in_aws import MORE, TAGGED_AS_BOWLINES
from tests.accounts.runs.foreign.shapes.probing import Probe, chain_of, probing
from tests.accounts.runs.foreign.shapes.walking import (
    IDS,
    STEPS,
    Place,
    adopted,
    as_it_is,
    back,
    begun,
    by_files,
    ended,
    in_partition,
    make,
    make_identity,
    role_ids,
    step,
)
from tests.onboarding.adopting.shapes import SHAPES, Shape
from tests.rows import decider, managing_row

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exhaustive]
HERE = {account.account_id: account for account in IDS.values()}


@pytest.mark.parametrize("name", IN_AWS)
def test_spinnaker_works_on_in_each_shape(
    unadopted: Credentials, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    worked_on(unadopted, monkeypatch, SHAPES[name], IN_AWS[name])


@pytest.mark.parametrize("name", MORE)
def test_spinnaker_works_on_whatever_people_did_to_the_role(
    unadopted: Credentials, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    worked_on(unadopted, monkeypatch, *MORE[name])


def test_what_goes_from_a_role_that_somebody_tagged_as_bowlines_is_in_the_plan(
    unadopted: Credentials,
) -> None:
    """It counts as made by Bowline, which takes away what nobody approved."""
    shape, in_aws = TAGGED_AS_BOWLINES
    make_identity(unadopted, in_aws)
    (account,) = adopted(shape, in_aws)
    where = HERE[account.account_id]
    place = Place(root(unadopted, where, "iam"), where, in_aws.roles[account.name])
    make(place)
    first = as_it_is(place)
    ended(plan_managing(None))

    run = carried(plan(account, None))

    assert run.status == Status.PLANNED
    assert as_it_is(place) == first
    deleted = {one.key.name for one in plan_of(run).changes if one.verb == "delete"}
    assert deleted == {
        "spinnakerManaged/PassRole",
        "spinnakerManaged/PowerUserAccess",
    }


ALONE = ("one account without a role", "Kubernetes only, from a template")


@pytest.mark.parametrize("name", ALONE)
def test_spinnaker_works_on_where_no_account_can_be_taken(
    unadopted: Credentials, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Its identity does all itself; Bowline's policies come next to what it has."""
    in_aws = InAws(identity=auth(attached=(ADMINISTRATOR,)), roles={})
    make_identity(unadopted, in_aws)
    managing_row(
        account_id=MANAGING.account_id,
        identity_kind=ManagingAccount.IdentityKind.EXISTING,
        identity_arn=MANAGING.arn(f"role/{in_aws.identity.name}"),
    )

    assert [report.taken.accounts for report in by_files(SHAPES[name])] == [()] * 3
    with probing(unadopted, in_aws, monkeypatch) as probe:
        probe.assumes([])
        ended(plan_managing(None))

    assert probe.writes
    assert not probe.refused


def test_a_write_that_takes_something_from_spinnaker_is_noticed(
    unadopted: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "variables with defaults"
    in_aws = IN_AWS[name]
    make_identity(unadopted, in_aws)
    (account,) = adopted(SHAPES[name], in_aws)
    where = HERE[account.account_id]
    make(Place(root(unadopted, where, "iam"), where, in_aws.roles["prod"]))
    with probing(unadopted, in_aws, monkeypatch) as probe:
        probe.assumes([chain_of(account, SHAPES[name], in_aws, where)])
        there = unadopted._replace(endpoint=os.environ["AWS_ENDPOINT_URL"])
        role = in_aws.roles["prod"][0].name
        root(there, where, "iam").detach_role_policy(
            RoleName=role, PolicyArn=POWER_USER
        )

    assert f"prod: ec2:describe_instances after DetachRolePolicy {role}" in (
        probe.refused
    )
    assert "prod: sts:assume_role" in probe.answered


def worked_on(
    here: Credentials, patch: pytest.MonkeyPatch, shape: Shape, in_aws: InAws
) -> Probe:
    with in_partition(shape.partition, here, patch) as there:
        make_identity(there, in_aws)
        accounts = adopted(shape, in_aws)
        places = {}
        for account in accounts:
            where = HERE[account.account_id]
            iam = root(there, where, "iam")
            places[account.pk] = place = Place(iam, where, in_aws.roles[account.name])
            make(place)
        chains = [
            chain_of(one, shape, in_aws, HERE[one.account_id]) for one in accounts
        ]
        with probing(there, in_aws, patch) as probe:
            probe.assumes(chains)
            for account in accounts:
                assert f"{account.name}: sts:assume_role" in probe.answered
            for account in accounts:
                taken_over_and_back(account, places[account.pk], probe)
            forgotten(accounts)
    assert not probe.refused
    return probe


def taken_over_and_back(account: ManagedAccount, place: Place, probe: Probe) -> None:
    """Take all steps, and give them back to the letter."""
    writes, first, ids = len(probe.writes), as_it_is(place), role_ids(place)
    begun(account)
    assert as_it_is(place) == first
    taken = []
    for name in STEPS:
        before = as_it_is(place)
        if run := step(account, name):
            taken.append((run, before))
    assert len(probe.writes) > writes
    for run, before in reversed(taken):
        back(run)
        assert as_it_is(place) == before
    assert (as_it_is(place), role_ids(place)) == (first, ids)


def forgotten(accounts: list[ManagedAccount]) -> None:
    olga = decider()
    for account in accounts:
        account.refresh_from_db()
        leave_in_aws(account, olga)
    ended(plan_managing(None))
