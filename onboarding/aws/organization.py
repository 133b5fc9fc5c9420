"""The organization's units and accounts, a page a call."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.topology import Reach

if TYPE_CHECKING:
    from mypy_boto3_organizations.type_defs import AccountTypeDef

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Unit:
    """The root or an organizational unit."""

    unit_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page(Generic[Found]):
    """What one call answered. A page may be empty although more pages follow."""

    found: tuple[Found, ...]
    token: str
    """Of the next page; empty: this is the last one."""


def roots(client: AccountClient, token: str) -> Page[Unit]:
    method = client.organizations.list_roots
    answer = client.call(method, "list the organization's root", **after(token))
    return Page(units_of(answer["Roots"]), answer.get("NextToken", ""))


def units_below(client: AccountClient, parent: str, token: str) -> Page[Unit]:
    """List the units directly below a root or a unit."""
    answer = client.call(
        client.organizations.list_organizational_units_for_parent,
        f"list the organizational units below {parent}",
        ParentId=parent,
        **after(token),
    )
    return Page(units_of(answer["OrganizationalUnits"]), answer.get("NextToken", ""))


def accounts_in(client: AccountClient, parent: str, token: str) -> Page[MemberAccount]:
    """List the accounts directly in a root or a unit."""
    answer = client.call(
        client.organizations.list_accounts_for_parent,
        f"list the accounts in {parent}",
        ParentId=parent,
        **after(token),
    )
    return Page(members_of(answer["Accounts"]), answer.get("NextToken", ""))


def accounts_anywhere(client: AccountClient, token: str) -> Page[MemberAccount]:
    """List the accounts without their units."""
    method = client.organizations.list_accounts
    answer = client.call(method, "list the organization's accounts", **after(token))
    return Page(members_of(answer["Accounts"]), answer.get("NextToken", ""))


def member(client: AccountClient, account_id: str) -> MemberAccount | None:
    """Read one account; None where it does not belong to the organization."""
    try:
        answer = client.call(
            client.organizations.describe_account,
            f"read the account {account_id}",
            AccountId=account_id,
        )
    except AwsError as error:
        if error.code == "AccountNotFoundException":
            return None
        raise
    return MemberAccount.of(answer["Account"])


def tags_of(client: AccountClient, account_id: str) -> dict[str, str]:
    """Read an account's tags; none where it left the organization meanwhile."""
    try:
        answer = client.call_all(
            client.organizations.list_tags_for_resource,
            f"list the tags of account {account_id}",
            ResourceId=account_id,
        )
    except AwsError as error:
        if error.code == "TargetNotFoundException":
            return {}
        raise
    return {tag["Key"]: tag["Value"] for tag in answer["Tags"]}


def is_outdated_token(error: AwsError) -> bool:
    """Return whether AWS no longer knows where the last page ended."""
    return error.code == "InvalidInputException"


def is_gone(error: AwsError) -> bool:
    """Return whether the unit was deleted meanwhile."""
    return error.code == "ParentNotFoundException"


def after(token: str) -> Any:
    return {"NextToken": token} if token else {}


def units_of(answered: Iterable[Any]) -> tuple[Unit, ...]:
    return tuple(Unit(unit["Id"], unit["Name"]) for unit in answered)


def members_of(answered: Iterable[AccountTypeDef]) -> tuple[MemberAccount, ...]:
    return tuple(map(MemberAccount.of, answered))


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
