"""The role by which Bowline reads what exists in an account, and changes nothing."""

from __future__ import annotations

from onboarding.access_role import looking
from onboarding.resources.kinds import InlinePolicy, Resource, Role
from onboarding.resources.policy import Policy
from onboarding.topology import READER_ROLE, Managed, Managing


def reader_role(managing: Managing, managed: Managed) -> tuple[Resource, ...]:
    """Describe the role and its policy. It trusts Bowline's own principal only."""
    trusted = {"Principal": {"AWS": managing.bowline}, "Action": "sts:AssumeRole"}
    role = Role(
        account=managed.account_id,
        name=READER_ROLE,
        trust=Policy.allowing(trusted),
        boundary=managing.boundary_in(managed.account_id),
        reason="Bowline reads what exists through this role, and cannot change it.",
    )
    policy = InlinePolicy(
        account=managed.account_id,
        role=READER_ROLE,
        policy="BowlineLook",
        document=Policy.allowing(looking()),
        reason="What Bowline reads to compare the roles with what was handed off.",
    )
    return role, policy
