"""desired(): every resource that should exist for an account. The only producer.

A resource comes before those that need it.
"""

from __future__ import annotations

from onboarding.desired.capacity import POLICY_SETS
from onboarding.desired.image_keys import key_grants
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.resources.kinds import Resource
from onboarding.topology import Managed, Managing, Topology

POLICY_SET = len(POLICY_SETS)
"""The latest policy set; each account keeps the number of the one that it has."""


def desired(topology: Topology, of: Managing | Managed) -> tuple[Resource, ...]:
    """List what should exist for one of the topology's accounts, wherever it is.

    For the managing account: Spinnaker's identity, and what it may assume. For a
    managed account: its roles, and its grants on the managing account's image keys.
    Raise QuotaExceeded where AWS would refuse it.
    """
    match of:
        case Managing():
            return tuple(managing_side(of, topology.assumed))
        case managed:
            managing = topology.managing
            return (*managed_side(managing, managed), *key_grants(managing, managed))


def desired_in(topology: Topology, account_id: str) -> tuple[Resource, ...]:
    """List what should exist in that AWS account, whichever accounts it is for."""
    managing = topology.managing
    is_managing = account_id == managing.account_id
    resources = list(desired(topology, managing)) if is_managing else []
    for managed in topology.managed:
        if managed.account_id == account_id:
            resources += desired(topology, managed)
    return tuple(r for r in resources if r.account == account_id)
