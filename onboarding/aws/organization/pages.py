"""The organization's units, accounts and tags, a page a call: whoever reads thousands
of accounts continues where the last call ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from onboarding.aws.client import AccountClient
from onboarding.aws.errors import AwsError
from onboarding.aws.organization.members import MemberAccount

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
