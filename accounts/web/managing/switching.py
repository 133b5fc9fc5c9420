"""The way from listed accounts to a whole organization's: what changes in AWS by it."""

from __future__ import annotations

from typing import NamedTuple

from accounts.discover.organization.asked import belonging_of
from accounts.mapping.managing import managing_of
from accounts.models import Lookup, ManagedAccount, ManagingAccount
from onboarding.desired.capacity import Capacity, assume_policy_names

UNKNOWN = "Bowline cannot read which accounts belong to it."

MOST_NAMED = 10
"""The most accounts outside that are named; the rest are counted."""


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
    """Whether all existing accounts belong to it, or those that do not."""


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
    belonging = belonging_of(lookup.answer)
    found = belonging.organization
    if found is None:
        return OrganizationAnswer(
            "",
            f"Bowline is not allowed to read the organization of {row.name} "
            "(organizations:DescribeOrganization). Type the id below.",
        )
    if not found:
        return OrganizationAnswer(
            "",
            f"AWS says that {row.name} does not belong to an organization, so its "
            "accounts must stay listed.",
            membership="",
        )
    sentence = (
        f"AWS says that {row.name} belongs to {found}. It is filled in below. Nothing "
        "is saved yet."
    )
    return OrganizationAnswer(found, sentence, membership({*belonging.account_ids}))


def membership(inside: set[str]) -> str:
    """Name the existing accounts that are not members, if members can be read."""
    if not inside:
        return UNKNOWN
    rows = ManagedAccount.objects.existing().in_aws_provider().order_by("name")
    existing = list(rows.values_list("account_id", "name"))
    outside = [name for account_id, name in existing if account_id not in inside]
    if not existing:
        return ""
    if not outside:
        return f"All {len(existing):,} existing accounts belong to it, AWS says."
    more = f", and {len(outside) - MOST_NAMED:,} more" if outside[MOST_NAMED:] else ""
    named = ", ".join(outside[:MOST_NAMED])
    verb = "does" if len(outside) == 1 else "do"
    return f"{named}{more} {verb} not belong to it, AWS says."
