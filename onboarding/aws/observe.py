"""observe(): what exists in an account, as the same values as what is wanted.

Calls: three for each role (and one for each policy inside), one for each path and for
each version of a policy that was not read before, one for each instance profile and
OIDC provider, one for all service-linked roles, two for each cluster's access, one for
each grant on a key; a few at a time. Of what does not exist nothing more is asked.
Roles and policies that are read at once take two in all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from onboarding.aws.client import AccountClient, parsed, together
from onboarding.aws.errors import AwsError
from onboarding.aws.kinds import (
    SERVICE_LINKED,
    document_of,
    is_owned,
    key_grant,
    linked_role,
    other_tag,
    role_of,
)
from onboarding.aws.known import Known
from onboarding.aws.roles.whole import MOST_PAGES, read_whole
from onboarding.aws.session import Sessions
from onboarding.checks import Call
from onboarding.partitions import Arn, arn
from onboarding.resources.kinds import (
    OWNER,
    OWNER_TAG,
    Attachment,
    ClusterAccess,
    InlinePolicy,
    InstanceProfile,
    Key,
    KeyGrant,
    ManagedPolicy,
    OidcProvider,
    Resource,
    Role,
    ServiceLinkedRole,
)
from onboarding.resources.policy import Policy
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_eks.type_defs import AssociatedAccessPolicyTypeDef
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_iam.type_defs import (
        AttachedPolicyTypeDef,
        PolicyTypeDef,
    )

R = TypeVar("R", bound=Resource)

OWN_NAMES = "Bowline"
"""Inline policies carry no tags: a name that begins so is their mark."""
GONE = "NoSuchEntity"
"""What is listed of a role that was there a moment ago, or that is too young."""


def observe(
    sessions: Sessions,
    reach: Reach,
    wanted: Iterable[Resource],
    known: Known | None = None,
    *,
    at_once: bool = False,
) -> tuple[Resource, ...]:
    """Find what exists of the wanted things, and what else is Bowline's.

    What else: policies under the wanted paths, and whatever is attached to and inside
    the roles that are wanted or hold something wanted; what of it is not Bowline's is
    not `owned`. So a kind of thing that is no longer wanted at all must be among
    `wanted` once more, to be found and deleted. What is `known` of a moment ago is not
    read again. `at_once`: all roles are read together where that takes fewer calls.
    """
    everything = {resource.key: resource for resource in wanted}
    account = Account(
        AccountClient.of(sessions, reach),
        sessions,
        everything,
        everything.values() if known is None else known.unsure,
        {} if known is None else {r.key: r for r in known.resources},
    )
    if at_once and account.role_calls > MOST_PAGES:
        whole = read_whole(sessions, account.client, reach)
        account = replace(account, client=whole)
    read = account.read()
    again = {resource.key for resource in read}
    left = (
        resource
        for resource in account.known.values()
        if not (resource.key in again or account.lists(resource))
    )
    return (*left, *read)


@dataclass(frozen=True, slots=True)
class Account:
    """The account that is being read, and what to find in it."""

    client: AccountClient
    sessions: Sessions
    wanted: dict[Key, Resource]
    reads: Collection[Resource]
    """What to read now; the rest is known."""
    known: dict[Key, Resource]

    def read(self) -> tuple[Resource, ...]:
        versions = together(
            partial(self.policies, path)
            for path in sorted({p.path for p in self.of(ManagedPolicy)})
        )
        tasks: list[Callable[[], list[Resource]]] = [
            *(partial(self.policy, found) for found in chain.from_iterable(versions)),
            *(partial(self.role, name) for name in self.holders()),
            *(partial(self.user, name) for name in self.users()),
            *(partial(self.profile, p.name) for p in self.of(InstanceProfile)),
            *(partial(self.oidc, provider) for provider in self.of(OidcProvider)),
            *(partial(self.access, access) for access in self.of(ClusterAccess)),
            *(partial(key_grant, self.client, one) for one in self.of(KeyGrant)),
        ]
        if self.of(ServiceLinkedRole):
            tasks.append(self.service_linked)
        return tuple(chain.from_iterable(together(tasks)))

    @property
    def role_calls(self) -> int:
        """Count the calls that roles and policies take one by one, or a few less."""
        paths = {policy.path for policy in self.of(ManagedPolicy)}
        linked = bool(self.of(ServiceLinkedRole))
        return len(paths) + 3 * len(self.holders()) + linked

    @property
    def account_id(self) -> str:
        return self.client.account_id

    def of(self, kind: type[R]) -> list[R]:
        return [r for r in self.reads if isinstance(r, kind)]

    def all_of(self, kind: type[R]) -> list[R]:
        return [r for r in self.wanted.values() if isinstance(r, kind)]

    def lists(self, resource: Resource) -> bool:
        """Return whether it is in a list that is read, if it still exists."""
        match resource:
            case ManagedPolicy():
                return resource.path in {p.path for p in self.of(ManagedPolicy)}
            case Attachment(to_user=True):
                return resource.holder in self.users()
            case Attachment():
                return resource.holder in self.holders()
            case InlinePolicy():
                return resource.role in self.holders()
            case ServiceLinkedRole():
                return bool(self.of(ServiceLinkedRole))
        return False

    def holders(self) -> list[str]:
        """Name every role that is wanted or that holds something wanted."""
        wanted = [role.name for role in self.of(Role)]
        attached = [a.holder for a in self.of(Attachment) if not a.to_user]
        inside = [policy.role for policy in self.of(InlinePolicy)]
        return list(dict.fromkeys([*wanted, *attached, *inside]))

    def users(self) -> list[str]:
        attached = (a.holder for a in self.of(Attachment) if a.to_user)
        return list(dict.fromkeys(attached))

    def is_own(self, attachment: Attachment) -> bool:
        """Return whether its policy is under a wanted path."""
        return any(
            attachment.policy_arn.startswith(self.arn(f"policy{policy.path}"))
            for policy in self.all_of(ManagedPolicy)
        )

    def arn(self, resource: str) -> str:
        return arn(self.sessions.partition.name, "iam", self.account_id, resource)

    @property
    def iam(self) -> IAMClient:
        return self.client.iam

    def policies(self, path: str) -> list[PolicyTypeDef]:
        return self.client.call_all(
            self.iam.list_policies,
            f"list the policies under {path}",
            Scope="Local",
            PathPrefix=path,
        )["Policies"]

    def asked_once(self, ask: Any, method: Any, doing: str, **given: Any) -> Any:
        """Ask, and leave the answer to a verification that asks the same next."""
        answer, meta = ask(method, doing, **given), method.__self__.meta
        service = meta.service_model.service_name
        region = "" if service == "iam" else meta.region_name
        call = Call.of(service, method.__name__, region, **given)
        self.sessions.handed_on.answer(self.account_id, call, answer)
        return answer

    def policy(self, found: PolicyTypeDef) -> list[Resource]:
        document = document_of(self.client, self.sessions, found)
        if document is None:
            return []
        return [
            ManagedPolicy(
                account=self.account_id,
                name=found["PolicyName"],
                path=found["Path"],
                document=document,
            )
        ]

    def role(self, name: str) -> list[Resource]:
        """Read a role, what is attached to it, and what is inside."""
        role = self.known.get(Key(self.account_id, Role.kind, name))
        if not isinstance(role, Role):
            answer = self.asked_once(
                self.client.find, self.iam.get_role, f"read role {name}", RoleName=name
            )
            if answer is None:
                return []
            role = role_of(self.account_id, answer["Role"])
        try:
            return self.held(role)
        except AwsError as error:
            if error.code == GONE:
                return []
            raise

    def held(self, role: Role) -> list[Resource]:
        name = role.name
        resources: list[Resource] = [role] if role.key in self.wanted else []
        attached = self.asked_once(
            self.client.call_all,
            self.iam.list_attached_role_policies,
            f"list the policies of role {name}",
            RoleName=name,
        )["AttachedPolicies"]
        resources += self.attachments(name, attached, owned=role.owned)
        resources += self.inline_policies(name, owned=role.owned)
        return resources

    def user(self, name: str) -> list[Resource]:
        answer = self.client.find(self.iam.get_user, f"read user {name}", UserName=name)
        if answer is None:
            return []
        attached = self.client.call_all(
            self.iam.list_attached_user_policies,
            f"list the policies of user {name}",
            UserName=name,
        )["AttachedPolicies"]
        return self.attachments(name, attached, owned=False, to_user=True)

    def attachments(
        self,
        holder: str,
        attached: list[AttachedPolicyTypeDef],
        *,
        owned: bool,
        to_user: bool = False,
    ) -> list[Resource]:
        """Return all of them. Of those that share a name, and so a key, one counts: the
        wanted one, or the last. It is `owned` if it is one of Bowline's own policies,
        or a wanted one of a holder that Bowline made; the others never are.
        """
        found = [
            Attachment(
                account=self.account_id,
                holder=holder,
                policy_arn=policy["PolicyArn"],
                to_user=to_user,
                owned=False,
            )
            for policy in attached
        ]
        found.sort(key=lambda a: a == self.wanted.get(a.key))
        counting = {a.key: a for a in found}
        return [
            replace(a, owned=(owned and a.key in self.wanted) or self.is_own(a))
            if a is counting[a.key]
            else a
            for a in found
        ]

    def inline_policies(self, role: str, *, owned: bool) -> Iterator[Resource]:
        wanted = {p.policy for p in self.all_of(InlinePolicy) if p.role == role}
        names = self.asked_once(
            self.client.call_all,
            self.iam.list_role_policies,
            f"list the inline policies of role {role}",
            RoleName=role,
        )["PolicyNames"]
        for name in names:
            answer = self.asked_once(
                self.client.find,
                self.iam.get_role_policy,
                f"read inline policy {name} of role {role}",
                RoleName=role,
                PolicyName=name,
            )
            if answer is not None:
                yield InlinePolicy(
                    account=self.account_id,
                    role=role,
                    policy=name,
                    document=Policy.read(parsed(answer["PolicyDocument"])),
                    owned=(owned and name in wanted) or name.startswith(OWN_NAMES),
                )

    def profile(self, name: str) -> list[Resource]:
        answer = self.asked_once(
            self.client.find,
            self.iam.get_instance_profile,
            f"read instance profile {name}",
            InstanceProfileName=name,
        )
        if answer is None:
            return []
        found = answer["InstanceProfile"]
        roles = [role["RoleName"] for role in found["Roles"]]
        return [
            InstanceProfile(
                account=self.account_id,
                name=name,
                role=roles[0] if roles else "",
                owned=is_owned(found.get("Tags", [])),
                other_tag=other_tag(found.get("Tags", [])),
            )
        ]

    def service_linked(self) -> list[Resource]:
        """Find those wanted. They are AWS's, so never owned and never deleted."""
        answer = self.client.call_all(
            self.iam.list_roles,
            "list the service-linked roles",
            PathPrefix=SERVICE_LINKED,
        )
        roles = (linked_role(self.account_id, role) for role in answer["Roles"])
        found = {role.name: role for role in roles}
        wanted = (role.name for role in self.all_of(ServiceLinkedRole))
        return [found[name] for name in wanted if name in found]

    def oidc(self, wanted: OidcProvider) -> list[Resource]:
        answer = self.client.find(
            self.iam.get_open_id_connect_provider,
            f"read OIDC provider {wanted.name}",
            OpenIDConnectProviderArn=self.arn(f"oidc-provider/{wanted.name}"),
        )
        if answer is None:
            return []
        audiences = answer.get("ClientIDList", [])
        known = wanted.audience in audiences
        return [
            OidcProvider(
                account=self.account_id,
                name=wanted.name,
                audience=wanted.audience if known else ", ".join(sorted(audiences)),
                owned=is_owned(answer.get("Tags", [])),
            )
        ]

    def access(self, wanted: ClusterAccess) -> list[Resource]:
        """Read a cluster's access entry with its policies, the wanted one first."""
        eks = self.client.eks(wanted.region)
        principal = Arn.of(wanted.principal).name
        doing = f"read the access of {principal} to cluster {wanted.cluster}"
        answer = self.asked_once(
            self.client.find,
            eks.describe_access_entry,
            doing,
            clusterName=wanted.cluster,
            principalArn=wanted.principal,
        )
        if answer is None:
            return []
        policies = self.asked_once(
            self.client.call_all,
            eks.list_associated_access_policies,
            doing,
            clusterName=wanted.cluster,
            principalArn=wanted.principal,
        )["associatedAccessPolicies"]
        policies.sort(key=lambda p: (p["policyArn"] != wanted.policy_arn, str(p)))
        none: AssociatedAccessPolicyTypeDef = {"policyArn": "", "accessScope": {}}
        policy, *more = policies or [none]
        namespaces = policy["accessScope"].get("namespaces", [])
        same = set(namespaces) == set(wanted.namespaces)
        tags = answer["accessEntry"].get("tags", {})
        return [
            ClusterAccess(
                account=self.account_id,
                region=wanted.region,
                cluster=wanted.cluster,
                principal=wanted.principal,
                policy_arn=policy["policyArn"],
                namespaces=wanted.namespaces if same else tuple(sorted(namespaces)),
                more_policies=tuple(one["policyArn"] for one in more),
                owned=tags.get(OWNER_TAG) == OWNER,
            )
        ]
