"""The kinds of things that Bowline makes in AWS, each a value with a key.

The key says which thing (account, kind, name), the other fields say how it is.
`reason` and `owned` never take part in a comparison. Plans that were approved hold
names, documents and digests: these must stay what they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from onboarding.partitions import Arn
from onboarding.resources.policy import (
    INLINE_POLICIES_LIMIT,
    MANAGED_POLICY_LIMIT,
    TRUST_POLICY_LIMIT,
    Policy,
)

OWNER_TAG = "managed-by"
OWNER = "bowline"
"""The tag on everything that Bowline makes; what is without it is somebody else's."""

MANAGING_PATH = "/bowline/managing/"
MANAGED_PATH = "/bowline/managed/"
"""Paths of Bowline's own customer managed policies, one for each side."""

IN_NAME = {"in_name": True}
"""Marks a field that is shown and stored as a part of the name only."""


class Key(NamedTuple):
    """Which thing: names are unique within account and kind."""

    account: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    kind: ClassVar[str]
    account: str
    reason: str = field(default="", compare=False)
    """One sentence for the person who reads the plan."""
    owned: bool = field(default=True, compare=False)
    """Whether it carries Bowline's mark; only what is observed may be without it."""

    if TYPE_CHECKING:

        @property
        def name(self) -> str:
            """What people read: a field of its own, or composed of others."""

    @property
    def key(self) -> Key:
        return Key(self.account, self.kind, self.name)

    @property
    def description(self) -> str:
        """Return the reason in the letters that IAM accepts."""
        return self.reason.encode("latin-1", "replace").decode("latin-1")[:1000]

    def as_json(self) -> dict[str, Any]:
        """Return its fields with documents parsed, for a step's after."""
        return {name: json_value(value) for name, value in self.described()}

    def as_found(self) -> dict[str, Any]:
        """Return the same for a step's before, with documents as others wrote them, so
        that they can be put back to the letter.
        """
        return {
            name: json.loads(value.as_written)
            if isinstance(value, Policy)
            else json_value(value)
            for name, value in self.described()
        }

    def atoms(self) -> frozenset[str]:
        """Split it into parts small enough to tell exactly what a change changes."""
        parts = {f"account={self.account!r}"}
        for name, value in self.described():
            if isinstance(value, Policy):
                parts |= {f"{name}={atom}" for atom in value.atoms()}
            else:
                parts.add(f"{name}={value!r}")
        return frozenset(parts)

    @property
    def empty_atoms(self) -> frozenset[str]:
        """Return the parts that say that nothing is there, as of an emptied profile."""
        return frozenset(
            f"{name}=''" for name, value in self.described() if value == ""
        )

    def described(self) -> Iterator[tuple[str, Any]]:
        """Yield its name, and then each field that says how it is."""
        yield "name", self.name
        for f in fields(self):
            known = f.name in ("account", "name") or "in_name" in f.metadata
            if f.compare and not known:
                yield f.name, getattr(self, f.name)


def json_value(value: Any) -> Any:
    if isinstance(value, Policy):
        return value.document
    return list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Role(Resource):
    kind: ClassVar[str] = "role"
    name: str
    trust: Policy
    path: str = "/"
    boundary: str = ""
    other_tag: str = field(default="", compare=False)
    """What others wrote into the tag that says whose it is, as key=value."""
    tool: str = field(default="", compare=False)
    """What else manages it, as its tags say."""

    def __post_init__(self) -> None:
        if not self.trust.written:  # others may have raised their account's quota
            what = f"The trust policy of role {self.name}"
            self.trust.within(TRUST_POLICY_LIMIT, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagedPolicy(Resource):
    """A customer managed policy, under one of Bowline's own paths."""

    kind: ClassVar[str] = "policy"
    name: str
    path: str
    document: Policy

    def __post_init__(self) -> None:
        self.document.within(MANAGED_POLICY_LIMIT, f"Policy {self.name}")


@dataclass(frozen=True, slots=True, kw_only=True)
class InlinePolicy(Resource):
    """A policy inside a role."""

    kind: ClassVar[str] = "inline policy"
    role: str = field(metadata=IN_NAME)
    policy: str = field(metadata=IN_NAME)
    """Its name within the role."""
    document: Policy

    def __post_init__(self) -> None:
        self.document.within(INLINE_POLICIES_LIMIT, f"Inline policy {self.name}")

    @property
    def name(self) -> str:
        return f"{self.role}/{self.policy}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment(Resource):
    """A managed policy on a role or user."""

    kind: ClassVar[str] = "attachment"
    holder: str = field(metadata=IN_NAME)
    """The role's or user's name."""
    policy_arn: str
    to_user: bool = False

    @property
    def name(self) -> str:
        return f"{self.holder}/{self.policy}"

    @property
    def role(self) -> str:
        """Name the role; empty: a user has it."""
        return "" if self.to_user else self.holder

    @property
    def policy(self) -> str:
        """Name the policy, without its path."""
        return Arn.of(self.policy_arn).name


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceProfile(Resource):
    """An instance profile and the one role in it (empty: none yet)."""

    kind: ClassVar[str] = "instance profile"
    name: str
    role: str
    other_tag: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerTag(Resource):
    """The tag by which a role or an instance profile that was there before becomes
    Bowline's; what Bowline makes has it from the beginning.
    """

    kind: ClassVar[str] = "owner tag"
    of: str = field(metadata=IN_NAME)
    """The kind of what carries it."""
    holder: str = field(metadata=IN_NAME)
    instead: str = ""
    """What the tag says instead, as key=value; empty: it says Bowline."""

    @classmethod
    def on(
        cls, resource: Role | InstanceProfile, reason: str = "", *, instead: str = ""
    ) -> OwnerTag:
        return cls(
            account=resource.account,
            of=resource.kind,
            holder=resource.name,
            reason=reason,
            instead=instead,
        )

    def described(self) -> Iterator[tuple[str, Any]]:
        """Yield the same, without what is usual."""
        for name, value in Resource.described(self):
            if value:
                yield name, value

    @property
    def pair(self) -> tuple[str, str]:
        """Return its key, which IAM has in one spelling at a time, and its value."""
        key, _, value = (self.instead or f"{OWNER_TAG}={OWNER}").partition("=")
        return key, value

    @property
    def name(self) -> str:
        return f"{self.of}/{self.holder}"

    @property
    def tagged(self) -> Key:
        return Key(self.account, self.of, self.holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLinkedRole(Resource):
    """A role that AWS makes for one of its services; its name is the service's."""

    kind: ClassVar[str] = "service-linked role"
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider(Resource):
    """An EKS cluster's issuer as an identity provider; named without `https://`."""

    kind: ClassVar[str] = "OIDC provider"
    name: str
    audience: str = "sts.amazonaws.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterAccess(Resource):
    """An EKS access entry with one policy, and with none of anybody else's."""

    kind: ClassVar[str] = "cluster access"
    region: str
    cluster: str
    principal: str
    policy_arn: str
    """Empty while the entry exists and its policy is not yet associated."""
    namespaces: tuple[str, ...] = ()
    """Empty means the whole cluster."""
    more_policies: tuple[str, ...] = ()
    """ARNs of what others associated in addition."""

    def described(self) -> Iterator[tuple[str, Any]]:
        """Yield the same, without what is usual."""
        for name, value in Resource.described(self):
            if value or name != "more_policies":
                yield name, value

    @property
    def name(self) -> str:
        return f"{self.region}/{self.cluster}/{self.principal}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant(Resource):
    """A grant on a KMS key for a role of AWS's own, made from that role's account.

    KMS takes grants for another account's service-linked role from that account only.
    Grants carry no tags: the name that KMS keeps is Bowline's mark.
    """

    kind: ClassVar[str] = "key grant"
    region: str
    key_arn: str
    grantee: str
    operations: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.region}/{self.key_id}/{self.grantee_account}"

    @property
    def key_id(self) -> str:
        return Arn.of(self.key_arn).name

    @property
    def grantee_account(self) -> str:
        return Arn.of(self.grantee).account

    @property
    def key_owner(self) -> str:
        return Arn.of(self.key_arn).account

    @property
    def crosses_accounts(self) -> bool:
        """Return whether the key's own policy must let the account make it."""
        return self.account != self.key_owner

    @property
    def mark(self) -> str:
        """Name it; one made by the key's own account has another name than one made
        from elsewhere, because KMS makes none that differs only in who asked.
        """
        maker = f"{self.account}/" if self.crosses_accounts else ""
        return f"{OWNER}/{maker}{self.name}"

    @property
    def request(self) -> dict[str, Any]:
        """Return what KMS takes to make it."""
        return {
            "KeyId": self.key_arn,
            "GranteePrincipal": self.grantee,
            "Operations": list(self.operations),
            "Name": self.mark,
        }


KINDS: tuple[type[Resource], ...] = (
    OidcProvider,
    Role,
    InstanceProfile,
    ManagedPolicy,
    Attachment,
    InlinePolicy,
    ServiceLinkedRole,
    ClusterAccess,
    KeyGrant,
    OwnerTag,
)
