from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.decisions.locks import Gone
from accounts.mapping.managed import assumed_roles
from accounts.mapping.managing import managing_of
from accounts.mapping.snapshots import in_force, managing_snapshot
from accounts.mapping.spinnaker import claim_names
from accounts.models import (
    Activity,
    Delivery,
    EnvironmentPolicy,
    ManagedAccount,
    ManagingAccount,
    Rollout,
)
from accounts.models.states import State, Status
from accounts.people.deciding import Outside, SamePerson
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.actions import plan
from accounts.runs.deciding.forgetting import CannotForget, forget_account, leave_in_aws
from tests.rows import account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

ARN = "arn:aws:iam::922222222222:role/spinnakerManaged"


def adopted(name: str = "staging", **fields: Any) -> ManagedAccount:
    """Make an account whose roles were there before Bowline."""
    applied = ManagingAccount.objects.first() or managing_row()
    if not applied.applied:
        applied.applied = [managing_snapshot(applied)]
        applied.save(update_fields=["applied"])
    verified = {"state": State.VERIFIED, "verification": State.VERIFIED}
    plain = {"adopts": True, "granted_at": timezone.now(), "applied": [{}], **verified}
    return account_row(name, **{**plain, **fields})


def test_a_description_is_deleted_and_that_is_recorded() -> None:
    forget_account(account_row(), person("operator"))

    assert not ManagedAccount.objects.exists()
    assert Activity.objects.get(what="forget").about == "staging"


def test_what_exists_in_aws_is_kept() -> None:
    with pytest.raises(CannotForget, match="while it exists in AWS"):
        forget_account(account_row(granted_at=timezone.now()), person("operator"))


def test_what_is_worked_on_is_kept() -> None:
    account = account_row()
    run_row(Status.PLANNED, account=account)

    with pytest.raises(CannotForget, match="discard its plan"):
        forget_account(account, person("operator"))

    assert ManagedAccount.objects.exists()


def test_no_run_begins_of_what_was_deleted() -> None:
    managing_row()
    account = account_row()
    forget_account(ManagedAccount.objects.get(), person("operator"))

    with pytest.raises(Gone, match="staging was deleted from Bowline"):
        plan(account, None)
    with pytest.raises(Gone, match="was deleted from Bowline"):
        forget_account(account, person("operator", username="bob"))


def test_an_account_leaves_and_its_role_stays_on_the_list() -> None:
    account = adopted(also_as=[{"name": "eu", "regions": ["eu-west-1"]}])
    claim_names(account)
    since, paul = account.granted_at, person("approver")
    account_row("later", account_id="9" * 12, granted_at=timezone.now())
    listed = assumed_roles(managing_of(ManagingAccount.objects.get()))

    leave_in_aws(account, paul)

    row = ManagingAccount.objects.get()
    (kept,) = row.kept
    assert (kept.arn, kept.account, kept.names) == (ARN, "staging", ["eu", "staging"])
    assert (kept.who, kept.since) == ("approver", since.isoformat())
    assert list(row.authors.all()) == [paul]
    assert ManagedAccount.objects.get().name == "later"
    assert assumed_roles(managing_of(row)) == listed
    assert in_force(row) == managing_of(row)
    entry = Activity.objects.get(what="keep")
    assert (entry.about, entry.detail["ARN"]) == ("staging", ARN)


REFUSED: dict[str, dict[str, Any]] = {
    "assumes no role in staging": {"granted_at": None},
    "assumes no role": {"withdrawn": True},
    "assumes no role in": {"providers": {}},
    "No plan of staging was applied": {
        **{"applied": [], "verification": "", "state": State.DRAFT},
    },
    "Bowline created the roles of staging": {"adopts": False},
    "The owner created the roles of staging": {"made_by": "owner"},
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_what_must_be_removed_does_not_leave(sentence: str) -> None:
    account = adopted(**REFUSED[sentence])

    with pytest.raises(CannotForget, match=sentence):
        leave_in_aws(account, person("approver"))

    assert ManagingAccount.objects.get().kept_roles == []


def test_what_is_worked_on_does_not_leave() -> None:
    account = adopted()
    run = run_row(Status.PLANNED, account=account)
    with pytest.raises(CannotForget, match="has an open run"):
        leave_in_aws(account, person("approver"))

    rollout = Rollout.objects.create(state=Rollout.State.PAUSED)
    type(run).objects.update(status=Status.VERIFIED, rollout=rollout)
    with pytest.raises(CannotForget, match=f"part of rollout {rollout.number}"):
        leave_in_aws(account, person("approver", username="bob"))

    Rollout.objects.update(state=Rollout.State.STOPPED)
    leave_in_aws(account, person("approver", username="eve"))


@pytest.mark.parametrize("status", ["delivering", "watching"])
def test_nothing_leaves_while_a_delivery_is_sent(status: str) -> None:
    account = adopted()
    Delivery.objects.create(number=3, status=status)

    with pytest.raises(CannotForget, match="Delivery 3 is in progress"):
        leave_in_aws(account, person("approver"))


def test_where_two_people_decide_its_author_lets_nothing_leave() -> None:
    account, paul = adopted(), person("approver")
    account.authors.add(paul)
    EnvironmentPolicy.objects.create(environment="", second_approver=True)

    with pytest.raises(SamePerson, match="approver edited the account"):
        leave_in_aws(account, paul)

    leave_in_aws(account, person("approver", username="bob"))


def test_who_is_limited_lets_nothing_leave_elsewhere() -> None:
    account, paul = adopted(environment="prod"), person("approver")
    limit(paul, APPROVER, ["dev"], by=None)

    with pytest.raises(Outside, match="staging is in prod"):
        leave_in_aws(account, paul)
