"""Policies of KMS keys: do they let another account make its grants?

Looked up before anybody approves a plan, as the account that owns the key: KMS shows a
key's policy to no other. Where Bowline may not read it, only AWS can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.desired.image_keys import (
    GRANTING,
    key_policy_hint,
    launches_with,
)
from onboarding.partitions import Arn, arn
from onboarding.resources.kinds import KeyGrant
from onboarding.resources.policy import as_list
from onboarding.topology import Managing
from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    find_statement,
)


def refuse_key_policies(
    sessions: Sessions, managing: Managing, grants: Iterable[KeyGrant]
) -> None:
    """Raise AwsError for the first grant that the policy of its key rules out."""
    owner = AccountClient.of(sessions, managing.reach)
    for grant in grants:
        if not grant.crosses_accounts:
            continue
        policy = policy_of(owner, grant)
        if policy is None:
            continue
        missing = [action for action in GRANTING if not may(policy, grant, action)]
        if missing:
            raise AwsError(
                owner.account_id,
                "kms:GetKeyPolicy",
                f"The policy of the key {grant.key_arn} doesn't allow "
                f"{', '.join(missing)} to {launches_with(grant)}.",
                key_policy_hint(grant),
            )


def policy_of(owner: AccountClient, grant: KeyGrant) -> Mapping[str, Any] | None:
    """Read the policy of the key; None where Bowline may not, or without the key."""
    try:
        answer = owner.find(
            owner.kms(grant.region).get_key_policy,
            f"read the policy of the key {grant.key_arn}",
            KeyId=grant.key_arn,
            PolicyName="default",
        )
    except AwsError as error:
        if error.unread:
            return None
        raise
    if answer is None:
        return None
    policy: Mapping[str, Any] = json.loads(answer["Policy"])
    return policy


def may(policy: Mapping[str, Any], grant: KeyGrant, action: str) -> bool:
    """Return whether the account may do it, or whether only AWS can tell."""
    theirs = [
        statement
        for statement in as_list(policy["Statement"])
        if names_account(statement, grant)
    ]
    context = {
        "kms:granteeprincipal": grant.grantee,
        "kms:calleraccount": grant.account,
        "aws:principalaccount": grant.account,
    }
    asked = RequestContext(action, grant.key_arn, context)
    documents = [Document("key policy", {"Statement": theirs})]
    denied = find_statement(documents, "Deny", asked)
    if denied and denied.certain:
        return False
    return find_statement(documents, "Allow", asked) is not None


def names_account(statement: Mapping[str, Any], grant: KeyGrant) -> bool:
    """Return whether it names the account; an Allow may name one of its roles."""
    allows: bool = statement["Effect"] == "Allow"
    if "Principal" not in statement:
        return allows
    principal = statement["Principal"]
    named = as_list(principal.get("AWS", []) if isinstance(principal, dict) else "*")
    theirs = arn(Arn.of(grant.key_arn).partition, "iam", grant.account, "")
    if any(name in ("*", grant.account, f"{theirs}root") for name in named):
        return True
    return allows and any(str(name).startswith(theirs) for name in named)
