"""Tried: a worker is frozen for longer than its lease, at the very point of a read or a
write; another one takes over and finishes, and then the first continues.

Refused: it writes neither steps nor states nor AWS, or what it overwrote is put back.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import (
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    Run,
    Step,
)
from accounts.models.states import State, Status
from accounts.runs.actions import approve, plan, verify
from accounts.runs.stages import carry_on
from script.emulated_organization import MEMBERS, Credentials
from tests.accounts.runs.carried import (
    DEV,
    EVERYTHING,
    STAGING,
    carried,
    member,
    onboarded,
    planned,
    with_managing,
)
from tests.attack.freezing import ASSUME, Freezing, assumed

pytestmark = pytest.mark.django_db(transaction=True)


def time_passes() -> None:
    """Let every lease run out, as it does while its worker stands still."""
    past = timezone.now() - timedelta(seconds=1)
    Run.objects.exclude(lease=None).update(leased_until=past)
    ManagingAccount.objects.exclude(lease=None).update(leased_until=past)


def approved(account: ManagedAccount) -> Run:
    run = planned(account)
    assert run.status == Status.PLANNED, run.error
    assert approve(run, None)
    return run


@pytest.mark.parametrize(
    "frozen_at",
    [
        pytest.param("ListPolicyVersions", id="before the lease is checked"),
        pytest.param("CreatePolicyVersion", id="after the lease was checked"),
    ],
)
def test_an_old_assume_role_policy_does_not_stay_over_a_newer_one(
    here: Credentials, frozen_at: str
) -> None:
    onboarded(member(MEMBERS[2]))
    mine, theirs = approved(member()), approved(member(STAGING))

    def another_worker_finishes_both() -> None:
        time_passes()
        for run in (mine, theirs):
            again = carried(Run.objects.get(pk=run.pk))
            assert again.status == Status.VERIFIED, again.error

    carry_on(mine, Freezing(frozen_at, another_worker_finishes_both, ASSUME))

    ids = {account.account_id for account in (MEMBERS[2], DEV, STAGING)}
    assert assumed(here) == ids
    for account in ManagedAccount.objects.all():
        again = carried(verify(account, None))
        assert again.status == Status.VERIFIED, again.error


def test_the_run_stays_as_the_worker_ended_it_that_took_over(
    here: Credentials,
) -> None:
    run = approved(member())

    def another_worker_finishes() -> None:
        time_passes()
        assert carried(Run.objects.get(pk=run.pk)).status == Status.VERIFIED

    carry_on(run, Freezing("PutRolePolicy", another_worker_finishes))

    run.refresh_from_db()
    assert (run.status, run.error, run.lease) == (Status.VERIFIED, None, None)
    assert {step.status for step in run.steps.all()} == {Step.Status.DONE}
    assert ManagedAccount.objects.get().state == State.VERIFIED


def test_an_error_that_a_frozen_worker_wakes_to_ends_nobodys_run(
    here: Credentials,
) -> None:
    run = approved(member())

    def another_worker_begins() -> None:
        time_passes()
        assert Run.objects.get(pk=run.pk).take_lease()
        raise ZeroDivisionError("by zero")

    carry_on(run, Freezing("PutRolePolicy", another_worker_begins))

    run.refresh_from_db()
    assert (run.status, run.error) == (Status.APPLYING, None)
    assert run.lease is not None
    assert ManagedAccount.objects.get().state == State.APPLYING


def test_the_steps_of_an_approved_run_are_not_replaced(here: Credentials) -> None:
    with_managing()
    run = plan(member(), None)
    read: list[set[int]] = []

    def another_worker_plans_and_a_person_approves() -> None:
        time_passes()
        theirs = carried(Run.objects.get(pk=run.pk))
        assert theirs.status == Status.PLANNED, theirs.error
        assert approve(theirs, None)
        read.append(set(theirs.steps.values_list("pk", flat=True)))

    carry_on(
        run,
        Freezing(
            "GetAccountAuthorizationDetails", another_worker_plans_and_a_person_approves
        ),
    )

    run.refresh_from_db()
    assert read == [set(run.steps.values_list("pk", flat=True))]
    assert read[0]
    assert run.status == Status.APPLYING


EDITED = {"clusters": [{"name": "other", "region": "us-east-1"}]}


def somebody_edits_the_clusters() -> None:
    ManagedAccount.objects.update(version=F("version") + 1)
    EnabledProvider.objects.update(details=EDITED)


def another_worker_takes_over() -> None:
    time_passes()
    assert Run.objects.get().take_lease()
    EnabledProvider.objects.update(details=EDITED)


@pytest.mark.parametrize(
    ("meanwhile", "status"),
    [
        (somebody_edits_the_clusters, Status.OUTDATED),
        (another_worker_takes_over, Status.PLANNING),
    ],
)
def test_what_it_learned_of_clusters_is_not_written_over_newer_details(
    here: Credentials, meanwhile: Callable[[], None], status: Status
) -> None:
    run = plan(member(providers={"eks": EVERYTHING["eks"]}), None)

    carry_on(run, Freezing("DescribeCluster", meanwhile))

    assert EnabledProvider.objects.get().details == EDITED
    run.refresh_from_db()
    assert run.status == status, run.error


def test_what_it_learned_of_bowline_is_not_written_over_an_edit(
    here: Credentials,
) -> None:
    run = plan(member(), None)

    def somebody_edits() -> None:
        edited = {"bowline_principal": "", "version": F("version") + 1}
        ManagingAccount.objects.update(**edited)

    carry_on(run, Freezing("GetCallerIdentity", somebody_edits))

    assert ManagingAccount.objects.get().bowline_principal == ""
    run.refresh_from_db()
    assert run.status == Status.OUTDATED
    assert "was edited" in run.error["message"]


def test_results_of_a_verification_that_was_taken_over_are_not_kept(
    here: Credentials,
) -> None:
    account = member()
    onboarded(account)
    run = verify(account, None)

    def another_worker_verifies() -> None:
        time_passes()
        assert carried(Run.objects.get(pk=run.pk)).status == Status.VERIFIED

    carry_on(run, Freezing("ListPolicies", another_worker_verifies))

    names = list(run.checks.values_list("provider", "name"))
    assert names
    assert len(names) == len(set(names))
