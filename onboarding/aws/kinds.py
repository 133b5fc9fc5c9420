"""Kinds of things in AWS whose calls need more than one step: how each is read,
made and deleted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient, parsed
from onboarding.aws.errors import NO_KEY, AwsError, translating
from onboarding.aws.known import Version
from onboarding.aws.session import Sessions
from onboarding.desired.image_keys import key_policy_hint
from onboarding.resources.kinds import (
    OWNER,
    OWNER_TAG,
    ClusterAccess,
    KeyGrant,
    OwnerTag,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy

if TYPE_CHECKING:
    from mypy_boto3_eks.type_defs import (
        AccessScopeTypeDef,
        DescribeAccessEntryRequestTypeDef,
    )
    from mypy_boto3_iam.type_defs import (
        PolicyTypeDef,
        PolicyVersionTypeDef,
        RoleTypeDef,
        TagTypeDef,
    )
    from mypy_boto3_kms.type_defs import GrantListEntryTypeDef


def entry(access: ClusterAccess) -> DescribeAccessEntryRequestTypeDef:
    return {"clusterName": access.cluster, "principalArn": access.principal}


def scope(access: ClusterAccess) -> AccessScopeTypeDef:
    if not access.namespaces:
        return {"type": "cluster"}
    return {"type": "namespace", "namespaces": list(access.namespaces)}


def key_grant(client: AccountClient, wanted: KeyGrant) -> list[Resource]:
    """Read the grants of Bowline's name: two where a change was interrupted."""
    grants = grants_of(client, wanted, f"read {wanted.kind} {wanted.name}")
    found: list[Resource] = [
        replace(wanted, operations=tuple(sorted(grant["Operations"])))
        for grant in grants
    ]
    # The one that is not wanted comes last, and counts, so that it is revoked.
    return sorted(found, key=lambda grant: grant != wanted)


def grants_of(
    client: AccountClient, wanted: KeyGrant, doing: str
) -> list[GrantListEntryTypeDef]:
    """List a grantee's grants that carry Bowline's mark; none without the key.

    All are asked for: KMS may refuse to search for a grantee that does not exist yet.
    """
    try:
        with naming_the_key_policy(wanted):
            answer = client.call_all(
                client.kms(wanted.region).list_grants, doing, KeyId=wanted.key_arn
            )
    except AwsError as error:
        if error.code == NO_KEY:
            return []
        raise
    return [
        grant
        for grant in answer["Grants"]
        if grant.get("Name") == wanted.mark
        and grant.get("GranteePrincipal") == wanted.grantee
    ]


@contextmanager
def naming_the_key_policy(grant: KeyGrant) -> Iterator[None]:
    """Where AWS denies it, add what the owner of the key must allow."""
    try:
        yield
    except AwsError as error:
        if not error.denied or error.by_organization or not grant.crosses_accounts:
            raise
        hint = f"{error.hint} The key policy must also allow it. "
        raise error.hinting(hint + key_policy_hint(grant)) from error


TAKEN = ("EntityAlreadyExists", "ResourceInUseException")
SERVICE_LINKED = "/aws-service-role/"
TAKEN_NAME = re.compile(r"ole(?: with)? name (\S+) (?:has been taken|already exists)")
"""How IAM names the role that exists."""


def linked_role(account_id: str, found: RoleTypeDef) -> ServiceLinkedRole:
    """Return what AWS answers. It is AWS's, so never owned and never deleted."""
    service = found["Path"].removeprefix(SERVICE_LINKED).rstrip("/")
    return ServiceLinkedRole(account=account_id, name=service, owned=False)


def is_taken(error: AwsError) -> bool:
    """Return whether AWS says that it already exists: a service-linked role or else."""
    role = error.code == "InvalidInput" and "has been taken" in error.message
    return role or error.code in TAKEN


def settle_service_linked(
    client: AccountClient, linked: ServiceLinkedRole, error: AwsError
) -> None:
    """Be content with the service's own role; raise where another has its name."""
    named = TAKEN_NAME.search(error.message)
    found = named and client.find(
        client.iam.get_role, f"read role {named[1]}", RoleName=named[1]
    )
    if not named or not found:
        raise error.passing(
            f"AWS reports that the service-linked role of {linked.name} exists, but "
            "doesn't show it yet. Plan again in a few minutes."
        )
    path = found["Role"]["Path"]
    if path != f"{SERVICE_LINKED}{linked.name}/":
        raise AwsError(
            client.account_id,
            error.operation,
            f"AWS can't create its own role for {linked.name} in account "
            f"{client.account_id}: the role {named[1]} exists at the path {path}, "
            "which isn't that service's.",
            "AWS's own role needs that name. Have the owner of the role give what uses "
            "it a role of another name, and free this one. Then plan again.",
        )


def tagging(
    client: AccountClient, verb: str, tag: OwnerTag
) -> tuple[Callable[..., object], dict[str, str]]:
    """Return what tags or untags what carries it, and what the call names it by."""
    operation = f"{verb}_{tag.of.replace(' ', '_')}"
    named = {f"{tag.of.title().replace(' ', '')}Name": tag.holder}
    return client.operation("iam", operation), named


def document_of(
    client: AccountClient, sessions: Sessions, found: PolicyTypeDef
) -> Policy | None:
    """Read it unless that version was read before; None: it is gone."""
    version = Version(found["PolicyId"], found["DefaultVersionId"])
    documents, arn = sessions.documents, found["Arn"]
    if known := documents.get(version, arn):
        return documents.keep(version, known, arn)
    answer = client.find(
        client.iam.get_policy_version,
        f"read policy {found['PolicyName']}",
        PolicyArn=arn,
        VersionId=version.number,
    )
    if answer is None:
        return None
    document = Policy.of(parsed(answer["PolicyVersion"]["Document"]))
    return documents.keep(version, document, arn)


VERSIONS = 5
"""The most versions that AWS keeps of a managed policy."""


FULL = "LimitExceeded"


class WrittenMeanwhile(AwsError):
    """Somebody else wrote a policy between our look at it and our own version."""


def no_one_else() -> None:
    """Let every write pass: nobody else writes to these accounts."""


def number_of(version: PolicyVersionTypeDef) -> int:
    return int(version["VersionId"].lstrip("v"))


@dataclass(frozen=True, slots=True)
class PolicyVersions:
    client: AccountClient
    arn: str
    doing: str
    before_write: Callable[[], None]
    """Called right before every single write; it stops it by raising."""

    def put_in_force(self, document: Policy, *, before: Policy) -> None:
        """Write a new version. Where somebody else wrote one since `before` was read,
        put theirs in force again and raise WrittenMeanwhile.
        """
        newest = max(self.prune(keep=VERSIONS - 1), default=0)
        ours = self.write(document)
        if ours == newest + 1:
            return
        later = [number for number in self.numbers() if number > newest]
        between = [number for number in later if number < ours]
        theirs = self.document(between[-1]) if between else before
        if theirs in (before, document):
            return  # what was read already, or an attempt whose answer was lost
        if later[-1] == ours:
            undoing = replace(self, before_write=no_one_else)
            undoing.prune(keep=VERSIONS - 1)
            undoing.write(theirs)
        account = self.client.account_id
        raise WrittenMeanwhile(
            account,
            "iam:CreatePolicyVersion",
            f"Bowline could not {self.doing} in account {account}: someone else "
            "created another version at the same time. Theirs is in effect.",
            "Plan again, and read what is left to change.",
        )

    def prune(self, *, keep: int) -> tuple[int, ...]:
        """Delete the oldest versions, but never the one in force; number all that
        there were.
        """
        versions = self.numbers()
        spare = [number for number, in_force in versions.items() if not in_force]
        for number in spare[: max(0, len(versions) - keep)]:
            self.before_write()
            self.client.find(
                self.client.iam.delete_policy_version,
                self.doing,
                PolicyArn=self.arn,
                VersionId=f"v{number}",
            )
        return tuple(versions)

    def write(self, document: Policy) -> int:
        """Put a document in force, and return the number that AWS gave it."""
        self.before_write()
        try:
            answer = self.client.call(
                self.client.iam.create_policy_version,
                self.doing,
                PolicyArn=self.arn,
                PolicyDocument=document.text,
                SetAsDefault=True,
            )
        except AwsError as error:
            if error.code == FULL:  # of versions that AWS did not list
                raise error.passing() from error
            raise
        return number_of(answer["PolicyVersion"])

    def document(self, number: int) -> Policy:
        answer = self.client.call(
            self.client.iam.get_policy_version,
            self.doing,
            PolicyArn=self.arn,
            VersionId=f"v{number}",
        )
        return Policy.of(parsed(answer["PolicyVersion"]["Document"]))

    def numbers(self) -> dict[int, bool]:
        """Number the versions, the oldest first, and tell which one is in force."""
        answer = self.client.find(
            self.client.iam.list_policy_versions, self.doing, PolicyArn=self.arn
        )
        listed = answer["Versions"] if answer else []
        in_force = {number_of(one): one["IsDefaultVersion"] for one in listed}
        return dict(sorted(in_force.items()))


TOOLS = {"terraform": "Terraform", "opentofu": "OpenTofu", "pulumi": "Pulumi"}
"""People and modules tag with these names; the tools keep no list that AWS knows."""


def role_of(account_id: str, found: RoleTypeDef) -> Role:
    owned = is_owned(found.get("Tags", []))
    trust = parsed(found["AssumeRolePolicyDocument"])
    return Role(
        account=account_id,
        name=found["RoleName"],
        trust=Policy.of(trust) if owned else Policy.read(trust),
        path=found["Path"],
        boundary=found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
        owned=owned,
        other_tag=other_tag(found.get("Tags", []), any_case=True),
        tool=tool_of(found.get("Tags", [])),
    )


def tool_of(tags: Iterable[TagTypeDef]) -> str:
    """Name the tool that manages what has these tags; empty: none that is known."""
    for tag in tags:
        if tag["Key"].startswith("aws:"):
            continue
        for word, tool in TOOLS.items():
            if word in f"{tag['Key']} {tag['Value']}".casefold():
                return f"{tool}, as its tag “{tag['Key']}” says"
    return ""


def other_tag(tags: Iterable[TagTypeDef], *, any_case: bool = False) -> str:
    """Return what others wrote into the tag that Bowline uses, as key=value; to IAM, a
    role's keys are the same in any case.
    """
    for tag in tags:
        key = tag["Key"].lower() if any_case else tag["Key"]
        if key == OWNER_TAG and not is_owned([tag]):
            return f"{tag['Key']}={tag['Value']}"
    return ""


def is_owned(tags: Iterable[TagTypeDef]) -> bool:
    return {"Key": OWNER_TAG, "Value": OWNER} in list(tags)


def put_template(
    sessions: Sessions, *, bucket: str, region: str, key: str, text: str
) -> None:
    """Write it with Bowline's own credentials; raise AwsError where S3 refuses it."""
    s3 = sessions.client_with(sessions.own(), "s3", region)
    with translating("", "s3:PutObject", f"put a template into the bucket {bucket}"):
        s3.put_object(
            Bucket=bucket,
            Key=key,
            Body=text.encode(),
            ContentType="application/yaml",
        )
