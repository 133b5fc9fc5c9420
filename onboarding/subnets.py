"""Which subnets Spinnaker can deploy to: those with a purpose, as Clouddriver reads it,
and with a free address.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

METADATA = "immutable_metadata"
FOR_LOAD_BALANCERS = "elb"
PARTS = 3
"""Of a name: the VPC, the purpose, anything. With two or four it has no purpose."""


def purposes(subnets: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Return the purposes for which a server group can be deployed; one that has
    subnets of several VPCs, full ones too, is ignored.
    """
    vpcs: dict[str, set[str]] = {}
    roomy: set[str] = set()
    for subnet in subnets:
        if purpose := purpose_of(subnet):
            vpcs.setdefault(purpose, set()).add(subnet.get("VpcId", ""))
            if not is_full(subnet):
                roomy.add(purpose)
    return frozenset(purpose for purpose in roomy if len(vpcs[purpose]) == 1)


def is_full(subnet: Mapping[str, Any]) -> bool:
    """Return whether no instance gets an address; AWS counts those of IPv4 only."""
    count = subnet.get("AvailableIpAddressCount")
    return count == 0 and not subnet.get("Ipv6Native", False)


def purpose_of(subnet: Mapping[str, Any]) -> str:
    """Return the purpose of a subnet; empty where it has none, or is for load balancers
    only.
    """
    tags = {tag["Key"]: tag["Value"] for tag in subnet.get("Tags", ())}
    metadata = metadata_of(tags.get(METADATA, ""))
    if metadata.get("target") == FOR_LOAD_BALANCERS:
        return ""
    if purpose := metadata.get("purpose"):
        return str(purpose)
    names = (value for key, value in tags.items() if key.lower() == "name")
    parts = next(names, "").split(".")
    return f"{parts[1]} ({parts[0]})" if len(parts) == PARTS and parts[1] else ""


def metadata_of(text: str) -> dict[str, Any]:
    """Read the tag; Clouddriver goes by the name where it is no JSON."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
