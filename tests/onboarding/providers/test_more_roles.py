"""Roles outside the path whose roles Spinnaker passes, as people list them."""

from __future__ import annotations

import pytest

from onboarding.desired.managed import grants
from onboarding.details import DetailsError
from onboarding.grants import Access
from onboarding.topology import ExistingIdentity
from tests.factories import MANAGING_ID, managed, managing, provider

SERVICES = {
    "ec2": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
}
on_aws_entries = pytest.mark.parametrize("key", [*SERVICES])


@on_aws_entries
def test_roles_that_are_listed_are_passed_to_one_service(key: str) -> None:
    account = managed(provider(key, more_roles=("/web", "/teams/web")))

    (passes,) = (
        grant
        for grant in grants(managing(), account)[provider(key).title]
        if grant.access is Access.PASS_ROLE
    )

    of_account = f"arn:aws:iam::{account.account_id}:role"
    assert {f"{of_account}/web", f"{of_account}/teams/web"} < {*passes.resources}
    assert passes.condition == {
        "StringEquals": {"iam:PassedToService": SERVICES[key]},
    }


@on_aws_entries
@pytest.mark.parametrize(
    ("role", "who"),
    [
        ("/spinnaker/of/all", "the managed role"),
        ("/x/Y", "Spinnaker's identity"),
        ("/org/Access", "the role that Bowline assumes"),
    ],
)
def test_no_role_is_listed_by_which_deployers_gain_power(
    key: str, role: str, who: str
) -> None:
    core = managing(identity=ExistingIdentity(f"arn:aws:iam::{MANAGING_ID}:role/x/Y"))
    account = managed(
        provider(key, more_roles=("/web", role)),
        account_id=MANAGING_ID,
        managed_role="spinnaker/of/all",
        access_role="org/Access",
    )

    with pytest.raises(DetailsError, match=f"{role} is {who}") as error:
        grants(core, account)

    assert error.value.field == "more_roles"


@pytest.mark.parametrize(
    "roles",
    [["web"], ["role/web"], ["/web/"], ["/web*"], ["/web", "/web"], ["/a"] * 21, ["/"]],
)
@on_aws_entries
def test_only_paths_and_names_of_roles_are_listed(key: str, roles: list[str]) -> None:
    with pytest.raises(DetailsError) as error:
        provider(key, more_roles=tuple(roles))

    assert error.value.field == "more_roles"
