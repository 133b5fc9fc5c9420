"""Each shape that has roles is taken over to the end on AWS, and back to the letter."""

from __future__ import annotations

import pytest

from accounts.models import FoundRoles, ManagedAccount, Run
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import root
from tests.accounts.runs.foreign.shapes.in_aws import IN_AWS, InAws
from tests.accounts.runs.foreign.shapes.walking import (
    IDS,
    SOURCES,
    STEPS,
    Place,
    adopted,
    as_it_is,
    back,
    begun,
    in_partition,
    make,
    make_identity,
    role_ids,
    step,
)
from tests.onboarding.adopting.shapes import SHAPES, Shape

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.exhaustive]
HERE = {account.account_id: account for account in IDS.values()}


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", IN_AWS)
def test_a_shape_is_taken_over_to_the_end_and_back(
    unadopted: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    source: str,
) -> None:
    shape, in_aws = SHAPES[name], IN_AWS[name]
    with in_partition(shape.partition, unadopted, monkeypatch) as there:
        walked(shape, in_aws, source, there)


def walked(shape: Shape, in_aws: InAws, source: str, there: Credentials) -> None:
    identity = make_identity(there, in_aws)
    accounts = adopted(shape, in_aws, source)
    assert {one.name for one in accounts} == in_aws.roles.keys()
    places = {}
    for account in accounts:
        where = HERE[account.account_id]
        iam = root(there, where, "iam")
        places[account.pk] = place = Place(iam, where, in_aws.roles[account.name])
        make(place)

    of_identity = as_it_is(identity)
    for account in accounts:
        place = places[account.pk]
        first, ids = as_it_is(place), role_ids(place)
        begun(account)
        assert as_it_is(place) == first

        for run, before in reversed(taken_over(account, place)):
            back(run)
            assert as_it_is(place) == before
        assert as_it_is(place) == first

        taken_over(account, place)
        assert FoundRoles.objects.get(account=account).taken == FoundRoles.Taken.OWNED
        assert role_ids(place) == ids
    assert as_it_is(identity) == of_identity


def taken_over(account: ManagedAccount, place: Place) -> list[tuple[Run, str]]:
    """Take all steps; return each with what was there before it."""
    taken = []
    for name in STEPS:
        before = as_it_is(place)
        if run := step(account, name):
            assert as_it_is(place) != before
            taken.append((run, before))
    return taken
