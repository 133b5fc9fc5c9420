"""What AWS would refuse half-way is found before anything is planned."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.aws.preconditions import (
    refuse_changes,
    refuse_organization,
    refuse_outsider,
    refuse_regions,
)
from onboarding.resources.kinds import MANAGED_PATH, Attachment, InlinePolicy, Role
from onboarding.resources.plan import Change, Create, Delete, Update, diff
from onboarding.resources.policy import Policy
from tests.onboarding.aws.field import ACCESS_ROLE, ADMINISTRATOR, Field, trusting
from tests.onboarding.verify.verified import denying

DOCUMENT = Policy.allowing({"Action": "ec2:DescribeVpcs", "Resource": "*"})


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(AwsError) as caught:
        act()
    return str(caught.value)


def changing(field: Field, *changes: Change) -> Callable[[], None]:
    return lambda: refuse_changes(field.sessions(), field.reach, changes)


def role(field: Field, name: str = "R", **fields: str) -> Role:
    trust = Policy.allowing(
        {"Principal": {"AWS": field.bowline}, "Action": "sts:AssumeRole"}
    )
    return Role(account=field.managed_id, name=name, trust=trust, **fields)


def make(field: Field, name: str = "R", **given: str) -> None:
    field.iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trusting(field.bowline), **given
    )


def attach(field: Field, number: int) -> list[str]:
    """Attach so many policies to the role R."""
    arns = []
    for n in range(number):
        made = field.iam.create_policy(PolicyName=f"P{n}", PolicyDocument=DOCUMENT.text)
        arns.append(made["Policy"]["Arn"])
        field.iam.attach_role_policy(RoleName="R", PolicyArn=arns[-1])
    return arns


def attachment(
    field: Field, arn: str = ADMINISTRATOR, *, user: bool = False
) -> Attachment:
    return Attachment(
        account=field.managed_id, holder="R", policy_arn=arn, to_user=user
    )


def without(field: Field, *actions: str) -> None:
    """Take rights from the access role."""
    field.iam.put_role_policy(
        RoleName=ACCESS_ROLE, PolicyName="Less", PolicyDocument=denying(*actions)
    )


def test_an_enabled_region_is_fine(field: Field) -> None:
    refuse_regions(field.sessions(), field.managed())


def test_regions_that_no_account_can_disable_are_not_asked_for(field: Field) -> None:
    sessions = field.sessions()

    refuse_regions(sessions, field.managed(regions=("us-east-1", "eu-west-1")))

    assert sessions.calls == 0


def test_a_region_that_is_not_enabled_is_named(field: Field) -> None:
    managed = field.managed(regions=("us-east-1", "xx-west-9"))

    said = refused(lambda: refuse_regions(field.sessions(), managed))

    assert f"xx-west-9 isn't enabled in account {field.managed_id}" in said
    assert "aws account enable-region --region-name xx-west-9" in said


def test_regions_that_may_not_be_read_are_left_to_aws(field: Field) -> None:
    without(field, "ec2:DescribeRegions")

    refuse_regions(field.sessions(), field.managed(regions=("xx-west-9",)))


def test_another_organization_is_refused(field: Field) -> None:
    managing = field.managing(organization="o-ofanother")

    said = refused(lambda: refuse_organization(field.sessions(), managing))

    assert "not to o-ofanother" in said
    assert "Correct the organization" in said


def test_its_own_organization_is_fine(field: Field) -> None:
    organizations = field.root(field.managing_id, "organizations")
    real = organizations.describe_organization()["Organization"]["Id"]

    refuse_organization(field.sessions(), field.managing(trust_organization=real))
    refuse_organization(field.sessions(), field.managing())


def test_an_account_of_another_organization_is_refused_where_that_is_asked(
    field: Field,
) -> None:
    organizations = field.root(field.managed_id, "organizations")
    real = organizations.describe_organization()["Organization"]["Id"]
    sessions, managed = field.sessions(), field.managed()
    other = field.managing(organization="o-ofanother")

    said = refused(lambda: refuse_outsider(sessions, other, managed))

    assert f"The account {field.managed_id} belongs to the organization {real}" in said
    refuse_outsider(sessions, field.managing(organization=real), managed)
    refuse_outsider(sessions, field.managing(), managed)


def test_an_account_whose_organization_may_not_be_read_is_left_to_aws(
    field: Field,
) -> None:
    without(field, "organizations:DescribeOrganization")
    managing = field.managing(organization="o-ofanother")

    refuse_outsider(field.sessions(), managing, field.managed())


def test_a_role_at_another_path_is_found_when_planning(field: Field) -> None:
    wanted = (role(field, path="/spinnaker/"),)
    make(field, Path="/ops/")
    observed = observe(field.sessions(), field.reach, wanted)
    changes = diff(wanted, observed, adopts=True)
    moved = Update(role(field, path="/ops/"), wanted[0])

    said = refused(changing(field, *(changes or ()), moved))

    assert "exists at the path /ops/, not at /spinnaker/" in said


def test_a_boundary_that_does_not_exist_is_named(field: Field) -> None:
    arn = f"arn:aws:iam::{field.managed_id}:policy/Edge"

    said = refused(changing(field, Create(role(field, boundary=arn))))

    assert f"boundary {arn}, which role R must have, doesn't exist" in said


def test_a_boundary_that_exists_or_may_not_be_read_is_fine(field: Field) -> None:
    made = field.iam.create_policy(PolicyName="Edge", PolicyDocument=DOCUMENT.text)
    arn = made["Policy"]["Arn"]

    changing(field, Create(role(field, boundary=arn)), Create(role(field, "S")))()
    without(field, "iam:GetPolicy")
    changing(field, Create(role(field, boundary=f"{arn}2")))()


def test_what_others_attached_counts(field: Field) -> None:
    make(field)
    arns = attach(field, 10)
    one_more = Create(attachment(field))

    said = refused(changing(field, one_more))

    assert "Role R in account" in said
    assert "has 10 policies attached and would get 1 more; AWS allows 10" in said
    changing(field, one_more, Delete(attachment(field, arns[0])))()
    changing(field, one_more, Create(role(field)))()


def test_a_full_role_is_told_which_of_its_policies_fit_into_one(field: Field) -> None:
    make(field)
    attach(field, 8)
    for letter in "ab":
        actions = [f"ec2:{letter}{n:0100}" for n in range(30)]
        large = Policy.allowing({"Action": actions, "Resource": "*"}).text
        made = field.iam.create_policy(
            PolicyName=f"Large{letter}", PolicyDocument=large
        )
        field.iam.attach_role_policy(RoleName="R", PolicyArn=made["Policy"]["Arn"])

    said = refused(changing(field, Create(attachment(field))))

    assert "These 9 policies fit into one, with " in said
    assert "Largea. Attach a policy with all their statements" in said
    assert "Largeb" not in said
    without(field, "iam:GetPolicy")
    assert "fit into one" not in refused(changing(field, Create(attachment(field))))


def test_bowlines_own_policies_stay_as_they_are(field: Field) -> None:
    make(field)
    attach(field, 8)
    for number in range(2):
        own = {"PolicyName": f"Own{number}", "Path": MANAGED_PATH}
        made = field.iam.create_policy(**own, PolicyDocument=DOCUMENT.text)
        field.iam.attach_role_policy(RoleName="R", PolicyArn=made["Policy"]["Arn"])

    said = refused(changing(field, Create(attachment(field))))

    assert "These 8 policies fit into one, with " in said
    assert "Own" not in said


def test_a_quota_that_may_not_be_read_is_the_one_that_aws_sets(field: Field) -> None:
    make(field)
    attach(field, 10)
    without(field, "iam:GetAccountSummary")

    assert "AWS allows 10" in refused(changing(field, Create(attachment(field))))


def test_users_have_a_quota_too(field: Field) -> None:
    field.iam.create_user(UserName="R")
    for n in range(10):
        made = field.iam.create_policy(PolicyName=f"U{n}", PolicyDocument=DOCUMENT.text)
        field.iam.attach_user_policy(UserName="R", PolicyArn=made["Policy"]["Arn"])

    said = refused(changing(field, Create(attachment(field, user=True))))

    assert "User R" in said


def test_inline_policies_of_others_count(field: Field) -> None:
    make(field)
    actions = [f"ec2:Describe{n:0100}" for n in range(60)]
    large = Policy.allowing({"Action": actions, "Resource": "*"})
    field.iam.put_role_policy(
        RoleName="R", PolicyName="Theirs", PolicyDocument=large.text
    )
    mine = InlinePolicy(
        account=field.managed_id, role="R", policy="BowlinePassRole", document=large
    )
    theirs = InlinePolicy(
        account=field.managed_id, role="R", policy="Theirs", document=large
    )

    said = refused(changing(field, Create(mine)))

    assert "The inline policies of role R" in said
    assert "AWS allows 10,240" in said
    changing(field, Create(mine), Delete(theirs))()
    changing(field, Create(mine), Create(role(field)))()
