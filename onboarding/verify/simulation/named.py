"""Resources of an account that are asked about by their own ARNs, as far as known.

Of all others, one that a pattern matches represents them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from onboarding.partitions import Arn
from onboarding.providers.base import providers_of
from onboarding.resources.kinds import Role
from onboarding.resources.wildcards import matches
from onboarding.subnets import purpose_of, purposes
from onboarding.topology import Managed, Managing
from onboarding.verify.conditions import Context, Sent

MOST_SUBNETS = 20
"""Of one Region, by ARN: each is one more resource of a simulation."""
TAGS = ("aws:ResourceTag", "ec2:ResourceTag")


@dataclass(frozen=True, slots=True)
class Subnet:
    """A subnet that can be chosen for a deployment, as AWS listed it."""

    arn: str
    sent: Sent
    """What AWS knows of it where it judges a call."""

    @classmethod
    def of(cls, listed: Mapping[str, Any], region: str, managing: Managing) -> Subnet:
        name, owner = listed["SubnetId"], listed.get("OwnerId", "")
        vpc = managing.arn("ec2", owner, f"vpc/{listed.get('VpcId', '')}", region)
        tags = {tag["Key"]: tag["Value"] for tag in listed.get("Tags", ())}
        sent = {("ec2:SubnetID", name), ("ec2:Vpc", vpc)}
        sent |= {(f"{key}/{k}", v) for key in TAGS for k, v in tags.items()}
        if zone := listed.get("AvailabilityZone"):
            sent.add(("ec2:AvailabilityZone", zone))
        arn = listed.get("SubnetArn") or managing.arn(
            "ec2", owner, f"subnet/{name}", region
        )
        return cls(arn, frozenset(sent))

    @property
    def known(self) -> Context:
        """Return what AWS knows of it, by key in lower case."""
        others = {f"{key}/*".lower(): None for key in TAGS}
        return others | {key.lower(): value for key, value in self.sent}


@dataclass(frozen=True, slots=True)
class Named:
    """What is known by its ARN."""

    roles: tuple[str, ...] = ()
    """Of roles that the plan names."""
    subnets: Mapping[str, Subnet] = field(default_factory=dict)
    """By ARN."""

    @classmethod
    def of(
        cls, managing: Managing, managed: Managed, subnets: Iterable[Subnet] = ()
    ) -> Named:
        roles = [
            managing.arn("iam", managed.account_id, f"role{role.path}{role.name}")
            for provider in providers_of(managed)
            for role in provider.resources(managing, managed)
            if isinstance(role, Role)
        ]
        return cls(tuple(roles), {subnet.arn: subnet for subnet in subnets})

    def fitting(self, pattern: str, region: str) -> list[str]:
        """Return those in the Region that a pattern of a grant is about; subnets may be
        shared by another account.
        """
        wanted = Arn.of(pattern)
        anywhere = str(replace(wanted, region=region, account="*"))
        found = [arn for arn in self.roles if matches(arn, pattern)]
        return found + [arn for arn in self.subnets if matches(arn, anywhere)]


def usable_subnets(
    listed: Iterable[Mapping[str, Any]], region: str, managing: Managing
) -> Iterator[Subnet]:
    """Yield the subnets that Spinnaker offers, at most MOST_SUBNETS."""
    every = list(listed)
    offered = purposes(every)
    usable = [subnet for subnet in every if purpose_of(subnet) in offered]
    for subnet in usable[:MOST_SUBNETS]:
        yield Subnet.of(subnet, region, managing)
