"""AWS's partitions: their regions, service principals and ARNs.

The one place that writes and reads ARNs; everything else calls `arn()` or `Arn.of()`.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass

from onboarding.names import short

AWS_REGIONS = (
    "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 "
    "ap-south-1 ap-south-2 ap-southeast-1 ap-southeast-2 ap-southeast-3 "
    "ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 "
    "ca-west-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 "
    "eu-west-2 eu-west-3 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1 "
    "us-east-1 us-east-2 us-west-1 us-west-2"
)

ALWAYS_ENABLED = (
    "ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-southeast-1 "
    "ap-southeast-2 ca-central-1 eu-central-1 eu-north-1 eu-west-1 eu-west-2 eu-west-3 "
    "sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2"
)
"""Regions that no account can disable: those from before March 20, 2019."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A separate AWS: its name in ARNs, its regions and its DNS suffix."""

    name: str
    title: str
    regions: tuple[str, ...]
    dns_suffix: str
    home_region: str

    def service_principal(self, service: str) -> str:
        """Name a service in a trust policy: only EC2 has China's own suffix."""
        suffix = self.dns_suffix if service == "ec2" else "amazonaws.com"
        return f"{service}.{suffix}"


PARTITIONS = {
    partition.name: partition
    for partition in (
        Partition(
            name="aws",
            title="AWS",
            regions=tuple(AWS_REGIONS.split()),
            dns_suffix="amazonaws.com",
            home_region="us-east-1",
        ),
        Partition(
            name="aws-us-gov",
            title="AWS GovCloud (US)",
            regions=("us-gov-east-1", "us-gov-west-1"),
            dns_suffix="amazonaws.com",
            home_region="us-gov-west-1",
        ),
        Partition(
            name="aws-cn",
            title="AWS China",
            regions=("cn-north-1", "cn-northwest-1"),
            dns_suffix="amazonaws.com.cn",
            home_region="cn-north-1",
        ),
    )
}


def partition_of(region: str) -> str:
    """Name the partition that has the region; empty where none that is known has."""
    return next((p.name for p in PARTITIONS.values() if region in p.regions), "")


class UnknownRegion(ValueError):
    """A region that the partition does not have; the message names near ones."""

    def __init__(self, region: str, partition: Partition) -> None:
        quoted = short(region)
        near = difflib.get_close_matches(quoted, partition.regions, n=3, cutoff=0.5)
        hint = " or ".join(near) or ", ".join(partition.regions)
        super().__init__(
            f"“{quoted}” isn't a Region of {partition.title}. Did you mean {hint}?"
        )


def known_region(region: str, partition: str) -> str:
    """Return the region; raise UnknownRegion where the partition does not have it."""
    if region not in PARTITIONS[partition].regions:
        raise UnknownRegion(region, PARTITIONS[partition])
    return region


@dataclass(frozen=True, slots=True)
class Arn:
    """An ARN in its parts. Of `*`, or what else is no ARN, all is the resource."""

    partition: str
    service: str
    region: str
    account: str
    resource: str
    """What it names within the account, such as `role/ops/spinnaker`."""

    @classmethod
    def of(cls, text: str) -> Arn:
        parts = text.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn":
            return cls("", "", "", "", text)
        return cls(*parts[1:])

    def __str__(self) -> str:
        if not self.partition:
            return self.resource
        return ":".join(
            (
                "arn",
                self.partition,
                self.service,
                self.region,
                self.account,
                self.resource,
            )
        )

    @property
    def kind(self) -> str:
        """Say what it names: `role` of `role/ops/spinnaker`."""
        return self.resource.partition("/")[0]

    @property
    def name(self) -> str:
        """Return the name without its path: `spinnaker` of `role/ops/spinnaker`."""
        return self.resource.rpartition("/")[2]


def arn(
    partition: str, service: str, account: str, resource: str, *, region: str = ""
) -> str:
    return str(Arn(partition, service, region, account, resource))
