"""The managing account of an accounts file: what is written is read again."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import accounts_file
from onboarding.accounts_file.managing import MANAGING_KEYS
from onboarding.accounts_file.writing import managing_written, yaml_text
from onboarding.partitions import PARTITIONS
from onboarding.topology import (
    BASE_ROLE,
    MANAGED_ROLE,
    ExistingIdentity,
    InstanceRole,
    MadeBy,
    Managing,
    PodRole,
)

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
            "ami_owner": draw(st.sampled_from(["", "images"])),
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
