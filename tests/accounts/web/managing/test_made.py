"""What the managing account's page lists as made there, by whichever run."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.mapping import snapshots
from accounts.models import ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.runs.actions import plan_managing
from accounts.web.managing.views import Made, made_in
from onboarding.desired import desired
from onboarding.topology import Topology
from script.emulated_organization import MANAGING, Credentials
from tests.accounts.runs.carried import carried, done, root
from tests.factories import managed, managing, provider
from tests.rows import account_row, managing_row, run_row, step_row

pytestmark = pytest.mark.django_db

CORE = "911111111111"


def stands(row: ManagingAccount) -> Run:
    """Let a run have made all of the managing side, an hour ago."""
    snapshots.keep_snapshot(row, snapshots.managing_snapshot(row))
    run = run_row(Status.VERIFIED)
    an_hour_ago = timezone.now() - timedelta(hours=1)
    whole = Topology(managing(), (managed(provider("ec2")),))
    for resource in desired(whole, managing()):
        ended(run, resource.kind, resource.name, an_hour_ago, resource.as_json())
    return run


def ended(
    run: Run, kind: str, name: str, at: Any, after: Any = None, verb: str = "create"
) -> Step:
    return step_row(
        run,
        account_id=CORE,
        kind=kind,
        name=name,
        verb=verb,
        after=after,
        status=Step.Status.DONE,
        finished_at=at,
    )


@pytest.fixture
def aws_of_its_own(
    own_aws: Credentials, monkeypatch: pytest.MonkeyPatch
) -> Credentials:
    monkeypatch.setattr("accounts.runs.verifying.SETTLING", 0.0)
    return own_aws


def named(made: list[Made]) -> list[str]:
    return [one.arn.rpartition(":")[2] for one in made if not one.holder]


def test_each_resource_is_listed_with_its_arn_and_age() -> None:
    row = managing_row()
    stands(row)

    made = made_in(row)

    assert named(made) == [
        "role/SpinnakerAuthRole",
        "instance-profile/SpinnakerAuthRole",
        "policy/bowline/managing/BowlineAssumeManaged",
        "policy/bowline/managing/BowlineRegionLookup",
    ]
    attached = [(one.holder, one.arn) for one in made if one.holder]
    assert attached == [
        ("SpinnakerAuthRole", f"arn:aws:iam::{CORE}:{named(made)[2]}"),
        ("SpinnakerAuthRole", f"arn:aws:iam::{CORE}:{named(made)[3]}"),
    ]
    assert all(one.made_at and one.changed_at is None for one in made)


def test_what_was_changed_since_says_when() -> None:
    row = managing_row()
    run, now = stands(row), timezone.now()
    ended(run, "policy", "BowlineAssumeManaged", now, {}, verb="update")

    changed = {one.arn: one.changed_at for one in made_in(row) if one.changed_at}

    assert changed == {
        f"arn:aws:iam::{CORE}:policy/bowline/managing/BowlineAssumeManaged": now
    }


def test_what_was_deleted_is_listed_only_once_it_is_made_again() -> None:
    row = managing_row()
    run, now = stands(row), timezone.now()
    policy = ("policy", "BowlineRegionLookup")
    ended(run, *policy, now, verb="delete")
    gone = named(made_in(row))

    after = {"path": "/bowline/managing/"}
    ended(run, *policy, now + timedelta(minutes=1), after)

    assert "policy/bowline/managing/BowlineRegionLookup" not in gone
    assert "policy/bowline/managing/BowlineRegionLookup" in named(made_in(row))


def test_what_failed_or_waits_was_not_made() -> None:
    row = managing_row()
    stands(row)
    Step.objects.exclude(kind="role").update(status=Step.Status.FAILED)

    assert named(made_in(row)) == ["role/SpinnakerAuthRole"]


def test_what_belongs_to_the_account_as_a_managed_one_is_not_the_identitys() -> None:
    row = managing_row()
    run, now = stands(row), timezone.now()
    before = made_in(row)
    ended(run, "role", "spinnakerManaged", now, {"path": "/"})
    ended(run, "policy", "BowlineEC2", now, {"path": "/bowline/managed/"})

    assert made_in(row) == before


def test_an_identity_of_another_name_is_listed_until_it_is_deleted() -> None:
    row = managing_row()
    run = stands(row)
    row.identity_name = "Spinnaker"
    row.save()
    both = named(made_in(row))

    ended(run, "role", "SpinnakerAuthRole", timezone.now(), verb="delete")

    assert "role/SpinnakerAuthRole" in both
    assert "role/SpinnakerAuthRole" not in named(made_in(row))


@pytest.mark.parametrize(
    ("verification", "said"), [(State.VERIFIED, "just now"), ("", "not verified")]
)
def test_the_page_says_what_is_proved(viewer, verification: str, said: str) -> None:
    row = managing_row(
        verification=verification, state=State.VERIFIED, verified_at=timezone.now()
    )
    stands(row)

    html = " ".join(viewer.get("/managing/").content.decode().split())

    table = html.partition('<section class="panel panel-flush managing-made"')[2]
    assert table.replace("<wbr>", "").count(f"arn:aws:iam::{CORE}:role/Spin") >= 1
    assert said in table


def test_the_page_says_that_nothing_was_made_yet(viewer, managing) -> None:
    account_row()

    assert (
        "The first plan shows what Bowline will create"
        in viewer.get("/managing/").content.decode()
    )


@pytest.mark.django_db(transaction=True)
def test_it_is_what_a_run_made_in_aws(aws_of_its_own: Credentials) -> None:
    managing_row(name=MANAGING.name, account_id=MANAGING.account_id)

    run = done(carried(plan_managing(None)))

    assert run.status == Status.VERIFIED, run.error
    row = ManagingAccount.objects.get()
    assert row.state == State.VERIFIED
    iam = root(aws_of_its_own, MANAGING, "iam")
    role = iam.get_role(RoleName="SpinnakerAuthRole")["Role"]
    policies = iam.list_policies(Scope="Local", PathPrefix="/bowline/managing/")
    arns = {role["Arn"], *(one["Arn"] for one in policies["Policies"])}
    assert arns < {one.arn for one in made_in(row)}
