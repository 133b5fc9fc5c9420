"""Regions as Clouddriver looks them up: with Spinnaker's identity, where accounts are.

It asks for the zones of each region of an account, and loads no account of which
it may not.
"""

from __future__ import annotations

from collections.abc import Iterable

from onboarding.checks import Call, Check
from onboarding.desired.managing import REGION_LOOKUP

FIX = (
    "Spinnaker's identity must be allowed "
    f"{' and '.join(REGION_LOOKUP.actions)}: plan the managing account again. Where a "
    "policy of the organization denies the region, allow it there, or take the region "
    "out of the account."
)


def zone_checks(regions: Iterable[str]) -> tuple[Check, ...]:
    """List what Clouddriver asks for an account in these regions."""
    return tuple(
        Check(
            f"Look up zones in {region} as Spinnaker's identity",
            Call("ec2", "describe_availability_zones", region),
            FIX,
        )
        for region in regions
    )


def listing_check(region: str) -> Check:
    """Return what proves that the identity may look regions up at all."""
    name = "Look up regions as Spinnaker's identity"
    return Check(name, Call("ec2", "describe_regions", region), FIX)
