"""An account's roles and its own policies in a call or two, not in several for each.

AWS answers all that there are, whatever is wanted: 300 roles and policies are a
megabyte. A run that somebody waits for reads so, and of a large account no more pages
than that saves calls; the verifications of a night read what they need by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from onboarding.aws.client import AccountClient, bound, once
from onboarding.aws.errors import UNKNOWN_CALL, AwsError
from onboarding.aws.known import WHOLE
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_iam.type_defs import ManagedPolicyDetailTypeDef, RoleDetailTypeDef

T = TypeVar("T")

DOING = "read all roles and policies"
PAGE = 1000
"""The most roles and policies that AWS answers in a page."""
MOST_PAGES = 2
SINGLY_FOR = 86_400.0
"""Seconds in which an account's roles are read one by one after it was too large, or
AWS refused: a refusal is a line in the account's trail.
"""
SINGLY: dict[Reach, float] = {}
"""Until when that counts."""
NEEDED = {"PolicyId", "DefaultVersionId", "PolicyVersionList"}
"""What each policy is read by."""
ASK = object()
"""What isn't among the details."""


@dataclass(frozen=True, slots=True)
class WholeAccount(AccountClient):
    """Answers from what was read, and asks AWS the rest."""

    roles: Mapping[str, RoleDetailTypeDef]
    """By name."""
    policies: Mapping[str, ManagedPolicyDetailTypeDef]
    """The account's own, by ARN."""

    def asked(
        self,
        method: Callable[..., object],
        doing: str,
        ask: Callable[[], T],
        given: Mapping[str, Any],
    ) -> T:
        found: Any = self.known(bound(method)[1], given)
        if found is ASK:
            return AccountClient.asked(self, method, doing, ask, given)
        answer: T = found
        return answer

    def known(self, operation: str, given: Mapping[str, Any]) -> Any:
        """Answer as AWS does; None: there is no such role."""
        path = given.get("PathPrefix", "")
        role = self.roles.get(given.get("RoleName", ""))
        policy = self.policies.get(given.get("PolicyArn", ""))
        match operation:
            case "list_policies":
                return {"Policies": under(path, self.policies)}
            case "list_roles":
                return {"Roles": under(path, self.roles)}
            case "get_role":
                return {"Role": role} if role else None
            case "list_attached_role_policies" if role:
                return {"AttachedPolicies": role.get("AttachedManagedPolicies", [])}
            case "list_role_policies" if role:
                inside = role.get("RolePolicyList", [])
                return {"PolicyNames": [one["PolicyName"] for one in inside]}
            case "get_role_policy" if role:
                for one in role.get("RolePolicyList", []):
                    if one["PolicyName"] == given["PolicyName"]:
                        return one
            case "get_policy" if policy:
                return {"Policy": policy}
            case "get_policy_version" if policy:
                for version in policy.get("PolicyVersionList", []):
                    if version["VersionId"] == given["VersionId"]:
                        return {"PolicyVersion": version}
        return ASK


def under(path: str, found: Mapping[str, Any]) -> list[Any]:
    return [one for one in found.values() if one["Path"].startswith(path)]


def read_whole(
    sessions: Sessions, client: AccountClient, reach: Reach
) -> AccountClient:
    """Read the account's roles and policies at once, for what comes next; where Bowline
    may not, where there are too many, or where AWS has no time for that, return the
    client as it is: single calls wait.
    """
    if time.monotonic() < SINGLY.get(reach, 0.0):
        return client
    asked: dict[str, Any] = {
        "Filter": ["Role", "LocalManagedPolicy"],
        "MaxItems": PAGE,
    }
    roles: list[RoleDetailTypeDef] = []
    policies: list[ManagedPolicyDetailTypeDef] = []
    details = client.iam.get_account_authorization_details
    quickly = replace(client, patiently=once)
    try:
        for _ in range(MOST_PAGES):
            page = quickly.call(details, DOING, **asked)
            roles += page["RoleDetailList"]
            policies += page["Policies"]
            if not all(one.keys() >= NEEDED for one in policies):
                break  # an emulator, which answers less than AWS does
            if not page.get("IsTruncated"):
                whole = WholeAccount(
                    client.account_id,
                    client.service_client,
                    client.patiently,
                    {one["RoleName"]: one for one in roles},
                    {one["Arn"]: one for one in policies},
                )
                sessions.handed_on.answer(reach.account_id, WHOLE, whole)
                return whole
            asked["Marker"] = page["Marker"]
    except AwsError as error:
        if not (error.denied or error.code in UNKNOWN_CALL):
            return client
    SINGLY[reach] = time.monotonic() + SINGLY_FOR
    return client


def just_read(sessions: Sessions, reach: Reach) -> AccountClient:
    """Return what answers from what was read of the account a moment ago, if it was."""
    known: AccountClient | None = sessions.handed_on.answered(reach.account_id, WHOLE)
    return known or AccountClient.of(sessions, reach)
