"""What a managing account may hold as the roles of accounts that left Bowline."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from accounts.mapping.snapshots import managing_snapshot
from accounts.models import ManagingAccount
from accounts.models.account import Unreadable
from accounts.models.managing import kept_names
from tests.rows import kept_role, managing_row

pytestmark = pytest.mark.django_db

HOSTILE: list[Any] = [
    {},
    "arn:aws:iam::000000000007:role/x",
    ["arn:aws:iam::000000000007:role/x"],
    [kept_role(), kept_role(names=["other"])],
    [kept_role(more="x")],
    [{key: value for key, value in kept_role().items() if key != "since"}],
    *(
        [kept_role(arn=arn)]
        for arn in (
            "",
            "*",
            "arn:aws:iam::*:role/spinnakerManaged",
            "arn:aws:iam::000000000007:role/*",
            "arn:aws:iam::000000000007:user/spinnakerManaged",
            "arn:aws:iam::000000000007:role/a\n",
            "arn:aws:iam::000000000007:role/a\N{ZERO WIDTH SPACE}",
        )
    ),
    [kept_role(account="<b>")],
    [kept_role(names="left7")],
    [kept_role(names=["a\N{RIGHT-TO-LEFT OVERRIDE}b"])],
    [kept_role(since="yesterday")],
    [kept_role(since="2026-01-02T03:04:05")],
    [kept_role(when=7)],
    [kept_role(who=None)],
]


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_else_is_loaded(value: Any, managing) -> None:
    ManagingAccount.objects.update(kept_roles=value)

    with pytest.raises(Unreadable, match="The column kept_roles of the managing"):
        ManagingAccount.objects.get()


@pytest.mark.parametrize("value", HOSTILE)
def test_nothing_else_is_in_force(value: Any) -> None:
    row = managing_row()
    applied = [{**managing_snapshot(row), "kept_roles": value}]
    ManagingAccount.objects.update(applied=applied)

    with pytest.raises(Unreadable, match="The column applied of the managing account"):
        ManagingAccount.objects.get()


def test_what_is_taken_off_keeps_its_names_until_that_is_applied() -> None:
    row = managing_row(kept_roles=[kept_role(1), kept_role(2)])
    ManagingAccount.objects.update(
        applied=[managing_snapshot(row)], kept_roles=[kept_role(2)]
    )

    assert kept_names().keys() == {"left1", "left2"}

    ManagingAccount.objects.update(
        applied=[{**managing_snapshot(row), "kept_roles": []}]
    )
    assert kept_names().keys() == {"left2"}


def test_no_name_is_kept_without_a_managing_account() -> None:
    assert kept_names() == {}


def test_the_managing_account_stays_while_roles_are_kept() -> None:
    row = managing_row(kept_roles=[kept_role()])
    row.account_id = "9" * 12

    with pytest.raises(ValidationError, match="Take those roles off the list first"):
        row.clean()
