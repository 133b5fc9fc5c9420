"""Which organization the managing account belongs to, and which accounts do: asked for
the page that switches from the list of accounts to the organization.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from onboarding.aws.organization.members import organization_accounts, organization_id
from onboarding.aws.session import Sessions
from onboarding.topology import Reach


@dataclass(frozen=True, slots=True)
class Belonging:
    """What Organizations answered."""

    organization: str | None
    """Empty: the account belongs to none; None: it may not be read."""
    account_ids: tuple[str, ...]
    """None where they may not be read."""


def ask_organization(sessions: Sessions, reach: Reach) -> Belonging:
    """Ask Organizations with the managing account's reach; may raise AwsError."""
    members = organization_accounts(sessions, reach).accounts
    ids = tuple(member.account_id for member in members)
    return Belonging(organization_id(sessions, reach), ids)


def belonging_of(answer: dict[str, Any]) -> Belonging:
    """Read what was kept as JSON."""
    return Belonging(answer["organization"], tuple(answer["account_ids"]))
