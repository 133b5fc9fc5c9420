"""apply(): carry out one change. One case, one call; two where AWS needs two.

Each half is safe to repeat: what is there already or gone already is done. Each asks
`before_write` first, and goes no further where that raises.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import (
    FULL,
    PolicyVersions,
    entry,
    grants_of,
    is_taken,
    linked_role,
    naming_the_key_policy,
    no_one_else,
    role_of,
    scope,
    settle_service_linked,
    tagging,
)
from onboarding.aws.observe import observe
from onboarding.aws.session import SYSTEM, Backoff, Clock, Sessions, silent
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
    OwnerTag,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.plan import Change, Create, Delete, Update
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import CreateRoleRequestTypeDef, TagTypeDef

P = ParamSpec("P")
T = TypeVar("T")

APPLY_BACKOFF = 120.0
"""Seconds until a new role is known everywhere, by AWS's own word mostly sooner."""
TAGS: list[TagTypeDef] = [{"Key": OWNER_TAG, "Value": OWNER}]


def apply(
    sessions: Sessions,
    reach: Reach,
    change: Change,
    *,
    before_write: Callable[[], None] = no_one_else,
    waiting: Callable[[str], None] = silent,
    backoff_seconds: float = APPLY_BACKOFF,
    clock: Clock = SYSTEM,
) -> None:
    """Carry out one change; raise AwsError where AWS refuses it for good.

    `before_write` is called right before every single call that changes something, and
    stops it by raising. `waiting` hears a sentence before each repetition, and an empty
    one afterwards.
    """
    writer = Writer(
        AccountClient.writing(sessions, reach),
        sessions,
        f"{change.verb} {change.resource.kind} {change.resource.name}",
        before_write,
    )
    sessions.handed_on.write(change.resource.key)

    def act() -> None:
        try:
            writer.carry_out(change)
        except AwsError as error:
            if not isinstance(change, Create) or not is_taken(error):
                raise
            settle(sessions, reach, writer, change.after, error)

    Backoff(backoff_seconds, waiting, clock).until_done(
        act, f"it isn't ready to {writer.doing}", again=lambda error: error.retryable
    )


def settle(
    sessions: Sessions, reach: Reach, writer: Writer, after: Resource, error: AwsError
) -> None:
    """Make what already exists what is wanted, or raise if it is somebody else's.

    It exists because AWS's answer to an earlier attempt was lost, or because somebody
    was quicker.
    """
    if isinstance(after, ServiceLinkedRole):
        return settle_service_linked(writer.client, after, error)
    observed = {r.key: r for r in observe(sessions, reach, (after,))}
    found = observed.get(after.key)
    if found == after:
        return
    if found is None:
        raise error.passing(
            "The name is already in use, and AWS doesn't show by which resource. Plan "
            "again in a few minutes, or choose another name."
        )
    if not found.owned:
        raise error
    writer.carry_out(Update(found, after))


@dataclass(frozen=True, slots=True)
class Writer:
    client: AccountClient
    sessions: Sessions
    doing: str
    before_write: Callable[[], None]

    @property
    def iam(self) -> IAMClient:
        return self.client.iam

    def call(self, method: Callable[P, T], /, *args: P.args, **given: P.kwargs) -> T:
        self.before_write()
        return self.client.call(method, self.doing, *args, **given)

    def drop(
        self, method: Callable[P, object], /, *args: P.args, **given: P.kwargs
    ) -> None:
        """Remove something; missing already is done."""
        self.before_write()
        self.client.find(method, self.doing, *args, **given)

    def arn(self, resource: str) -> str:
        return arn(
            self.sessions.partition.name, "iam", self.client.account_id, resource
        )

    def policy_arn(self, policy: ManagedPolicy) -> str:
        return self.arn(f"policy{policy.path}{policy.name}")

    def versions(self, policy: ManagedPolicy) -> PolicyVersions:
        return PolicyVersions(
            self.client, self.policy_arn(policy), self.doing, self.before_write
        )

    def carry_out(self, change: Change) -> None:
        match change:
            case Create(after=Role() as role):
                self.create_role(role)
            case Update(before=Role() as before, after=Role() as role):
                self.update_role(before, role)
            case Delete(before=Role() as role):
                self.drop(self.iam.delete_role, RoleName=role.name)

            case Create(after=ManagedPolicy() as policy):
                self.create_policy(policy)
            case Update(before=ManagedPolicy() as old, after=ManagedPolicy() as policy):
                self.versions(policy).put_in_force(policy.document, before=old.document)
            case Delete(before=ManagedPolicy() as policy):
                self.versions(policy).prune(keep=1)
                self.drop(self.iam.delete_policy, PolicyArn=self.policy_arn(policy))

            case Create(InlinePolicy() as inline) | Update(_, InlinePolicy() as inline):
                self.call(
                    self.iam.put_role_policy,
                    RoleName=inline.role,
                    PolicyName=inline.policy,
                    PolicyDocument=inline.document.as_written,
                )
            case Delete(before=InlinePolicy() as inline):
                self.drop(
                    self.iam.delete_role_policy,
                    RoleName=inline.role,
                    PolicyName=inline.policy,
                )

            case Create(after=Attachment() as attachment):
                self.attach(attachment)
            case Update(Attachment() as attached, Attachment() as after):
                self.detach(attached)
                self.attach(after)
            case Delete(before=Attachment() as attachment):
                self.detach(attachment)

            case Create(after=InstanceProfile() as profile):
                self.call(
                    self.iam.create_instance_profile,
                    InstanceProfileName=profile.name,
                    Tags=TAGS,
                )
                self.put_into(profile)
            case Update(InstanceProfile() as old, InstanceProfile() as profile):
                self.take_out(old)
                self.put_into(profile)
            case Delete(before=InstanceProfile() as profile):
                self.take_out(profile)
                self.drop(
                    self.iam.delete_instance_profile, InstanceProfileName=profile.name
                )

            case Create(after=ServiceLinkedRole() as linked):
                create = self.iam.create_service_linked_role
                made = self.call(create, AWSServiceName=linked.name)["Role"]
                self.sessions.handed_on.create(linked_role(linked.account, made))

            case Create(after=OidcProvider() as oidc):
                self.call(
                    self.iam.create_open_id_connect_provider,
                    Url=f"https://{oidc.name}",
                    ClientIDList=[oidc.audience],
                    Tags=TAGS,
                )
            case Update(after=OidcProvider() as oidc):
                self.call(
                    self.iam.add_client_id_to_open_id_connect_provider,
                    OpenIDConnectProviderArn=self.arn(f"oidc-provider/{oidc.name}"),
                    ClientID=oidc.audience,
                )
            case Delete(before=OidcProvider() as oidc):
                self.drop(
                    self.iam.delete_open_id_connect_provider,
                    OpenIDConnectProviderArn=self.arn(f"oidc-provider/{oidc.name}"),
                )

            case Create(after=ClusterAccess() as access):
                eks = self.client.eks(access.region)
                tags = {OWNER_TAG: OWNER}
                self.call(eks.create_access_entry, **entry(access), tags=tags)
                self.associate(access)
            case Update(before=ClusterAccess() as was, after=ClusterAccess() as access):
                drop = self.client.eks(was.region).disassociate_access_policy
                for other in (was.policy_arn, *was.more_policies):
                    if other not in ("", access.policy_arn):
                        self.drop(drop, **entry(was), policyArn=other)
                self.associate(access)
            case Delete(before=ClusterAccess() as access):
                eks = self.client.eks(access.region)
                self.drop(eks.delete_access_entry, **entry(access))

            case Create(OwnerTag() as tag) | Update(_, OwnerTag() as tag):
                # Another tag of that key is replaced.
                call, named = tagging(self.client, "tag", tag)
                key, value = tag.pair
                self.call(call, **named, Tags=[{"Key": key, "Value": value}])
            case Delete(before=OwnerTag() as tag):
                call, named = tagging(self.client, "untag", tag)
                self.drop(call, **named, TagKeys=[tag.pair[0]])

            case Create(after=KeyGrant() as grant):
                self.grant(grant)
            case Update(before=KeyGrant() as former, after=KeyGrant() as grant):
                self.grant(grant)
                self.revoke(former)
            case Delete(before=KeyGrant() as grant):
                self.revoke(grant)

            case _:
                raise AssertionError(f"Bowline can't {self.doing}.")

    def create_policy(self, policy: ManagedPolicy) -> None:
        made = self.call(
            self.iam.create_policy,
            PolicyName=policy.name,
            Path=policy.path,
            PolicyDocument=policy.document.text,
            Description=policy.description,
            Tags=TAGS,
        )["Policy"]
        self.sessions.documents.write(policy.document, made["Arn"])
        self.sessions.handed_on.create(
            replace(policy, name=made["PolicyName"], path=made["Path"])
        )

    def create_role(self, role: Role) -> None:
        wanted: CreateRoleRequestTypeDef = {
            "RoleName": role.name,
            "Path": role.path,
            "AssumeRolePolicyDocument": role.trust.text,
            "Description": role.description,
            "Tags": TAGS,
        }
        if role.boundary:
            wanted["PermissionsBoundary"] = role.boundary
        made = self.call(self.iam.create_role, **wanted)["Role"]
        self.sessions.handed_on.create(role_of(role.account, made))

    def update_role(self, before: Role, role: Role) -> None:
        if before.path != role.path:
            raise AwsError(
                role.account,
                "iam:UpdateRole",
                f"Role {role.name} in account {role.account} already exists at the "
                f"path {before.path}, not at {role.path}. AWS can't move a role.",
                "Enter its path with the role's name, or choose another name; then "
                "plan again.",
            )
        if before.trust != role.trust:
            self.call(
                self.iam.update_assume_role_policy,
                RoleName=role.name,
                PolicyDocument=role.trust.as_written,
            )
        if before.boundary and not role.boundary:
            self.drop(self.iam.delete_role_permissions_boundary, RoleName=role.name)
        elif before.boundary != role.boundary:
            self.call(
                self.iam.put_role_permissions_boundary,
                RoleName=role.name,
                PermissionsBoundary=role.boundary,
            )

    def attach(self, attachment: Attachment) -> None:
        holder, policy = attachment.holder, attachment.policy_arn
        if attachment.to_user:
            self.call(self.iam.attach_user_policy, UserName=holder, PolicyArn=policy)
        else:
            self.call(self.iam.attach_role_policy, RoleName=holder, PolicyArn=policy)

    def detach(self, attachment: Attachment) -> None:
        holder, policy = attachment.holder, attachment.policy_arn
        if attachment.to_user:
            self.drop(self.iam.detach_user_policy, UserName=holder, PolicyArn=policy)
        else:
            self.drop(self.iam.detach_role_policy, RoleName=holder, PolicyArn=policy)

    def put_into(self, profile: InstanceProfile) -> None:
        try:
            self.call(
                self.iam.add_role_to_instance_profile,
                InstanceProfileName=profile.name,
                RoleName=profile.role,
            )
        except AwsError as error:
            if error.code != FULL:
                raise
            role = self.role_in(profile)
            if not role:  # what it is full of does not show yet
                raise error.passing() from error
            if role != profile.role:
                raise

    def role_in(self, profile: InstanceProfile) -> str:
        """Name the role in an instance profile, which holds one at most."""
        answer = self.client.find(
            self.iam.get_instance_profile,
            self.doing,
            InstanceProfileName=profile.name,
        )
        roles = answer["InstanceProfile"]["Roles"] if answer else []
        return roles[0]["RoleName"] if roles else ""

    def take_out(self, profile: InstanceProfile) -> None:
        if profile.role:
            self.drop(
                self.iam.remove_role_from_instance_profile,
                InstanceProfileName=profile.name,
                RoleName=profile.role,
            )

    def associate(self, access: ClusterAccess) -> None:
        self.call(
            self.client.eks(access.region).associate_access_policy,
            **entry(access),
            policyArn=access.policy_arn,
            accessScope=scope(access),
        )

    def grant(self, grant: KeyGrant) -> None:
        """Ask KMS for a grant; the same one of the same name is made only once."""
        with naming_the_key_policy(grant):
            self.call(self.client.kms(grant.region).create_grant, **grant.request)

    def revoke(self, grant: KeyGrant) -> None:
        for found in grants_of(self.client, grant, self.doing):
            if set(found["Operations"]) == set(grant.operations):
                self.drop(
                    self.client.kms(grant.region).revoke_grant,
                    KeyId=grant.key_arn,
                    GrantId=found["GrantId"],
                )
