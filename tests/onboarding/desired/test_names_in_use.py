"""What can be done about a name that is in use, by what has it."""

from __future__ import annotations

import pytest

from onboarding.desired.names_in_use import KEEP, keep_it_or_choose
from onboarding.providers.ecs import Ecs
from onboarding.resources.kinds import (
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    OidcProvider,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from tests import factories
from tests.factories import MANAGED_ID, MANAGING_ID

NO_ONE = Policy.allowing()


def role(name: str, account: str = MANAGED_ID) -> Role:
    return Role(account=account, name=name, trust=NO_ONE)


@pytest.mark.parametrize(
    ("taken", "first", "then"),
    [
        (role("ecsTaskExecutionRole"), KEEP, "execution role in the account's ECS"),
        (role("spinnakerManaged"), KEEP, "another managed role in the account's"),
        (role("BaseIAMRole"), KEEP, "another base role on the managing account's"),
        (
            InstanceProfile(account=MANAGED_ID, name="BaseIAMRole", role="web"),
            KEEP,
            "another base role on the managing account's",
        ),
        (
            InlinePolicy(account=MANAGED_ID, role="r", policy="p", document=NO_ONE),
            KEEP,
            "another name on the managing account's page",
        ),
        (
            ClusterAccess(
                account=MANAGED_ID,
                region="us-east-1",
                cluster="apps",
                principal="arn",
                policy_arn="",
            ),
            KEEP,
            "Or plan again once the entry has",
        ),
        (
            role("SpinnakerAuthRole", MANAGING_ID),
            "Choose it as the existing identity",
            "enter another name there",
        ),
        (
            OidcProvider(account=MANAGING_ID, name="oidc.eks/id/1"),
            "An EKS cluster has one issuer",
            "add the audience",
        ),
    ],
)
def test_what_has_the_name_may_be_kept_first(
    taken: Resource, first: str, then: str
) -> None:
    """A role can't be renamed, and may run somebody's production."""
    managing, managed = factories.managing(), factories.managed(providers=(Ecs(),))

    said = keep_it_or_choose(taken, managing, managed)

    assert said.startswith(first)
    assert then in said
    assert "elete" not in said


def test_a_run_of_the_managing_account_has_no_account_of_its_own() -> None:
    said = keep_it_or_choose(role("other"), factories.managing(), None)

    assert "managed role" in said
