"""The emulated Organizations lists the members, as Bowline asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.aws.discover import organization_accounts, organization_id
from onboarding.aws.session import Sessions
from onboarding.topology import Reach
from script.emulated_members import CLOSED, ENTRIES, ORGANIZATION, write_members
from script.emulated_organization import MANAGING

OWN = Reach(MANAGING.account_id)


@pytest.mark.usefixtures("aws")
def test_bowline_is_told_every_member_and_which_is_closed() -> None:
    found = organization_accounts(Sessions(run="test"), OWN).accounts

    told = [(account.account_id, account.name, account.state) for account in found]
    assert told == [tuple(entry) for entry in ENTRIES]
    assert [a.account_id for a in found if not a.active] == [CLOSED.account_id]


@pytest.mark.usefixtures("aws")
def test_the_organization_has_its_id() -> None:
    assert organization_id(Sessions(run="test"), OWN) == ORGANIZATION


def test_what_an_emulator_has_written_stays(tmp_path: Path) -> None:
    write_members(tmp_path)
    (tmp_path / "organizations.json").write_text("its own")

    write_members(tmp_path)

    assert (tmp_path / "organizations.json").read_text() == "its own"
