"""The way from listed accounts to a whole organization's: what changes in AWS by it."""

from __future__ import annotations

from typing import NamedTuple

from accounts.discover.in_aws import belonging_of
from accounts.mapping.managed import assumed_roles
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount, ManagingAccount, Question
from accounts.wording import first_of, for_count
from onboarding.desired.capacity import ASSUME_POLICY, assume_policy_names
from onboarding.desired.managing import is_usual

UNKNOWN = "Bowline can't read which accounts belong to the organization."

MOST_NAMED = 10
"""The most accounts outside that are named; the rest are counted."""


class Switch(NamedTuple):
    stays: str
    """The policy that holds one line then."""
    listed: int
    """How many roles are listed."""
    today: tuple[str, ...]
    """The policies that list them."""
    goes: tuple[str, ...]
    """Those that are detached and deleted."""
    roles: str
    """The ARN of that line."""
    has_own: bool = False
    """Whether accounts have managed roles of their own, which stay listed."""


class OrganizationAnswer(NamedTuple):
    """What AWS answered: the organization, or nothing, and what is known by that."""

    organization: str
    sentence: str
    membership: str = UNKNOWN
    """Whether all existing accounts belong to it, or those that do not."""


def switch_of(row: ManagingAccount) -> Switch:
    managing = managing_of(row)
    listed = assumed_roles(managing)
    own = [role for role in listed if not is_usual(managing, role)]
    today = assume_policy_names(listed)
    goes = today[1 + len(assume_policy_names(own)) :]
    roles = managing.managed_role_arn("*")
    return Switch(ASSUME_POLICY, len(listed), today, goes, roles, has_own=bool(own))


def answered_organization(row: ManagingAccount, lookup: Question) -> OrganizationAnswer:
    """Say which organization the managing account belongs to, as AWS answered."""
    if lookup.answer is None:
        return OrganizationAnswer(
            "", f"{lookup.message} {lookup.hint} Enter the ID below."
        )
    belonging = belonging_of(lookup.answer)
    found = belonging.organization
    if found is None:
        return OrganizationAnswer(
            "",
            f"Bowline isn't allowed to read the organization of {row.name} "
            "(organizations:DescribeOrganization). Enter the ID below.",
        )
    if not found:
        return OrganizationAnswer(
            "",
            (
                f"According to AWS, {row.name} doesn't belong to an organization, so "
                "the accounts must stay listed."
            ),
            membership="",
        )
    sentence = (
        f"According to AWS, {row.name} belongs to {found}. The ID is filled in below. "
        "Nothing is saved yet."
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
        return for_count(
            len(existing),
            "According to AWS, the existing account belongs to the organization.",
            "According to AWS, all {count} existing accounts belong to the "
            "organization.",
        )
    named = first_of(outside, MOST_NAMED)
    verb = for_count(len(outside), "doesn't", "don't")
    return f"According to AWS, {named} {verb} belong to the organization."
