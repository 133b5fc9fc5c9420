"""What an accounts file says of who creates roles and of the managing account."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import accounts_file
from onboarding.accounts_file import FileProblems
from onboarding.accounts_file.managed import MANAGING_KEYS, NO_READER, NOT_BOWLINES
from onboarding.accounts_file.writing import (
    account_written,
    csv_text,
    managing_written,
    written_account,
    yaml_text,
)
from onboarding.partitions import PARTITIONS
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    READER_ROLE,
    ExistingIdentity,
    InstanceRole,
    MadeBy,
    Managed,
    Managing,
    PodRole,
)
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


ID = "911111111111"

ORGANIZATIONS = st.sampled_from(["", "o-a1b2c3d4e5"])


@st.composite
def managing_accounts(draw: st.DrawFn) -> Managing:
    partition = draw(st.sampled_from(["aws", "aws-us-gov", "aws-cn"]))
    region = PARTITIONS[partition].home_region
    arn = f"arn:{partition}:iam::{ID}"
    pod = PodRole("Pods", "core", region, "spinnaker", "clouddriver")
    identity = draw(
        st.sampled_from(
            [InstanceRole("Own"), ExistingIdentity(f"{arn}:role/Theirs"), pod]
        )
    )
    bakes: dict[str, Any] = {}
    if draw(st.booleans()):
        key = (
            f"arn:{partition}:kms:{region}:{ID}:key/{'1' * 8}-1111-1111-1111-{'1' * 12}"
        )
        bakes = {
            "bakes": True,
            "image_keys": draw(st.sampled_from([(), (key,)])),
        }
    made_by = draw(st.sampled_from([MadeBy.BOWLINE.value, MadeBy.OWNER.value]))
    access = st.sampled_from(["", "Access"])
    return Managing(
        name=draw(st.sampled_from(["core", "no", "1e3"])),
        account_id=ID,
        identity=identity,
        partition=partition,
        managed_role=draw(st.sampled_from([MANAGED_ROLE, "another"])),
        base_role=draw(st.sampled_from([BASE_ROLE, "Instances"])),
        organization=draw(ORGANIZATIONS),
        trust_organization=draw(ORGANIZATIONS),
        boundary=draw(st.sampled_from(["", f"{arn}:policy/Boundary"])),
        ami_owner=draw(st.sampled_from(["", "images"])),
        access_role="" if made_by == MadeBy.OWNER else draw(access),
        made_by=made_by,
        **bakes,
    )


@settings(max_examples=60)
@given(managing_accounts(), st.booleans())
def test_a_file_says_every_field(managing: Managing, trusts_bowline: bool) -> None:
    written = managing_written(managing, trusts_bowline=trusts_bowline)

    again = accounts_file.read_accounts_file(yaml_text(written, []).encode())

    assert (again.managing, again.trusts_bowline) == (managing, trusts_bowline)


def test_every_field_has_a_key() -> None:
    keys = {"organization": "assume", "bowline": "trusts_bowline"}

    # What stays on the list of accounts that left Bowline, no file says.
    said = (one.name for one in fields(Managing) if one.name != "kept")
    named = {keys.get(name, name) for name in said}
    assert named == {*MANAGING_KEYS}
