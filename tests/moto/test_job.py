"""The headless job and removal on moto, a second emulator, in each partition.

What moto cannot show: whether trust policies and external IDs are right, because it
lets everybody assume any role; whether a role may do what it is for, because moto
enforces no policy and has no simulator (tests/moto/gaps.py answers “allowed” to all);
access entries of EKS, which it does not know.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from accounts.models import ManagedAccount
from accounts.models.states import State, Status
from accounts.runs.actions import remove
from onboarding.partitions import PARTITIONS
from script.emulated_organization import ACCESS_ROLE
from tests.accounts.management.onboarding import approved, onboard
from tests.moto.accounts import Accounts
from tests.moto.conftest import as_bowline
from tests.strict_aws.job import carried_out

pytestmark = pytest.mark.django_db(transaction=True)

EC2 = {
    "aws": "ec2.amazonaws.com",
    "aws-us-gov": "ec2.amazonaws.com",
    "aws-cn": "ec2.amazonaws.com.cn",
}
ALL_BUT_EKS = "{ec2: {}, ecs: {}, lambda: {}}"


@pytest.fixture
def accounts(moto: str, partition: str) -> Iterator[Accounts]:
    with as_bowline(Accounts(moto, partition)) as made:
        yield made


@pytest.mark.parametrize("partition", PARTITIONS)
def test_an_account_is_onboarded_put_into_a_bundle_and_removed(
    accounts: Accounts, tmp_path: Path, partition: str
) -> None:
    file, bundle = tmp_path / "accounts.yaml", tmp_path / "bundle.zip"
    file.write_text(accounts.file(ALL_BUT_EKS))

    onboarded = approved(file, "--bundle", bundle)

    assert onboarded.code == 0, onboarded.err
    account = ManagedAccount.objects.get(name="staging")
    assert account.state == State.VERIFIED
    trust = accounts.trust("spinnakerManaged")
    identity = f"{accounts.managing_id}:role/SpinnakerAuthRole"
    assert trust["Principal"] == {"AWS": f"arn:{partition}:iam::{identity}"}
    assert accounts.trust("BaseIAMRole")["Principal"] == {"Service": EC2[partition]}
    with zipfile.ZipFile(bundle) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    assert [one["name"] for one in manifest["accounts"]] == ["staging"]

    again = onboard(file)

    assert again.code == 0, again.out

    removed = carried_out(remove(account, None, never_told=True))

    assert removed.status == Status.REMOVED, removed.error
    assert accounts.roles() == {ACCESS_ROLE}
    assert accounts.policies() == []
