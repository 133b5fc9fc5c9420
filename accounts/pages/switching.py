"""The way from listed accounts to a whole organization's: what changes in AWS by it."""

from __future__ import annotations

from typing import NamedTuple

from accounts.models import ManagingAccount
from accounts.topologies import managing_of, managing_reach
from onboarding.aws.discover import organization_id
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.managing_side import Capacity, assume_names


class Switch(NamedTuple):
    stays: str
    """The policy that holds one line then."""
    goes: tuple[str, ...]
    """The policies that are detached and deleted."""
    roles: str
    """The ARN of that line."""


class Asked(NamedTuple):
    """What AWS answered: the organization, or nothing, and a sentence in any case."""

    organization: str
    sentence: str


def switch_of(row: ManagingAccount, room: Capacity) -> Switch:
    managing = managing_of(row)
    stays, *goes = assume_names(managing, max(room.assumed, 1))
    return Switch(stays, tuple(goes), managing.managed_role_arn("*"))


def asked_organization(row: ManagingAccount, sessions: Sessions) -> Asked:
    """Ask which organization the managing account belongs to; raises nothing."""
    try:
        found = organization_id(sessions, managing_reach(managing_of(row)))
    except AwsError as error:
        return Asked("", f"{error.message} {error.hint} Type the id below.")
    if found:
        return Asked(
            found,
            f"{row.name} belongs to {found}, says AWS. It stands below, and nothing is "
            "saved yet.",
        )
    if found is None:
        return Asked(
            "",
            f"Bowline may not read which organization {row.name} belongs to "
            "(organizations:DescribeOrganization). Type the id below.",
        )
    return Asked(
        "",
        f"{row.name} belongs to no organization, says AWS, so its accounts must stay "
        "listed.",
    )
