"""What Spinnaker may do in an account, who may assume the role, and how AWS was."""

from __future__ import annotations

from typing import Any

from accounts.mapping.managing import managing_row
from accounts.models import ManagedAccount
from accounts.models.states import State
from accounts.review.as_found import Reading
from onboarding.desired import desired
from onboarding.desired.image_keys import key_policy_statements
from onboarding.desired.managing import identity
from onboarding.partitions import Arn
from onboarding.resources.kinds import KeyGrant, Role
from onboarding.review import power_user
from onboarding.review.lint import explained
from onboarding.review.permissions import (
    folders,
    identity_trust,
    managed_review,
    managing_topics,
    other_roles,
)
from onboarding.review.trust_chain import trust_chain
from onboarding.topology import Managed, Managing, Topology

VERIFIED = (State.VERIFIED, State.EVALUATED)


def reviewed(
    managing: Managing, managed: Managed, account: ManagedAccount
) -> dict[str, Any]:
    """Return what a reviewer reads: what is planned, and what AWS had of it."""
    review = managed_review(managing, managed)
    resources = desired(Topology(managing, (managed,)), managed)
    reading, managings = Reading.of(account), Reading.of(managing_row())
    planned = {r.name: r for r in resources if isinstance(r, Role)}
    found = {name: reading.role_said(role) for name, role in planned.items()}
    identity_role = next((r for r in identity(managing) if isinstance(r, Role)), None)
    chain = trust_chain(managing, managed, review)
    role = managing.role_of(managed).name
    identity_topics = managing_topics(managing)
    grants = [r for r in resources if isinstance(r, KeyGrant)]
    elsewhere = next((grant for grant in grants if grant.crosses_accounts), None)
    return {
        "managing": managing,
        "has_providers": bool(managed.providers),
        "review": review,
        "reading": reading,
        "verdict": reading.verdict(resources, is_edited=reading.is_edited(resources)),
        "is_as_verified": account.state in VERIFIED and reading.is_exact(resources),
        "found": found.get(role),
        "other_assumers": (
            reading.others_who_can_assume(planned[role]) if role in planned else []
        ),
        "size": reading.size(role, review),
        "managings": managings,
        "identity_verdict": managings.verdict(
            [identity_role] if identity_role else [], is_edited=None
        ),
        "identity_found": (
            managings.role_said(identity_role) if identity_role else None
        ),
        "chain": chain,
        "other_roles": [
            (one, found[Arn.of(one.arn).name])
            for one in other_roles(managing, managed, resources)
        ],
        "key_grants": grants,
        "key_policy": key_policy_statements(elsewhere) if elsewhere else [],
        "lint": explained(review.topics),
        "power_user_version": power_user.VERSION,
        "identity_topics": identity_topics,
        "identity_trust": identity_trust(managing),
        "is_user": Arn.of(managing.identity_arn).kind == "user",
        "identity_lint": explained(identity_topics),
        "folders": folders(*review.topics, *identity_topics).items(),
    }
