"""What the documents promise is true."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from accounts.models.states import Status
from accounts.runs.actions import approve, plan, plan_managing
from accounts.runs.stages import carry_on
from script.emulated_organization import ACCESS_ROLE, MANAGING, MEMBERS, Credentials
from tests.accounts.runs.carried import root
from tests.accounts.runs.key_policies import let
from tests.rows import account_row, managing_row
from tests.strict_aws.conditions import GranteePrincipals, ResourceOrganizations
from tests.strict_aws.keys import KeysOfOthers
from tests.strict_aws.proxy import strict_aws

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
KNOWN_AS_STAR = {"OwnPolicies", "OwnProfiles", "ServiceLinkedRoles"}
"""Statements whose resources AWS knows by ARN and the emulator only as `*`."""


def documented_policy() -> Any:
    text = (DOCS / "install" / "aws-identity.md").read_text()
    policy, of_keys, *_ = (
        json.loads(block.replace("MANAGING", MANAGING.account_id))
        for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    )
    policy["Statement"] += of_keys
    for statement in policy["Statement"]:
        if statement["Sid"] in KNOWN_AS_STAR:
            statement["Resource"] = "*"
        if statement["Sid"] == "OwnRoles":
            # The emulator forgets the path of a role that is being made.
            statement["Resource"].append(MANAGING.arn("role/ecsTaskExecutionRole"))
    return policy


def only_documented_rights(here: Credentials) -> None:
    """Give Bowline what the document says, through an AWS that knows its conditions."""
    iam = root(here, MANAGING, "iam")
    (seeded,) = iam.list_attached_user_policies(UserName="bowline")["AttachedPolicies"]
    iam.detach_user_policy(UserName="bowline", PolicyArn=seeded["PolicyArn"])
    iam.put_user_policy(
        UserName="bowline",
        PolicyName="documented",
        PolicyDocument=json.dumps(documented_policy()),
    )


@pytest.mark.django_db(transaction=True)
def test_the_documented_rights_of_bowline_are_enough(
    own_aws: Credentials, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.runs.verifying.LONG_BACKOFF", 0.0)
    kms = root(own_aws, MANAGING, "kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    managing_row(
        name=MANAGING.name, account_id=MANAGING.account_id, bakes=True, image_keys=[key]
    )
    let(kms, key, MEMBERS[0])
    providers = {"ec2": {}, "ecs": {}, "lambda": {}}
    own = account_row(
        MANAGING.name,
        account_id=MANAGING.account_id,
        providers=providers,
        uses_external_id=False,
    )
    other = account_row(
        MEMBERS[0].name, account_id=MEMBERS[0].account_id, access_role=ACCESS_ROLE
    )

    endpoint, bowline = own_aws.endpoint, MANAGING.account_id
    ours = dict.fromkeys((MANAGING.account_id, MEMBERS[0].account_id), "o-a1b2c3d4e5")
    conditions = (ResourceOrganizations(ours), GranteePrincipals())
    with strict_aws(endpoint, bowline, *conditions, KeysOfOthers()) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint)
        only_documented_rights(own_aws._replace(endpoint=aws.endpoint))
        for run in (
            plan_managing(None),
            plan(own, None),
            plan(other, None),
        ):
            carry_on(run)
            approve(run, None)
            carry_on(run)

            run.refresh_from_db()
            assert run.status == Status.VERIFIED, run.error
