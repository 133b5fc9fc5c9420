"""The way from listed accounts to a whole organization's: what changes in AWS by it."""

from __future__ import annotations

from typing import NamedTuple

from accounts.mapping.managing import managing_of
from accounts.models import Lookup, ManagedAccount, ManagingAccount
from accounts.organization import organization_of
from onboarding.aws.discover import Members
from onboarding.desired.capacity import Capacity, assume_policy_names

UNKNOWN = "Bowline cannot read which accounts belong to it."

MOST_NAMED = 10
"""So many accounts outside are named; the rest are counted."""


class Switch(NamedTuple):
    stays: str
    """The policy that holds one line then."""
    goes: tuple[str, ...]
    """The policies that are detached and deleted."""
    roles: str
    """The ARN of that line."""


class OrganizationAnswer(NamedTuple):
    """What AWS answered: the organization, or nothing, and what is known by that."""

    organization: str
    sentence: str
    membership: str = UNKNOWN
    """Whether all accounts that stand belong to it, or those that do not."""


def switch_of(row: ManagingAccount, room: Capacity) -> Switch:
    managing = managing_of(row)
    stays, *goes = assume_policy_names(managing, max(room.assumed, 1))
    return Switch(stays, tuple(goes), managing.managed_role_arn("*"))


def answered_organization(row: ManagingAccount, lookup: Lookup) -> OrganizationAnswer:
    """Say which organization the managing account belongs to, as AWS answered."""
    if lookup.answer is None:
        return OrganizationAnswer(
            "", f"{lookup.message} {lookup.hint} Type the id below."
        )
    organization = organization_of(lookup.answer)
    found = organization.id
    if found is None:
        return OrganizationAnswer(
            "",
            f"Bowline may not read which organization {row.name} belongs to "
            "(organizations:DescribeOrganization). Type the id below.",
        )
    if not found:
        return OrganizationAnswer(
            "",
            f"{row.name} belongs to no organization, says AWS, so its accounts must "
            "stay listed.",
            membership="",
        )
    sentence = (
        f"{row.name} belongs to {found}, says AWS. It stands below, and nothing is "
        "saved yet."
    )
    return OrganizationAnswer(found, sentence, membership(organization.members))


def membership(members: Members) -> str:
    """Say which accounts that stand are no members, where members may be read."""
    if not members.accounts:
        return UNKNOWN
    inside = {member.account_id for member in members.accounts}
    rows = ManagedAccount.objects.existing().in_aws_provider().order_by("name")
    existing = list(rows.values_list("account_id", "name"))
    outside = [name for account_id, name in existing if account_id not in inside]
    if not existing:
        return ""
    if not outside:
        return f"All {len(existing):,} that stand belong to it, says AWS."
    more = f", and {len(outside) - MOST_NAMED:,} more" if outside[MOST_NAMED:] else ""
    named = ", ".join(outside[:MOST_NAMED])
    verb = "does" if len(outside) == 1 else "do"
    return f"{named}{more} {verb} not belong to it, says AWS."
