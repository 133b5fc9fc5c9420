"""The demo organization's three faults each end in the right sentence."""

from __future__ import annotations

import pytest

from onboarding.aws.apply import apply
from onboarding.aws.discover import try_access
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import observe
from onboarding.aws.session import Sessions
from onboarding.desired.managed import managed_side
from onboarding.resources.kinds import InlinePolicy
from onboarding.resources.plan import Create, NotOurs, diff
from onboarding.resources.policy import Policy
from onboarding.topology import Managed, Managing, Reach
from onboarding.verify.verification import Outcome, verify
from script.emulated_organization import (
    ACCESS_ROLE,
    BOWLINE,
    HANDMADE,
    LIMITED,
    MANAGING,
    UNTRUSTING,
    Account,
)
from tests.onboarding.aws.field import Probe

pytestmark = pytest.mark.usefixtures("aws")

BOWLINE_ARN = MANAGING.arn(f"user/{BOWLINE}")


def reach(account: Account) -> Reach:
    return Reach(account.account_id, ACCESS_ROLE)


def test_a_member_that_does_not_trust_the_managing_account() -> None:
    report = try_access(Sessions("test"), reach(UNTRUSTING))

    assert not report.works
    role = f"arn:aws:iam::{UNTRUSTING.account_id}:role/{ACCESS_ROLE}"
    assert f"Bowline ({BOWLINE_ARN}) could not assume {role}" in report.sentence
    assert f"must allow sts:AssumeRole to {BOWLINE_ARN}" in report.hint


MANAGING_SIDE = Managing("core", MANAGING.account_id)
BY_HAND = Managed(
    HANDMADE.name,
    HANDMADE.account_id,
    ("us-east-1",),
    (Probe(),),
    access_role=ACCESS_ROLE,
)


def test_a_member_with_a_managed_role_made_by_hand() -> None:
    wanted = tuple(managed_side(MANAGING_SIDE, BY_HAND))
    observed = observe(Sessions("test"), reach(HANDMADE), wanted)

    with pytest.raises(NotOurs) as caught:
        diff(wanted, observed)

    assert str(caught.value) == (
        f"The role spinnakerManaged in account {HANDMADE.account_id} already exists "
        "and wasn't created by Bowline."
    )


def test_a_wrong_trust_is_found_where_the_role_made_by_hand_is_used() -> None:
    results = verify(
        Sessions("test"),
        MANAGING_SIDE,
        BY_HAND,
        reach(HANDMADE),
        identity_reach=Reach(MANAGING.account_id),
        backoff_seconds=0,
    )

    result = next(r for r in results if r.name == "Assume the managed role")

    assert result.outcome is Outcome.FAILED
    assert result.sentence == (
        "The trust policy of role spinnakerManaged in account "
        f"{HANDMADE.account_id} doesn't allow {MANAGING_SIDE.identity_arn}: it "
        "names 123456789012."
    )


def test_a_member_whose_access_role_lacks_a_right() -> None:
    inline = InlinePolicy(
        account=LIMITED.account_id,
        role="spinnakerManaged",
        policy="BowlinePassRole",
        document=Policy.allowing({"Action": "iam:PassRole", "Resource": "*"}),
    )

    with pytest.raises(AwsError) as caught:
        apply(Sessions("test"), reach(LIMITED), Create(inline))

    assert caught.value.operation == "iam:PutRolePolicy"
    assert f"in account {LIMITED.account_id}" in caught.value.message
    assert caught.value.hint == (
        f"Allow iam:PutRolePolicy to the role {ACCESS_ROLE} in account "
        f"{LIMITED.account_id}, then try again."
    )
