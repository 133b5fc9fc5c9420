"""The accounts of the organization, and which organization an account belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef


@dataclass(frozen=True, slots=True)
class MemberAccount:
    account_id: str
    name: str
    email: str
    state: str
    """AWS's own word: ACTIVE, SUSPENDED, PENDING_CLOSURE …"""
    joined_at: datetime | None = None

    @classmethod
    def of(cls, answered: AccountTypeDef) -> MemberAccount:
        """Read what Organizations answers of an account."""
        return cls(
            answered["Id"],
            answered.get("Name", ""),
            answered.get("Email", ""),
            # AWS retired Status in September 2026; not every endpoint knows State.
            answered.get("State") or answered.get("Status", ""),
            answered.get("JoinedTimestamp"),
        )

    @property
    def active(self) -> bool:
        return self.state == "ACTIVE"


@dataclass(frozen=True, slots=True)
class Members:
    """An organization's accounts; none and a sentence where they may not be read."""

    accounts: tuple[MemberAccount, ...] = ()
    sentence: str = ""
    hint: str = ""
    """Who must be allowed what; empty where there is no organization to ask."""


def organization_accounts(sessions: Sessions, reach: Reach) -> Members:
    """List the organization's accounts, read from its managing account or delegate."""
    client = AccountClient.of(sessions, reach)
    try:
        found = client.call_all(
            client.organizations.list_accounts, "list the organization's accounts"
        )
    except AwsError as error:
        if not (error.denied or is_alone(error)):
            raise
        return Members(
            sentence=f"{error.message} Enter the account IDs instead.",
            hint=error.hint if error.denied else "",
        )
    return Members(tuple(map(MemberAccount.of, found["Accounts"])))


def organization_id(sessions: Sessions, reach: Reach) -> str | None:
    """Return the id of the account's organization; empty where there is none, and None
    where it may not be read.
    """
    client = AccountClient.of(sessions, reach)
    try:
        found = client.call(
            client.organizations.describe_organization, "read the organization"
        )
    except AwsError as error:
        if is_alone(error):
            return ""
        if error.unread:
            return None
        raise
    return found["Organization"]["Id"]


def is_alone(error: AwsError) -> bool:
    return error.code == "AWSOrganizationsNotInUseException"
