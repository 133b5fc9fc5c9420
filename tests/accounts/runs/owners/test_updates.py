"""A later version of a hand-off: what shows that the owner deployed it."""

from __future__ import annotations

import pytest

from accounts.models import Activity, EnabledProvider, HandOff, Run
from accounts.models.states import State, Status
from accounts.runs.actions import plan
from accounts.runs.owners.hand_offs import unseen, versions_of
from accounts.runs.owners.looking import NoOneWaits, take_word
from onboarding.topology import READER_ROLE
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, carried, done, planned
from tests.accounts.runs.owners.owning import (
    account,
    deploy,
    looked,
    owned,
    ready_to_hand_off,
    update,
)
from tests.rows import decider, person

pytestmark = pytest.mark.django_db(transaction=True)


def first_version(here: Credentials, **fields: str) -> None:
    ready_to_hand_off(here)
    run = done(planned(owned(**fields)))
    deploy(here, account())
    assert looked(run).status == Status.VERIFIED


def second_version() -> Run:
    """Add a provider, and hand off what that changes."""
    EnabledProvider.objects.create(
        account=account(), key="lambda", details={}, has_details=True
    )
    account().touch()
    run = done(carried(plan(account(), None)))
    assert run.status == Status.HANDED_OFF, run.error
    return run


def test_what_the_owner_deployed_was_found(here: Credentials) -> None:
    first_version(here)

    versions = versions_of(account())
    assert versions.has == versions.last == HandOff.objects.get()
    assert not versions.is_update


def test_without_a_reader_a_chain_that_works_as_before_proves_no_update(
    here: Credentials,
) -> None:
    first_version(here)
    run = second_version()

    waits = looked(run)

    assert waits.status == Status.HANDED_OFF
    assert waits.waiting == unseen(run)
    assert "whether the owner deployed version 2" in waits.waiting
    update(here, account())
    assert looked(run).waiting == waits.waiting
    assert take_word(run, person("operator"))
    entry = Activity.objects.filter(what=Activity.What.UPDATED).get()
    assert entry.detail["version"] == 2
    found = looked(run)
    assert found.status == Status.VERIFIED, found.error
    unread = found.checks.get(name__startswith=f"Compare {DEV.name} with AWS")
    assert unread.outcome == "not testable"
    assert "operator said on" in unread.sentence
    latest = versions_of(account()).has
    assert latest is not None
    assert (latest.number, latest.found_at) == (2, None)
    with pytest.raises(NoOneWaits):
        take_word(run, decider())


def test_with_a_reader_only_what_it_reads_counts(here: Credentials) -> None:
    first_version(here, reader_role=READER_ROLE)
    run = second_version()

    waits = looked(run)

    assert "differ from the plan" in waits.waiting
    update(here, account())
    assert looked(run).status == Status.VERIFIED
    latest = versions_of(account()).has
    assert latest is not None
    assert (latest.number, latest.said_at) == (2, None)
    assert latest.found_at is not None
    names = set(HandOff.objects.values_list("stack_name", flat=True))
    assert names == {f"bowline-{DEV.name}"}
    assert account().state == State.VERIFIED


def test_a_chain_that_was_refused_since_and_opens_proves_the_update(
    here: Credentials,
) -> None:
    first_version(here)
    run = second_version()
    update(here, account())
    Run.objects.filter(pk=run.pk).update(refused=2)
    run.refresh_from_db()

    assert looked(run).status == Status.VERIFIED
    latest = versions_of(account()).has
    assert latest is not None
    assert latest.number == 2
    assert latest.found_at is not None
