"""The accounts file says who creates the roles of an account, in both formats."""

from __future__ import annotations

import pytest

from onboarding import accounts_file
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.makers import NOT_BOWLINES
from onboarding.accounts_file.managed import NO_READER
from onboarding.accounts_file.writing import (
    account_written,
    csv_text,
    managing_written,
    written_account,
    yaml_text,
)
from onboarding.topology import READER_ROLE, Managed
from tests.factories import description

ONE = """\
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  providers: {{ec2: {{}}}}
  {}
"""


def read(more: str) -> Managed:
    (one,) = accounts_file.read_accounts_file(ONE.format(more).encode()).accounts
    return one.managed


def refused(more: str) -> list[str]:
    with pytest.raises(FileProblems) as caught:
        read(more)
    return [problem.message for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("more", "made_by", "reader_role"),
    [
        ("made_by: bowline", "bowline", ""),
        ("made_by: owner", "owner", READER_ROLE),
        ("made_by: owner\n  reader_role: false", "owner", ""),
        ("made_by: organization", "organization", READER_ROLE),
    ],
)
def test_it_is_read_and_written_in_both_formats(
    more: str, made_by: str, reader_role: str
) -> None:
    managed = read(more)

    assert (managed.made_by, managed.reader_role) == (made_by, reader_role)
    written = account_written(description(managed))
    assert written_account(written, 1).managed == managed
    for text, csv in ((yaml_text(None, [written]), False), (csv_text([written]), True)):
        (again,) = accounts_file.read_accounts_file(text.encode(), csv=csv).accounts
        assert again.managed == managed


def test_whoever_nobody_knows_is_refused() -> None:
    assert refused("made_by: somebody") == [
        "made_by: Write bowline, owner or organization."
    ]


def test_what_only_bowlines_accounts_have_is_refused() -> None:
    owner = "made_by: owner\n  access_role: Admin\n  adopts: true"

    assert refused(owner) == [
        f"access_role: {NOT_BOWLINES}",
        f"adopts: {NOT_BOWLINES}",
    ]
    assert refused("reader_role: true") == [NO_READER]


MANAGING = """\
managing: {{name: core, account_id: "911111111111"{}}}
accounts: []
"""


def test_the_managing_accounts_maker_is_read_and_written() -> None:
    read = accounts_file.read_accounts_file(
        MANAGING.format(", made_by: owner").encode()
    )

    assert read.managing is not None
    assert read.managing.is_handed_off
    assert read.managing.reach.access_role == READER_ROLE
    assert not read.managing.reach.writes
    written = managing_written(read.managing, trusts_bowline=True)
    assert written["made_by"] == "owner"
    assert (
        accounts_file.read_accounts_file(yaml_text(written, ()).encode()).managing
        == read.managing
    )


def test_bowline_needs_no_access_role_where_an_owner_makes_the_identity() -> None:
    both = ", made_by: owner, access_role: Access"

    with pytest.raises(FileProblems) as caught:
        accounts_file.read_accounts_file(MANAGING.format(both).encode())

    assert [problem.message for problem in caught.value.problems] == [
        f"access_role: {NOT_BOWLINES}"
    ]
