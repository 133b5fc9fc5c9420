"""What a rollout asks in the managing account does not grow with its accounts."""

from __future__ import annotations

from collections import Counter

import pytest

from accounts.models import ManagedAccount, Rollout
from accounts.models.states import Status
from accounts.runs import rollouts
from onboarding.verify.chain import IDENTITIES
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import member
from tests.accounts.runs.rollouts.rows import statuses, work
from tests.accounts.runs.rollouts.test_in_aws import approved
from tests.strict_aws.proxy import StrictAws, strict_aws

ENTERED, VERIFIED = 2, 1
"""Bowline enters an account to plan it and to apply it; Spinnaker's identity assumes
the account's role once, and is denied it twice.
"""
REFUSED = 2
pytestmark = pytest.mark.django_db(transaction=True)


def managing_calls(aws: StrictAws) -> Counter[str]:
    """Count what was answered by the managing account, and forget it."""
    lines = (line.split(" ", 1) for line in aws.log)
    made = Counter(call for account, call in lines if account == MANAGING.account_id)
    aws.log.clear()
    return made


def test_it_is_constant_but_for_assuming_roles(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(kind: Rollout.Kind, count: int) -> Counter[str]:
        IDENTITIES.clear()
        rollout = rollouts.start(ManagedAccount.objects.all()[:count], kind, None)
        work(rollout)
        approved(rollout)
        work(rollout)
        assert statuses(rollout) == {Status.VERIFIED: count}
        return managing_calls(aws)

    with strict_aws(here.endpoint, MANAGING.account_id) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        for account in MEMBERS[:3]:
            member(account)
        asked(Rollout.Kind.ONBOARD, 3)

        one, three = (asked(Rollout.Kind.ONBOARD, count) for count in (1, 3))
        verified = [asked(Rollout.Kind.VERIFY, count) for count in (1, 3)]

    each = three - one
    assert each == {
        "sts:AssumeRole 200": 2 * (1 + VERIFIED),
        "sts:AssumeRole 403": 2 * REFUSED,
    }
    # Whoever only verifies becomes the identity itself: it may have drifted since.
    assert verified[1] - verified[0] == each + Counter(
        {"sts:AssumeRole 200": 2, "ec2:DescribeAvailabilityZones 200": 2}
    )
