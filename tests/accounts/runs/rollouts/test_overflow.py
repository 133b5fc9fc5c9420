"""A rollout of more accounts than one policy lists fills the next one in its plan."""

from __future__ import annotations

import pytest

from accounts.models import Rollout
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.rollouts.census import managing_run
from script.emulated_organization import MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import member, root
from tests.accounts.runs.rollouts.rows import statuses, work
from tests.accounts.runs.rollouts.test_in_aws import approved
from tests.factories import roles_in_a_policy

pytestmark = pytest.mark.django_db(transaction=True)


def listed(here: Credentials) -> dict[str, int]:
    """Count the roles in each policy of the list, as AWS has them."""
    iam = root(here, MANAGING, "iam")
    counts = {}
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        if policy["PolicyName"].startswith("BowlineAssumeManaged"):
            version = iam.get_policy_version(
                PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"]
            )["PolicyVersion"]["Document"]
            roles = version["Statement"][0]["Resource"]
            counts[policy["PolicyName"]] = len(roles) if isinstance(roles, list) else 1
    return counts


def test_three_accounts_need_two_policies_of_two(
    here: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    roles_in_a_policy(monkeypatch, 2)
    accounts = [member(account) for account in MEMBERS[:3]]

    rollout = rollouts.start(accounts, Rollout.Kind.ONBOARD, None)
    work(rollout)
    steps = managing_run(rollout).steps.filter(kind="policy")
    planned = {*steps.values_list("name", flat=True)}
    approved(rollout)
    work(rollout)

    assert {"BowlineAssumeManaged", "BowlineAssumeManaged-2"} <= planned
    assert statuses(rollout) == {Status.VERIFIED: 3}
    assert listed(here) == {"BowlineAssumeManaged": 2, "BowlineAssumeManaged-2": 1}
