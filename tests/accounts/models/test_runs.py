from __future__ import annotations

import uuid

import pytest

from accounts.models import Delivery, Run
from accounts.models.lease import LeaseLost
from accounts.models.people import Job
from tests.rows import account_row, managing_row, run_row


@pytest.mark.parametrize(
    ("origin", "person", "said"),
    [
        ("page", "alice", "alice"),
        ("page", "", "a person who was deleted"),
        ("command", "alice", "alice on the command line"),
        ("command", "", "somebody on the command line"),
        ("schedule", "", "the schedule"),
        ("", "alice", "alice"),
        ("", "", ""),
    ],
)
def test_a_run_tells_who_or_what_started_it(
    origin: str, person: str, said: str
) -> None:
    run = Run(started_from=origin, created_by_name=person)

    assert run.started_by == said


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "edited", "reason"),
    [
        (Run.Kind.ONBOARD, [], ""),
        (Run.Kind.ONBOARD, ["account"], "staging was edited"),
        (Run.Kind.ONBOARD, ["managing"], "The managing account was edited"),
        (Run.Kind.MANAGING, [], ""),
        (Run.Kind.MANAGING, ["account"], ""),
        (Run.Kind.MANAGING, ["managing"], "The managing account was edited"),
    ],
)
def test_one_run_is_outdated_as_the_query_says(
    kind: Run.Kind, edited: list[str], reason: str
) -> None:
    described = {"managing": managing_row(), "account": account_row()}
    account = None if kind == Run.Kind.MANAGING else described["account"]
    run = run_row(account=account, kind=kind)
    for name in edited:
        described[name].touch()

    said = run.outdated_by(account, described["managing"])

    assert said.startswith(reason)
    assert bool(said) is bool(reason)
    assert Run.objects.up_to_date().filter(pk=run.pk).exists() is not bool(reason)


@pytest.mark.django_db
def test_each_run_has_a_number_of_its_own_in_the_order_they_came() -> None:
    account = account_row()

    one = run_row("verified", account=account)
    two, three = Run.objects.bulk_create(
        Run(account=account, account_name="a", status="verified") for _ in range(2)
    )

    assert one.number < two.number < three.number
    assert Run.objects.filter(number=two.number).get() == two
    assert str(one) == f"Run {one.number}: Onboard staging"


@pytest.mark.django_db
def test_a_number_is_given_once() -> None:
    account = account_row()
    last = run_row("verified", account=account)
    last.delete()

    assert run_row("verified", account=account).number > last.number


@pytest.mark.django_db
@pytest.mark.parametrize("make", [run_row, Delivery.objects.create])
def test_only_the_worker_that_holds_a_job_carries_it(make) -> None:
    job: Job = make(number=1, status="planning")
    rows = type(job)._default_manager.filter(pk=job.pk)

    with pytest.raises(LeaseLost):
        job.carry("failed")
    assert job.take_lease()
    rows.update(lease=uuid.uuid4())
    with pytest.raises(LeaseLost):
        job.carry("failed")
    before = rows.get().status
    rows.update(lease=job.lease)
    job.carry("failed")

    assert (before, rows.get().status) == ("planning", "failed")
    assert rows.get().finished_at is not None
