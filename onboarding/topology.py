"""Who manages whom, with which providers: the values that all else follows from."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import Any

from onboarding import names
from onboarding.details import ProviderDetails
from onboarding.partitions import PARTITIONS, Arn, Partition, arn

MANAGED_ROLE, BASE_ROLE = "spinnakerManaged", "BaseIAMRole"
IDENTITY_ROLE, SESSION_NAME = "SpinnakerAuthRole", "Spinnaker"
"""The names in Spinnaker's own documentation and defaults."""
READER_ROLE = "BowlineReader"
"""By which Bowline reads an account whose owner makes the roles."""


class MadeBy(StrEnum):
    """Who creates the roles of an account; the organization does so in managed ones."""

    BOWLINE = "bowline"
    OWNER = "owner"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Reach:
    """How Bowline accesses an account: by a role, or with its own credentials."""

    account_id: str
    access_role: str = ""
    """Empty: Bowline's own credentials are the account's."""
    writes: bool = True
    """False: somebody else makes what is in the account, and the role, if there is
    one, only reads there. Bowline's own credentials are not used."""

    @property
    def is_closed(self) -> bool:
        """Return whether Bowline has no access to the account at all."""
        return not (self.writes or self.access_role)


@dataclass(frozen=True, slots=True)
class InstanceRole:
    """An EC2 instance role, with its instance profile, that Bowline makes."""

    name: str = IDENTITY_ROLE


@dataclass(frozen=True, slots=True)
class PodRole:
    """A role that Bowline makes for a Kubernetes service account (IRSA)."""

    name: str
    cluster: str
    region: str
    namespace: str
    service_account: str
    issuer: str = ""
    """The cluster's OIDC issuer without `https://`; looked up from AWS if empty."""


@dataclass(frozen=True, slots=True)
class ExistingIdentity:
    """A role or user that already exists; Bowline only attaches policies to it."""

    arn: str


Identity = InstanceRole | PodRole | ExistingIdentity


@dataclass(frozen=True, slots=True)
class KeptRole:
    """A role that Spinnaker may assume although its account left Bowline."""

    arn: str
    since: datetime
    """When Spinnaker was first to assume it: its place in the list."""


@dataclass(frozen=True, slots=True)
class ManagedRole:
    """The role that Spinnaker assumes in an account."""

    arn: str

    @property
    def name(self) -> str:
        return Arn.of(self.arn).name

    @property
    def path(self) -> str:
        """Return its path in IAM: `/` or `/spinnaker/`."""
        return self.resource.removeprefix("role").removesuffix(self.name)

    @property
    def resource(self) -> str:
        """Return what an ARN of its account ends with, such as `role/spinnaker/x`."""
        return Arn.of(self.arn).resource


@dataclass(frozen=True, slots=True)
class Managing:
    """The account in which Spinnaker's own identity lives."""

    name: str
    account_id: str
    identity: Identity = InstanceRole()
    partition: str = "aws"
    managed_role: str = MANAGED_ROLE
    base_role: str = BASE_ROLE
    organization: str = ""
    """The organization whose accounts may all be assumed; empty: listed ones."""
    trust_organization: str = ""
    """The organization that whoever assumes the managed role must belong to; empty:
    the trust names Spinnaker's identity and asks no more."""
    boundary: str = ""
    """The permissions boundary of every role that Bowline makes; empty: none."""
    bakes: bool = False
    ami_owner: str = ""
    """The managed account that owns the images that are deployed, baked here or not;
    empty: the managing account."""
    image_keys: tuple[str, ...] = ()
    """ARNs of the KMS keys of this account that encrypt baked images."""
    bowline: str = ""
    """Bowline's own principal, where the managing identity trusts it."""
    access_role: str = ""
    """The role by which Bowline reaches this account; empty: its own credentials."""
    made_by: str = MadeBy.BOWLINE
    kept: tuple[KeptRole, ...] = ()
    """What stays on the list of accounts that left Bowline."""

    @property
    def aws(self) -> Partition:
        return PARTITIONS[self.partition]

    @property
    def is_handed_off(self) -> bool:
        """Return whether the account's owner creates the identity and its policies, and
        Bowline only reads there.
        """
        return self.made_by != MadeBy.BOWLINE

    @property
    def reach(self) -> Reach:
        if self.is_handed_off:
            return Reach(self.account_id, READER_ROLE, writes=False)
        return Reach(self.account_id, self.access_role)

    @property
    def identity_arn(self) -> str:
        match self.identity:
            case ExistingIdentity(arn=existing):
                return existing
            case made:
                return self.arn("iam", self.account_id, f"role/{made.name}")

    @property
    def clash(self) -> str:
        """Say which of its roles share a name; empty where each has its own.

        They may all exist in one account. And instances that get the base role
        must never get Spinnaker's own by it.
        """
        return self.clash_with(self.managed_role)

    def clash_with(self, managed_role: str) -> str:
        """Say the same where this is an account's managed role; IAM has a name once,
        whatever the path.
        """
        known = Arn.of(self.identity_arn)
        identity = known.name if known.kind == "role" else ""
        roles = {
            "the managed role": managed_role.rpartition("/")[2],
            "the base role": self.base_role,
            "Spinnaker's identity": identity,
        }
        for one, other in combinations(roles, 2):
            if roles[one].lower() == roles[other].lower():
                return (
                    f"“{roles[one]}” names both {one} and {other}. Give each role a "
                    "name of its own."
                )
        return ""

    def arn(self, service: str, account: str, resource: str, region: str = "") -> str:
        return arn(self.partition, service, account, resource, region=region)

    def boundary_in(self, account: str) -> str:
        """Name the boundary as that account knows it: each has a policy of its own."""
        if not self.boundary:
            return ""
        boundary = Arn.of(self.boundary)
        owner = "aws" if boundary.account == "aws" else account
        return self.arn("iam", owner, boundary.resource)

    def owns_images(self, managed: Managed) -> bool:
        """Return whether baked images belong to that account."""
        if not self.ami_owner:
            return self.bakes and managed.account_id == self.account_id
        return self.bakes and self.ami_owner == managed.name

    def managed_role_arn(self, account_id: str, own: str = "") -> str:
        """Write the ARN of an account's managed role: its `own`, or the usual one."""
        return self.arn("iam", account_id, f"role/{own or self.managed_role}")

    def role_of(self, managed: Managed) -> ManagedRole:
        """Return the managed role of an account."""
        return ManagedRole(
            self.managed_role_arn(managed.account_id, managed.managed_role)
        )


def identity_elsewhere(identity: str, partition: str, account: str) -> str:
    """Say that an identity's ARN is of another account or partition; else nothing."""
    found = names.IDENTITY_ARN.regex.fullmatch(identity)
    if found is None:
        return ""
    for part, here in (("partition", partition), ("account", account)):
        if here and here != found[part]:
            return (
                f"This identity belongs to {part} {found[part]}, and the managing "
                f"account is in {part} {here}."
            )
    return ""


@dataclass(frozen=True, slots=True)
class Permissions:
    """Fiat roles that may read and write an account. Only where both are empty, all may
    (`Permissions.isRestricted` in Fiat): next to an access with roles, nobody has one
    without.
    """

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


def people(groups: Collection[str], others: Collection[str]) -> str:
    """Say who has an access in Spinnaker: these groups, or, without any, who follows
    from those that have the other access.
    """
    return ", ".join(groups) or ("no one" if others else "everyone")


@dataclass(frozen=True, slots=True)
class OtherName:
    """Another name of an account in Spinnaker, with what differs under it."""

    name: str
    regions: tuple[str, ...]
    permissions: Permissions = Permissions()
    carried: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Of Spinnaker's `aws` account of this name."""


@dataclass(frozen=True, slots=True)
class Managed:
    """An account that Spinnaker deploys to."""

    name: str
    account_id: str
    regions: tuple[str, ...]
    providers: tuple[ProviderDetails, ...] = ()
    environment: str = ""
    permissions: Permissions = Permissions()
    external_id: str = ""
    former_external_id: str = ""
    """Accepted, too, while Spinnaker still sends it; empty: none."""
    access_role: str = ""
    """The role by which Bowline reaches this account; empty: its own credentials."""
    managed_role: str = ""
    """The name of its managed role, or its path and name, such as `spinnaker/x`; empty:
    the managing account's."""
    session_name: str = SESSION_NAME
    """What Spinnaker calls its sessions when it assumes the managed role."""
    adopts: bool = False
    """Existing roles of the same names are used as they are."""
    made_by: str = MadeBy.BOWLINE
    reader_role: str = ""
    """The role by which Bowline reads an account that somebody else makes; empty:
    none."""
    carried: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """What Spinnaker is configured with in addition; see carried/fields.py."""
    other_names: tuple[OtherName, ...] = ()
    """By which Spinnaker knows the account, too; they share its role."""

    @property
    def regions_of_all(self) -> tuple[str, ...]:
        """Return where Spinnaker works in the account, by whichever name."""
        others = (region for one in self.other_names for region in one.regions)
        return tuple(dict.fromkeys((*self.regions, *others)))

    @property
    def is_handed_off(self) -> bool:
        """Return whether somebody else makes the roles, and Bowline only verifies."""
        return self.made_by != MadeBy.BOWLINE

    @property
    def reach(self) -> Reach:
        if self.is_handed_off:
            return Reach(self.account_id, self.reader_role, writes=False)
        return Reach(self.account_id, self.access_role)

    @property
    def in_aws_provider(self) -> bool:
        """Return whether Spinnaker knows it as an `aws` account at all."""
        return any(provider.needs_aws_entry for provider in self.providers)

    @property
    def is_learned(self) -> bool:
        """Return whether everything is known that only AWS can say."""
        return all(provider.is_learned for provider in self.providers)


def unreadable(managing: Managing) -> str:
    """Say why Bowline could not read a managing account that is handed off; empty where
    it can.
    """
    if not managing.is_handed_off or managing.bowline:
        return ""
    return (
        "Bowline reads the account through a role that trusts Bowline, and this is "
        "switched off. On the managing account's page, let Bowline assume this "
        "identity, or let Bowline create it."
    )


def unprovable(managing: Managing, managed: Managed) -> str:
    """Say why Bowline could prove nothing of an account that is handed off; empty where
    it can.
    """
    if not managed.is_handed_off:
        return ""
    if not managing.bowline or Arn.of(managing.identity_arn).kind == "user":
        return (
            "Spinnaker's identity doesn't trust Bowline, so Bowline can't assume the "
            "roles that an owner creates. Let Bowline create this account's roles, or "
            "let Spinnaker's identity trust Bowline."
        )
    if not (managed.in_aws_provider or managed.reader_role):
        return (
            "Spinnaker assumes no role for these providers, so only a reader role "
            "shows what the owner created. Choose the reader role."
        )
    if not (managed.is_learned or managed.reader_role):
        return (
            "Spinnaker must know what only AWS can say, such as the endpoints of "
            "clusters, and only a reader role lets Bowline ask. Choose the reader role."
        )
    return ""


@dataclass(frozen=True, slots=True)
class Topology:
    """One managing account and every managed account that exists or is wanted."""

    managing: Managing
    managed: tuple[Managed, ...] = ()

    @property
    def assumed(self) -> tuple[str, ...]:
        """List the roles that Spinnaker assumes, by their ARNs."""
        role_of = self.managing.role_of
        return tuple(role_of(one).arn for one in self.managed if one.in_aws_provider)

    def account(self, name: str) -> Managed:
        """Return the managed account of that name; raise KeyError without one."""
        for managed in self.managed:
            if managed.name == name:
                return managed
        raise KeyError(name)
