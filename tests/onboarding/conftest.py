"""Fixtures: two fresh accounts of the emulated AWS for every test that asks."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding.topology import ExistingIdentity
from tests.onboarding.aws.field import Field, trusting
from tests.onboarding.verify.verified import Verified
from tests.strict_aws.calls import calls as calls


@pytest.fixture
def field(emulator: str, monkeypatch: pytest.MonkeyPatch) -> Field:
    made = Field(emulator)
    for name, value in made.prepare().items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture
def cluster(field: Field) -> Any:
    """Make the cluster `apps`, and return EKS as its account's root has it."""
    field.iam.create_role(
        RoleName="eks", AssumeRolePolicyDocument=trusting(field.bowline)
    )
    eks = field.root(field.managed_id, "eks")
    eks.create_cluster(
        name="apps",
        roleArn=f"arn:aws:iam::{field.managed_id}:role/eks",
        resourcesVpcConfig={"subnetIds": []},
        accessConfig={"authenticationMode": "API"},
    )
    return eks


@pytest.fixture
def made(field: Field) -> Verified:
    return Verified(field, field.managing(), field.managed()).stand()


@pytest.fixture
def read(field: Field) -> Verified:
    """A user is the identity, so that the chain can only be read."""
    field.root(field.managing_id).create_user(UserName="spinnaker")
    identity = ExistingIdentity(f"arn:aws:iam::{field.managing_id}:user/spinnaker")
    managing = field.managing(identity=identity)
    return Verified(field, managing, field.managed()).stand()
