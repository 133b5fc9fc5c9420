"""KMS keys: do their policies let another account make its grants; may Auto
Scaling launch with EBS's own?
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from onboarding.aws.client import AccountClient, together
from onboarding.aws.errors import NO_KEY, UNKNOWN_CALL, AwsError
from onboarding.aws.session import Sessions
from onboarding.checks import Outcome
from onboarding.desired.image_keys import (
    GRANTING,
    LAUNCHING,
    key_policy_hint,
    launches,
    launches_with,
    scaling_role,
)
from onboarding.partitions import Arn, arn
from onboarding.resources.kinds import KeyGrant
from onboarding.resources.policy import as_list
from onboarding.topology import Managed, Managing
from onboarding.verify.policy_evaluation import Document, RequestContext, find_statement
from onboarding.verify.result import Located, Result, command


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
    return allowed_by(theirs, RequestContext(action, grant.key_arn, context))


def allowed_by(statements: list[dict[str, Any]], asked: RequestContext) -> bool:
    """Return whether these of a key's policy allow it, or whether only AWS can tell."""
    documents = [Document("key policy", {"Statement": statements})]
    denied = find_statement(documents, "Deny", asked)
    if denied and denied.certain:
        return False
    return find_statement(documents, "Allow", asked) is not None


def principals_of(statement: Mapping[str, Any], part: str) -> list[Any]:
    """Return those of AWS that one of its parts names."""
    principal = statement[part]
    return as_list(principal.get("AWS", []) if isinstance(principal, dict) else "*")


def names_account(statement: Mapping[str, Any], grant: KeyGrant) -> bool:
    """Return whether it names the account; an Allow may name one of its roles."""
    allows: bool = statement["Effect"] == "Allow"
    if "Principal" not in statement:
        return allows
    named = principals_of(statement, "Principal")
    theirs = arn(Arn.of(grant.key_arn).partition, "iam", grant.account, "")
    if any(name in ("*", grant.account, f"{theirs}root") for name in named):
        return True
    return allows and any(str(name).startswith(theirs) for name in named)


EC2 = "ec2"
AWS_OWN = "alias/aws/ebs"
NEEDED = frozenset(LAUNCHING) - {"Encrypt", "GenerateDataKey"}
"""What of it a launch takes; grants of people have more, or the same."""
NAME = "Auto Scaling can use the key of EBS in {}"
OWNER_LOOKS = (
    "Nothing, unless EBS encrypts by default with a key of the account: then its "
    "owner makes sure that the key's policy, or a grant, names Auto Scaling's role."
)
DIES = (
    "Instances that Spinnaker launches end at once there, with “Client.InternalError”."
)


def default_keys(
    access: AccountClient, managing: Managing, managed: Managed
) -> list[Result]:
    """Find the Regions whose default key Auto Scaling may not use. Nothing is said of
    AWS's own key, which everybody may use.
    """
    if not launches(managing, managed):
        return []
    role = scaling_role(managing, managed)
    regions = [
        Region(access, region, role, managing.aws.dns_suffix, managed.is_handed_off)
        for region in managed.regions_of_all
    ]
    return list(chain.from_iterable(together(one.results for one in regions)))


@dataclass(frozen=True, slots=True)
class Region:
    access: AccountClient
    region: str
    role: str
    """The ARN of AWS's own role for Auto Scaling in the account."""
    suffix: str
    is_owners: bool
    """Whether Bowline reads as a role whose policies the account's owner deploys."""

    def results(self) -> list[Result]:
        return list(self.found())

    def found(self) -> Iterator[Result]:
        try:
            key = self.default_key()
        except AwsError as error:
            if error.code not in UNKNOWN_CALL:
                yield self.unread(error)
            return
        if not key:
            return
        try:
            allowed = self.by_policy(key) or self.by_grant(key)
        except AwsError as error:
            yield self.unread(error)
            return
        named = f"EBS in {self.region} encrypts every volume with {key}"
        if allowed:
            sentence = f"{named}, and its policy or a grant names {self.role}."
            yield self.result(Outcome.EVALUATED, sentence)
        else:
            yield self.shut_out(key, named)

    def default_key(self) -> str:
        """Return the key that encrypts every volume; empty: none, or AWS's own."""
        ec2 = self.access.service_client("ec2", self.region)
        doing = f"read the default encryption of EBS in {self.region}"
        key: str = self.access.call(ec2.get_ebs_default_kms_key_id, doing)["KmsKeyId"]
        if key.endswith(AWS_OWN):
            return ""
        # Only accounts that chose a key are asked whether they use it.
        answer = self.access.call(ec2.get_ebs_encryption_by_default, doing)
        return key if answer["EbsEncryptionByDefault"] else ""

    def by_policy(self, key: str) -> bool:
        """Return whether the key's policy lets the role use it, or may."""
        kms, doing = self.access.kms(self.region), f"read the policy of the key {key}"
        try:
            answer = self.access.call(
                kms.get_key_policy, doing, KeyId=key, PolicyName="default"
            )
        except AwsError as error:
            # KMS shows the policy of another account's key to nobody else.
            if error.denied and Arn.of(key).account != self.access.account_id:
                return False
            raise
        policy = json.loads(answer["Policy"])
        return all(self.allows(policy, f"kms:{one}", key) for one in sorted(NEEDED))

    def allows(self, policy: Mapping[str, Any], action: str, key: str) -> bool:
        account = self.access.account_id
        statements = as_list(policy["Statement"])
        theirs = [one for one in statements if names_role(one, self.role)]
        context = {
            "aws:principalaccount": account,
            "aws:principalarn": self.role,
            "kms:calleraccount": account,
            "kms:grantisforawsresource": "true",
            "kms:viaservice": f"ec2.{self.region}.{self.suffix}",
        }
        return allowed_by(theirs, RequestContext(action, key, context))

    def by_grant(self, key: str) -> bool:
        kms, doing = self.access.kms(self.region), f"list the grants on the key {key}"
        answer = self.access.call_all(kms.list_grants, doing, KeyId=key)
        return any(
            grant.get("GranteePrincipal") == self.role
            and set(grant["Operations"]) >= NEEDED
            for grant in answer["Grants"]
        )

    def result(self, outcome: Outcome, sentence: str, fix: str = "") -> Result:
        return Result(EC2, NAME.format(self.region), outcome, sentence, fix)

    def unread(self, error: AwsError) -> Result:
        missing = error.code == NO_KEY
        fix = "Choose another default key for EBS." if missing else error.hint
        if self.is_owners and error.denied:
            fix = OWNER_LOOKS
        return self.result(Outcome.NOT_TESTABLE, error.message, fix)

    def shut_out(self, key: str, named: str) -> Result:
        words = ("kms", "create-grant", "--region", self.region, "--key-id", key)
        grant = ("--grantee-principal", self.role, "--operations", *LAUNCHING)
        account = self.access.account_id
        return Result(
            EC2,
            NAME.format(self.region),
            Outcome.CANNOT_DEPLOY,
            f"{named}, and neither its policy nor a grant names {self.role}. {DIES}",
            f"Run the command as account {account}, then verify again. The key's own "
            f"policy must allow kms:CreateGrant to account {account}.",
            located=Located.ABSENT,
            change=command(*words, *grant),
            undeployable=self.region,
        )


def names_role(statement: Mapping[str, Any], role: str) -> bool:
    """Return whether a statement of a key's policy is about the role. That it names the
    role's account is not enough to allow: AWS's own role has no policy for keys.
    """
    part = "Principal" if "Principal" in statement else "NotPrincipal"
    named = principals_of(statement, part)
    account = Arn.of(role).account
    root = role.partition(":role/")[0] + ":root"
    wide = {account, root} if statement["Effect"] == "Deny" else set()
    about = any(name in {"*", role, *wide} for name in named)
    return about if part == "Principal" else not about
