"""An account whose owner makes the roles: what is proved, and what cannot be asked."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from onboarding.access_role import looking, policy
from onboarding.aws.apply import apply
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.checks import Call, Check
from onboarding.desired.managed import managed_side
from onboarding.resources.plan import Create, Delete, Update, diff
from onboarding.topology import READER_ROLE, MadeBy, Reach, unprovable
from onboarding.verify.result import Result
from tests import factories
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field, trusting
from tests.onboarding.verify.verified import Verified, denying, having
from tests.strict_aws.calls import Calls

WRITES = ("Create", "Delete", "Put", "Attach", "Detach", "Update", "Tag", "Add")
BY_ACCESS = Check(
    "Find the role",
    Call("iam", "list_roles"),
    "Allow iam:ListRoles.",
    as_managed_role=False,
)


@pytest.fixture
def owned(made: Verified, calls: Calls) -> Verified:
    """The owner made all of it, and there is no role that Bowline could use."""
    field = made.field
    field.iam.detach_role_policy(RoleName=ACCESS_ROLE, PolicyArn=ADMINISTRATOR)
    field.iam.delete_role(RoleName=ACCESS_ROLE)
    calls.made.clear()
    managed = replace(made.managed, access_role="", made_by=MadeBy.OWNER)
    return Verified(field, made.managing, managed)


@pytest.fixture
def reading(owned: Verified) -> Verified:
    """The owner made the reader role, too."""
    iam = owned.field.iam
    trust = trusting(owned.field.bowline)
    iam.create_role(RoleName=READER_ROLE, AssumeRolePolicyDocument=trust)
    iam.put_role_policy(
        RoleName=READER_ROLE,
        PolicyName="Look",
        PolicyDocument=json.dumps(policy(looking())),
    )
    managed = replace(owned.managed, reader_role=READER_ROLE)
    return Verified(owned.field, owned.managing, managed)


def results(one: Verified) -> list[Result]:
    return one.results(reach=one.managed.reach)


def outcomes_of(found: list[Result]) -> Counter[str]:
    return Counter(result.outcome.value for result in found)


def test_the_chain_is_proved_without_any_access_role(
    owned: Verified, calls: Calls
) -> None:
    found = results(having(owned, BY_ACCESS, *owned.managed.providers[0].made))

    chain = {r.name: r.outcome.value for r in found if r.provider == "chain"}
    assert set(chain.values()) == {"passed"}
    assert {
        "A wrong external ID is denied",
        "A missing external ID is denied",
    } <= set(chain)
    (by_access,) = (r for r in found if r.name == BY_ACCESS.name)
    assert by_access.outcome == "not testable"
    assert "doesn't read account" in by_access.sentence
    assert outcomes_of(found)["failed"] == 0
    wrote = [c for c in calls.made if c.split(":")[1].startswith(WRITES)]
    assert wrote == []


def test_the_reader_role_reads_what_the_chain_cannot_see(reading: Verified) -> None:
    found = results(having(reading, BY_ACCESS))

    assert outcomes_of(found).keys() == {"passed"}


def test_without_its_role_the_chain_says_what_may_be_wrong(owned: Verified) -> None:
    role = owned.managing.managed_role
    owned.field.iam.update_assume_role_policy(
        RoleName=role,
        PolicyDocument=trusting(f"arn:aws:iam::{owned.field.managed_id}:root"),
    )

    (failed,) = (r for r in results(owned) if r.outcome == "failed")

    assert failed.name == "Assume the managed role"
    assert failed.located == "the owner's side"
    assert "The role doesn't exist, or its trust isn't this one." in failed.sentence
    assert f"in account {owned.managed.account_id}" in failed.fix
    assert "organization" not in failed.fix


def test_with_the_reader_an_edited_trust_is_shown(reading: Verified) -> None:
    role = reading.managing.managed_role
    reading.field.iam.update_assume_role_policy(
        RoleName=role,
        PolicyDocument=trusting(f"arn:aws:iam::{reading.field.managed_id}:root"),
    )

    (failed,) = (r for r in results(reading) if r.outcome == "failed")

    assert failed.located == "their trust"
    assert failed.document
    assert failed.fix.startswith("Deploy the template that was handed off again")


def test_what_a_policy_is_missing_is_fixed_by_the_template(reading: Verified) -> None:
    one = having(reading, Check("Read it", Call("ec2", "describe_vpcs"), "Allow it."))
    reading.field.iam.put_role_policy(
        RoleName=one.managing.managed_role,
        PolicyName="BowlineNothing",
        PolicyDocument=denying("ec2:DescribeVpcs"),
    )

    (failed,) = (r for r in results(one) if r.outcome == "failed")

    assert failed.located == "our policy"
    assert failed.fix.startswith("Deploy the template that was handed off again")


def test_a_reader_role_that_is_not_there_fails_nothing(owned: Verified) -> None:
    managed = replace(owned.managed, reader_role=READER_ROLE)
    one = having(Verified(owned.field, owned.managing, managed), BY_ACCESS)

    (result,) = (r for r in results(one) if r.name == BY_ACCESS.name)

    assert result.outcome == "not testable"
    assert f"reader role arn:aws:iam::{managed.account_id}:role/{READER_ROLE}" in (
        result.sentence
    )


@pytest.mark.parametrize("verb", [Create, Delete, Update])
def test_no_write_leaves_for_an_account_of_somebody_else(
    reading: Verified, verb: Any, calls: Calls
) -> None:
    role = next(managed_side(reading.managing, reading.managed))
    change = verb(role, role) if verb is Update else verb(role)
    calls.made.clear()

    with pytest.raises(AwsError, match="Bowline changes nothing in account"):
        apply(reading.field.sessions(), reading.managed.reach, change)

    assert not calls.made


def test_what_the_owner_made_is_what_is_wanted(reading: Verified) -> None:
    wanted = tuple(managed_side(reading.managing, reading.managed))
    sessions = reading.field.sessions()

    found = observe(sessions, reading.managed.reach, wanted)

    assert diff(wanted, found) == ()


def test_bowlines_own_credentials_do_not_open_it(field: Field) -> None:
    closed = Reach(field.managing_id, writes=False)

    with pytest.raises(AwsError, match="doesn't read account"):
        field.sessions().credentials(closed)


def test_only_what_can_be_proved_may_be_handed_off() -> None:
    ec2, eks = factories.provider("ec2"), factories.provider("eks")
    walks = factories.managing(bowline="arn:aws:iam::911111111111:role/bowline")
    owner = {"made_by": MadeBy.OWNER}

    assert unprovable(walks, factories.managed(ec2, **owner)) == ""
    assert "no role" in unprovable(walks, factories.managed(eks, **owner))
    assert "trust" in unprovable(factories.managing(), factories.managed(ec2, **owner))
    assert unprovable(walks, factories.managed(eks, reader_role="R", **owner)) == ""
    assert unprovable(factories.managing(), factories.managed(ec2)) == ""
    both = unprovable(walks, factories.managed(ec2, eks, **owner))
    assert "endpoints of clusters" in both
    cluster = {"name": "apps", "region": "us-east-1", "endpoint": "https://apps"}
    known = factories.provider("eks", clusters=[cluster])
    assert unprovable(walks, factories.managed(ec2, known, **owner)) == ""
