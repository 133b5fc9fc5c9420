"""The list of kept roles, and what is on it though nobody manages it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.mapping.managed import assumed_roles
from accounts.mapping.managing import managing_of
from accounts.mapping.snapshots import in_force, managing_snapshot
from accounts.models import Activity, ManagedAccount, ManagingAccount, Run
from accounts.models.states import State, Status
from accounts.people.deciding import Outside
from accounts.people.role_limits.limits import limit
from accounts.people.roles import OPERATOR
from accounts.runs.actions import accept
from accounts.runs.capacity import capacity_of
from accounts.runs.managing.applying import grant_or_withdraw
from accounts.runs.managing.kept_roles import (
    NotKept,
    drop,
    drop_removed,
    keep_place,
    take_role_off,
)
from accounts.runs.scope import Scope
from tests.rows import account_row, kept_role, managing_row, person, run_row

pytestmark = pytest.mark.django_db

SINCE = datetime.fromisoformat(kept_role()["since"])


def kept_row(*kept: dict[str, Any], **fields: Any) -> ManagingAccount:
    """Make a managing account that was applied with these roles."""
    row = managing_row(kept_roles=list(kept), state=State.VERIFIED, **fields)
    row.applied = [managing_snapshot(row)]
    row.save(update_fields=["applied"])
    return row


def standing(number: int, **fields: Any) -> ManagedAccount:
    at = SINCE + timedelta(days=number - 7)
    return account_row(
        f"a{number}", account_id=f"{number:012}", **{"granted_at": at, **fields}
    )


def listed() -> list[int]:
    """List the accounts of the roles that Spinnaker may assume."""
    roles = assumed_roles(managing_of(ManagingAccount.objects.get()))
    return [int(role.split(":")[4]) for role in roles]


def test_a_kept_role_has_its_place_in_the_list() -> None:
    kept_row(kept_role(7))
    standing(8)
    standing(6)

    assert listed() == [6, 7, 8]


def test_a_role_is_listed_once_when_its_account_is_there_again() -> None:
    row = kept_row(kept_role(7))
    standing(6)
    again = standing(7, granted_at=SINCE + timedelta(days=100))
    standing(8)

    assert listed() == [6, 7, 8]

    keep_place(row, again)
    drop(row, again)
    assert listed() == [6, 7, 8]
    assert row.kept_roles == []


def test_a_role_of_another_name_stays_when_its_account_is_there_again() -> None:
    row = kept_row(kept_role(7))
    again = standing(7, managed_role="other")

    drop(row, again)

    assert listed() == [7, 7]


def test_a_role_leaves_the_list_when_its_account_is_removed() -> None:
    row = kept_row(kept_role(7), kept_role(8))

    left = assumed_roles(managing_of(row), leaving={"0" * 11 + "7"})
    drop_removed(row, {"0" * 11 + "7"})

    assert [one.account for one in row.kept] == ["left8"]
    assert list(left) == [one.arn for one in row.kept]
    assert in_force(row) == managing_of(row)


def test_kept_roles_take_room() -> None:
    row = kept_row(kept_role(7), kept_role(8))
    standing(8)
    account_row("coming", account_id="9" * 12)

    room = capacity_of(row)

    assert (room.assumed, room.coming) == (2, 1)


def test_taking_a_role_off_is_an_edit_that_a_plan_applies() -> None:
    row, olga = kept_row(kept_role(7), kept_role(8)), person("operator")
    account = standing(6, state=State.VERIFIED)

    take_role_off(olga, arn=kept_role(7)["arn"])

    row, version = ManagingAccount.objects.get(), row.version
    assert (row.state, row.version) == (State.OUTDATED, version + 1)
    assert [*row.authors.all()] == [olga]
    assert listed() == [6, 8]
    assert len(assumed_roles(in_force(row))) == 3
    account.refresh_from_db()
    assert account.state == State.VERIFIED
    entry = Activity.objects.get(what="edit")
    assert entry.detail["changed"]["kept_roles"][1] == [kept_role(8)["arn"]]


def test_what_is_not_kept_is_not_taken_off() -> None:
    kept_row(kept_role(7))

    with pytest.raises(NotKept, match="isn't on the list of kept roles"):
        take_role_off(person("operator"), arn="arn:aws:iam::000000000008:role/x")


def test_who_is_limited_takes_no_role_off() -> None:
    kept_row(kept_role(7))

    olga = person("operator")
    limit(olga, OPERATOR, ["dev"], by=None)

    with pytest.raises(Outside, match="All environments share the managing account"):
        take_role_off(olga, arn=kept_role(7)["arn"])

    assert listed() == [7]


def test_an_account_that_is_applied_again_has_its_place() -> None:
    kept_row(kept_role(7))
    account = standing(7, granted_at=None)
    run = run_row(Status.APPLYING, account=account)

    grant_or_withdraw(run, Scope.load(run))

    account.refresh_from_db()
    assert account.granted_at == SINCE
    assert ManagingAccount.objects.get().kept_roles


def test_a_removal_takes_the_accounts_roles_off() -> None:
    kept_row(kept_role(7), kept_role(8))
    run = run_row(Status.APPLYING, account=standing(7), kind=Run.Kind.REMOVE)

    grant_or_withdraw(run, Scope.load(run))

    assert listed() == [8]


def test_an_account_that_is_accepted_is_kept_no_longer() -> None:
    kept_row(kept_role(7))
    account = standing(7, verification=State.EVALUATED, state=State.EVALUATED)

    assert accept(account, person("approver"))

    assert ManagingAccount.objects.get().kept_roles == []
