"""desired(topology, account_id): every resource that should stand in an account.

A resource comes before those that need it.
"""

from __future__ import annotations

from onboarding.desired.image_keys import key_grants
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.desired.policy_sets import POLICY_SETS
from onboarding.resources.kinds import Resource
from onboarding.topology import Topology

POLICY_SET = len(POLICY_SETS)
"""The latest policy set; an account remembers on which it stands."""


def desired(topology: Topology, account_id: str) -> tuple[Resource, ...]:
    """List what should stand in that account, as the managing one and as a managed."""
    resources: list[Resource] = []
    if account_id == topology.managing.account_id:
        resources += managing_side(topology)
        for managed in topology.managed:
            resources += key_grants(topology.managing, managed)
    for managed in topology.managed:
        if managed.account_id == account_id:
            resources += managed_side(topology.managing, managed)
    return tuple(resources)
