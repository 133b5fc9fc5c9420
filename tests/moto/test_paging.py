"""What AWS gives in pages is read to the end. Most of it the first emulator gives in
one answer. moto pages as AWS does, but for the clusters of ECS.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from onboarding.aws.client import AccountClient
from onboarding.aws.discover import answers
from onboarding.aws.observe import observe
from onboarding.aws.organization import (
    accounts_in,
    organization_accounts,
    roots,
    units_below,
)
from onboarding.checks import Call
from onboarding.partitions import arn
from onboarding.resources.kinds import (
    MANAGED_PATH,
    Attachment,
    InlinePolicy,
    ManagedPolicy,
    Role,
)
from onboarding.resources.policy import Policy
from script.emulated_organization import trusting
from tests.moto.accounts import Accounts
from tests.moto.conftest import as_bowline

MANY = 101
"""A page has 100."""
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*"}],
}


@pytest.fixture
def accounts(moto_without_policies: str) -> Iterator[Accounts]:
    with as_bowline(Accounts(moto_without_policies)) as made:
        yield made


def names(kind: str) -> list[str]:
    return [f"Bowline-{kind}-{number:03}" for number in range(MANY)]


def test_more_policies_than_a_page_attached_to_one_role_are_all_found(
    accounts: Accounts,
) -> None:
    iam, account = accounts.iam, accounts.managed_id
    trust = trusting({"AWS": arn("aws", "iam", account, "root")})
    iam.create_role(RoleName="crowded", AssumeRolePolicyDocument=trust)
    text = json.dumps(DOCUMENT)
    for name in names("policy"):
        made = iam.create_policy(
            PolicyName=name, Path=MANAGED_PATH, PolicyDocument=text
        )
        iam.attach_role_policy(RoleName="crowded", PolicyArn=made["Policy"]["Arn"])
    for name in names("inline"):
        iam.put_role_policy(RoleName="crowded", PolicyName=name, PolicyDocument=text)
    wanted = (
        Role(account=account, name="crowded", trust=Policy.of(json.loads(trust))),
        ManagedPolicy(
            account=account,
            name="one",
            path=MANAGED_PATH,
            document=Policy.of(DOCUMENT),
        ),
        Attachment(
            account=account,
            holder="crowded",
            policy_arn=arn("aws", "iam", account, f"policy{MANAGED_PATH}one"),
        ),
    )

    found = observe(accounts.sessions, accounts.reach, wanted)

    assert named(found, ManagedPolicy, "name") == names("policy")
    attached = named(found, Attachment, "policy_arn")
    assert [one.rpartition("/")[2] for one in attached] == names("policy")
    assert named(found, InlinePolicy, "policy") == names("inline")


def named(found: tuple[Any, ...], kind: type, field: str) -> list[str]:
    return sorted(getattr(one, field) for one in found if isinstance(one, kind))


def test_more_clusters_than_a_page_are_all_found(accounts: Accounts) -> None:
    eks = accounts.client(accounts.managed_id, "eks")
    for name in names("cluster"):
        eks.create_cluster(
            name=name,
            roleArn=arn("aws", "iam", accounts.managed_id, "role/cluster"),
            resourcesVpcConfig={"subnetIds": ["subnet-1"]},
        )
    call = Call("eks", "list_clusters", accounts.region)

    found = answers(accounts.sessions, accounts.reach, [call])

    assert sorted(found[call]["clusters"]) == names("cluster")


def test_an_organization_of_46_members_is_listed_whole(accounts: Accounts) -> None:
    organizations = accounts.client(accounts.managing_id, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    made = [f"Team {number:02}" for number in range(46)]
    for name in made:
        email = f"{name.replace(' ', '-')}@example.com"
        organizations.create_account(AccountName=name, Email=email)

    found = organization_accounts(accounts.sessions, accounts.own)

    assert sorted(one.name for one in found.accounts if one.name in made) == made
    assert len(found.accounts) == 47
    assert all(one.active for one in found.accounts)


def test_a_unit_of_46_accounts_is_read_page_by_page(accounts: Accounts) -> None:
    organizations = accounts.client(accounts.managing_id, "organizations")
    organizations.create_organization(FeatureSet="ALL")
    client = AccountClient.of(accounts.sessions, accounts.own)
    (root,) = roots(client, "").found
    below = organizations.create_organizational_unit(
        ParentId=root.unit_id, Name="Teams"
    )
    unit = below["OrganizationalUnit"]["Id"]
    made = []
    for number in range(46):
        asked = organizations.create_account(
            AccountName=f"Team {number:02}", Email=f"team-{number}@example.com"
        )
        made.append(asked["CreateAccountStatus"]["AccountId"])
        organizations.move_account(
            AccountId=made[-1], SourceParentId=root.unit_id, DestinationParentId=unit
        )

    pages = [accounts_in(client, unit, "")]
    while pages[-1].token:
        pages.append(accounts_in(client, unit, pages[-1].token))

    found = [one.account_id for page in pages for one in page.found]
    assert sorted(found) == sorted(made)
    assert [one.unit_id for one in units_below(client, root.unit_id, "").found] == [
        unit
    ]
    assert all(one.joined_at for page in pages for one in page.found)
