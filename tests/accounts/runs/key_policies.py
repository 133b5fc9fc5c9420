"""Let accounts make grants on a key of the emulated managing account."""

from __future__ import annotations

import json
from typing import Any

from accounts.mapping.managing import managing_of
from accounts.models import ManagingAccount
from onboarding.desired.image_keys import key_grants, key_policy_statements
from onboarding.providers import PROVIDERS
from onboarding.topology import Managed
from script.emulated_organization import MANAGING, Account


def let(kms: Any, key: str, *accounts: Account, grantee: str = "") -> None:
    """Give the key AWS's own policy, and what the accounts need, but for their
    grantee, where another one is given.
    """
    root = {"AWS": f"arn:aws:iam::{MANAGING.account_id}:root"}
    whole = {"Effect": "Allow", "Principal": root, "Action": "kms:*", "Resource": "*"}
    needed = [s for account in accounts for s in statements(account)]
    for statement in needed:
        if grantee and "Condition" in statement:
            only = {"kms:GranteePrincipal": grantee}
            statement["Condition"] = {"StringEquals": only}
    policy = {"Version": "2012-10-17", "Statement": [whole, *needed]}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(policy))


def statements(account: Account) -> list[dict[str, Any]]:
    """Give what Bowline says that the policy of the key needs."""
    managing = managing_of(ManagingAccount.objects.get())
    ec2 = PROVIDERS["ec2"].from_details({})
    here = ("us-east-1",)
    managed = Managed(account.name, account.account_id, here, providers=(ec2,))
    (grant,) = key_grants(managing, managed)
    return key_policy_statements(grant)
