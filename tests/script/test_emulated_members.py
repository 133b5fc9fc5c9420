"""The emulated Organizations lists the members, as Bowline asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.aws.client import AccountClient
from onboarding.aws.organization.members import organization_accounts, organization_id
from onboarding.aws.organization.pages import (
    accounts_anywhere,
    accounts_in,
    member,
    roots,
    tags_of,
    units_below,
)
from onboarding.aws.session import Sessions
from onboarding.topology import Reach
from script.emulated_members import (
    CLOSED,
    ENTRIES,
    ORGANIZATION,
    PRODUCTION,
    write_members,
)
from script.emulated_organization import MANAGING

OWN = Reach(MANAGING.account_id)


@pytest.mark.usefixtures("aws")
def test_bowline_is_told_every_member_and_which_is_closed() -> None:
    found = organization_accounts(Sessions(run="test"), OWN).accounts

    told = [(account.account_id, account.name, account.state) for account in found]
    assert told == [(entry.account_id, entry.name, entry.state) for entry in ENTRIES]
    assert [a.account_id for a in found if not a.active] == [CLOSED.account_id]


@pytest.mark.usefixtures("aws")
def test_units_and_tags_are_read() -> None:
    client = AccountClient.of(Sessions(run="test"), OWN)

    (root,) = roots(client, "").found
    below = {unit.name for unit in units_below(client, root.unit_id, "").found}
    inside = {one.name for one in accounts_in(client, PRODUCTION, "").found}

    assert below == {"Workloads", "Sandbox"}
    assert inside == {"accountprod", "accountdata"}
    assert tags_of(client, MANAGING.account_id) == {"team": "platform"}
    assert member(client, CLOSED.account_id) in accounts_anywhere(client, "").found
    assert member(client, "123456789012") is None


@pytest.mark.usefixtures("aws")
def test_the_organization_has_its_id() -> None:
    assert organization_id(Sessions(run="test"), OWN) == ORGANIZATION


def test_what_an_emulator_has_written_stays(tmp_path: Path) -> None:
    write_members(tmp_path)
    (tmp_path / "organizations.json").write_text("its own")

    write_members(tmp_path)

    assert (tmp_path / "organizations.json").read_text() == "its own"
