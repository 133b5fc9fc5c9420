"""apply(): carry out one change. One case, one call; two where AWS needs two.

Each half is safe to repeat: what is there already or gone already is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from onboarding.aws.backoff import SYSTEM, Backoff, Clock, silent
from onboarding.aws.client import Asker
from onboarding.aws.errors import AwsError
from onboarding.aws.observe import grants_of, observe
from onboarding.aws.session import Sessions
from onboarding.partitions import arn
from onboarding.resources.kinds import (
    OWNER,
    OWNER_TAG,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    KeyGrant,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Change, Create, Delete, Update
from onboarding.topology import Reach

APPLY_BACKOFF = 60.0
"""Seconds until a new role is known everywhere, by AWS's own word mostly sooner."""
VERSIONS = 5
"""AWS keeps at most so many versions of a managed policy."""
TAGS = [{"Key": OWNER_TAG, "Value": OWNER}]
TAKEN = ("EntityAlreadyExists", "ResourceInUseException")


def apply(
    sessions: Sessions,
    reach: Reach,
    change: Change,
    *,
    waiting: Callable[[str], None] = silent,
    backoff_seconds: float = APPLY_BACKOFF,
    clock: Clock = SYSTEM,
) -> None:
    """Carry out one change; raise AwsError where AWS refuses it for good.

    `waiting` hears a sentence before each repetition, and an empty one afterwards.
    """
    writer = Writer(
        Asker.entering(sessions, reach),
        sessions.partition.name,
        f"{change.verb} {change.resource.kind} {change.resource.name}",
    )

    def act() -> None:
        try:
            writer.carry_out(change)
        except AwsError as error:
            if not isinstance(change, Create) or not taken(error):
                raise
            settle(sessions, reach, writer, change.after, error)

    Backoff(backoff_seconds, waiting, clock).until_done(
        act, f"it is not ready to {writer.doing}", again=lambda error: error.retryable
    )


def taken(error: AwsError) -> bool:
    """Tell whether AWS says that it stands already, service-linked roles included."""
    linked = error.code == "InvalidInput" and "has been taken" in error.message
    return error.code in TAKEN or linked


def settle(
    sessions: Sessions, reach: Reach, writer: Writer, after: Resource, error: AwsError
) -> None:
    """Make what stands already what is wanted, or raise if it is somebody else's.

    It stands because AWS's answer to an earlier attempt was lost, or because somebody
    was quicker.
    """
    if isinstance(after, ServiceLinkedRole):
        return
    observed = {r.key: r for r in observe(sessions, reach, (after,))}
    found = observed.get(after.key)
    if found == after:
        return
    if found is None or not found.owned:
        raise error
    writer.carry_out(Update(found, after))


def holder_of(verb: str, attachment: Attachment) -> dict[str, Any]:
    """Name the call, and its parameters, for a policy on a role or a user."""
    kind = "user" if attachment.to_user else "role"
    return {
        "operation": f"{verb}_{kind}_policy",
        f"{kind.title()}Name": attachment.holder,
        "PolicyArn": attachment.policy_arn,
    }


def entry(access: ClusterAccess) -> dict[str, Any]:
    return {
        "region": access.region,
        "clusterName": access.cluster,
        "principalArn": access.principal,
    }


def scope(access: ClusterAccess) -> dict[str, Any]:
    if not access.namespaces:
        return {"type": "cluster"}
    return {"type": "namespace", "namespaces": list(access.namespaces)}


@dataclass(frozen=True, slots=True)
class Writer:
    asker: Asker
    partition: str
    doing: str

    def iam(self, operation: str, **parameters: Any) -> Any:
        return self.asker.ask("iam", operation, self.doing, **parameters)

    def drop(self, operation: str, **parameters: Any) -> Any | None:
        """Remove something; missing already is done."""
        return self.asker.find("iam", operation, self.doing, **parameters)

    def arn(self, resource: str) -> str:
        return arn(self.partition, "iam", self.asker.account_id, resource)

    def policy_arn(self, policy: ManagedPolicy) -> str:
        return self.arn(f"policy{policy.path}{policy.name}")

    def carry_out(self, change: Change) -> None:
        match change:
            case Create(after=Role() as role):
                self.create_role(role)
            case Update(before=Role() as before, after=Role() as role):
                self.update_role(before, role)
            case Delete(before=Role() as role):
                self.drop("delete_role", RoleName=role.name)

            case Create(after=ManagedPolicy() as policy):
                self.iam(
                    "create_policy",
                    PolicyName=policy.name,
                    Path=policy.path,
                    PolicyDocument=policy.document.text,
                    Description=policy.description,
                    Tags=TAGS,
                )
            case Update(after=ManagedPolicy() as policy):
                self.prune_versions(policy, keep=VERSIONS - 1)
                self.iam(
                    "create_policy_version",
                    PolicyArn=self.policy_arn(policy),
                    PolicyDocument=policy.document.text,
                    SetAsDefault=True,
                )
            case Delete(before=ManagedPolicy() as policy):
                self.prune_versions(policy, keep=1)
                self.drop("delete_policy", PolicyArn=self.policy_arn(policy))

            case (
                Create(after=InlinePolicy() as inline)
                | Update(after=InlinePolicy() as inline)
            ):
                self.iam(
                    "put_role_policy",
                    RoleName=inline.role,
                    PolicyName=inline.policy,
                    PolicyDocument=inline.document.text,
                )
            case Delete(before=InlinePolicy() as inline):
                self.drop(
                    "delete_role_policy",
                    RoleName=inline.role,
                    PolicyName=inline.policy,
                )

            case Create(after=Attachment() as attachment):
                self.attach(attachment)
            case Update(
                before=Attachment() as was_attached, after=Attachment() as after
            ):
                self.detach(was_attached)
                self.attach(after)
            case Delete(before=Attachment() as attachment):
                self.detach(attachment)

            case Create(after=InstanceProfile() as profile):
                self.iam(
                    "create_instance_profile",
                    InstanceProfileName=profile.name,
                    Tags=TAGS,
                )
                self.put_into(profile)
            case Update(
                before=InstanceProfile() as old, after=InstanceProfile() as profile
            ):
                self.take_out(old)
                self.put_into(profile)
            case Delete(before=InstanceProfile() as profile):
                self.take_out(profile)
                self.drop("delete_instance_profile", InstanceProfileName=profile.name)

            case Create(after=ServiceLinkedRole() as linked):
                self.iam("create_service_linked_role", AWSServiceName=linked.name)

            case Create(after=OidcProvider() as oidc):
                self.iam(
                    "create_open_id_connect_provider",
                    Url=f"https://{oidc.name}",
                    ClientIDList=[oidc.audience],
                    Tags=TAGS,
                )
            case Update(after=OidcProvider() as oidc):
                self.iam(
                    "add_client_id_to_open_id_connect_provider",
                    OpenIDConnectProviderArn=self.arn(f"oidc-provider/{oidc.name}"),
                    ClientID=oidc.audience,
                )
            case Delete(before=OidcProvider() as oidc):
                self.drop(
                    "delete_open_id_connect_provider",
                    OpenIDConnectProviderArn=self.arn(f"oidc-provider/{oidc.name}"),
                )

            case Create(after=ClusterAccess() as access):
                self.create_entry(access)
                self.associate(access)
            case Update(before=ClusterAccess() as was, after=ClusterAccess() as access):
                if was.policy_arn not in ("", access.policy_arn):
                    self.disassociate(was)
                self.associate(access)
            case Delete(before=ClusterAccess() as access):
                self.delete_entry(access)

            case Create(after=KeyGrant() as grant):
                self.grant(grant)
            case Update(before=KeyGrant() as former, after=KeyGrant() as grant):
                self.grant(grant)
                self.revoke(former)
            case Delete(before=KeyGrant() as grant):
                self.revoke(grant)

            case _:
                raise AssertionError(f"There is no way to {self.doing}.")

    def create_role(self, role: Role) -> None:
        boundary = {"PermissionsBoundary": role.boundary} if role.boundary else {}
        self.iam(
            "create_role",
            RoleName=role.name,
            Path=role.path,
            AssumeRolePolicyDocument=role.trust.text,
            Description=role.description,
            Tags=TAGS,
            **boundary,
        )

    def update_role(self, before: Role, role: Role) -> None:
        if before.path != role.path:
            raise AwsError(
                role.account,
                "iam:UpdateRole",
                f"Role {role.name} in account {role.account} stands at the path "
                f"{before.path}, not at {role.path}, and AWS cannot move a role.",
                "Delete it, or choose another name; then plan again.",
            )
        if before.trust != role.trust:
            self.iam(
                "update_assume_role_policy",
                RoleName=role.name,
                PolicyDocument=role.trust.text,
            )
        if before.boundary and not role.boundary:
            self.drop("delete_role_permissions_boundary", RoleName=role.name)
        elif before.boundary != role.boundary:
            self.iam(
                "put_role_permissions_boundary",
                RoleName=role.name,
                PermissionsBoundary=role.boundary,
            )

    def prune_versions(self, policy: ManagedPolicy, *, keep: int) -> None:
        """Delete the oldest versions, but never the one in force."""
        arn = self.policy_arn(policy)
        answer = self.drop("list_policy_versions", PolicyArn=arn)
        versions = answer["Versions"] if answer else []
        versions.sort(key=lambda version: int(version["VersionId"].lstrip("v")))
        spare = [v for v in versions if not v["IsDefaultVersion"]]
        for version in spare[: max(0, len(versions) - keep)]:
            self.drop(
                "delete_policy_version",
                PolicyArn=arn,
                VersionId=version["VersionId"],
            )

    def attach(self, attachment: Attachment) -> None:
        self.iam(**holder_of("attach", attachment))

    def detach(self, attachment: Attachment) -> None:
        self.drop(**holder_of("detach", attachment))

    def put_into(self, profile: InstanceProfile) -> None:
        self.iam(
            "add_role_to_instance_profile",
            InstanceProfileName=profile.name,
            RoleName=profile.role,
        )

    def take_out(self, profile: InstanceProfile) -> None:
        if profile.role:
            self.drop(
                "remove_role_from_instance_profile",
                InstanceProfileName=profile.name,
                RoleName=profile.role,
            )

    def create_entry(self, access: ClusterAccess) -> None:
        self.asker.ask(
            "eks",
            "create_access_entry",
            self.doing,
            **entry(access),
            tags={OWNER_TAG: OWNER},
        )

    def associate(self, access: ClusterAccess) -> None:
        self.asker.ask(
            "eks",
            "associate_access_policy",
            self.doing,
            **entry(access),
            policyArn=access.policy_arn,
            accessScope=scope(access),
        )

    def disassociate(self, access: ClusterAccess) -> None:
        self.asker.find(
            "eks",
            "disassociate_access_policy",
            self.doing,
            **entry(access),
            policyArn=access.policy_arn,
        )

    def delete_entry(self, access: ClusterAccess) -> None:
        self.asker.find("eks", "delete_access_entry", self.doing, **entry(access))

    def grant(self, grant: KeyGrant) -> None:
        """Ask KMS for a grant; the same one of the same name is made only once."""
        self.asker.ask(
            "kms",
            "create_grant",
            self.doing,
            region=grant.region,
            **grant.request,
        )

    def revoke(self, grant: KeyGrant) -> None:
        for found in grants_of(self.asker, grant, self.doing):
            if set(found["Operations"]) == set(grant.operations):
                self.asker.find(
                    "kms",
                    "revoke_grant",
                    self.doing,
                    region=grant.region,
                    KeyId=grant.key_arn,
                    GrantId=found["GrantId"],
                )
