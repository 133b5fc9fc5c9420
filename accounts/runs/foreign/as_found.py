"""What was read of roles in AWS is kept for whoever reviews them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from django.utils import timezone

from accounts.models import FoundRoles
from onboarding.aws.errors import AwsError
from onboarding.desired import assume_list
from onboarding.resources.kinds import Role
from onboarding.resources.plan import Change, as_found
from onboarding.review.as_found import found_roles, planned_digest

if TYPE_CHECKING:
    from accounts.runs.scope import Comparison, Side
    from onboarding.aws.session import Sessions

Taken = FoundRoles.Taken
MOST_DIFFERING = 20


def compared_now(
    side: Side, sessions: Sessions, *, just_read: bool = False
) -> Comparison:
    """Compare with AWS, and keep why the roles could not be read where they could not;
    raise as Side.compared does.
    """
    try:
        return side.compared(sessions, just_read=just_read)
    except AwsError as error:
        if not side.removes:
            keep_unread(side, error.message, timezone.now())
        raise


def keep_unread(side: Side, why: str, at: datetime) -> None:
    FoundRoles.objects.keep(side.account, unread=why, unread_at=at)


def keep_as_found(read: Iterable[tuple[Side, Comparison]], at: datetime) -> None:
    """Keep what was found on each side whose roles stay, or why it could not be read.

    Come last in a transaction: all runs write the row of the managing account.
    """
    for side, one in read:
        if side.removes:
            continue
        if one.unread:
            keep_unread(side, one.unread, at)
            continue
        foreign = (*one.foreign, *one.accepted)
        roles = found_roles(one.observed, foreign, one.boundaries)
        FoundRoles.objects.keep(
            side.account,
            read_at=one.read_at or at,
            roles=[role.as_json() for role in roles],
            planned=planned_digest(side.wanted),
            differs=list(differing(side, one)),
            taken=taken(side, one),
            unread="",
            unread_at=None,
        )


def taken(side: Side, one: Comparison) -> str:
    """Say how far the roles of before Bowline were taken over; empty: there are none,
    or nobody chose to keep them.
    """
    if not side.adopts:
        return ""
    pairs = existing(side, one)
    theirs = [(before, after) for before, after in pairs if not before.owned]
    if not theirs:
        return Taken.OWNED if pairs else ""
    trusts_others = any(before.trust != after.trust for before, after in theirs)
    if FoundRoles.objects.of(side.account).exclude(managed_by={}).exists():
        differs = one.foreign or one.changes or trusts_others
        return Taken.OUTSIDE if differs else Taken.KEPT
    if one.foreign:
        return Taken.POLICIES
    return Taken.TRUST if trusts_others else Taken.TAG


def existing(side: Side, one: Comparison) -> list[tuple[Role, Role]]:
    """Pair each wanted role that exists, as it was found, with itself as planned."""
    found = {role.key: role for role in one.observed if isinstance(role, Role)}
    return [
        (found[role.key], role)
        for role in side.wanted
        if isinstance(role, Role) and role.key in found
    ]


def differing(side: Side, one: Comparison) -> Iterator[str]:
    """Say what differs; what the list of accounts gains or loses is no difference of
    the identity's.
    """
    changes: Iterable[Change] = one.changes
    if side.account is None:
        _, changes = assume_list.split(one.changes)
    said = list(map(difference_of, changes))
    yield from said[:MOST_DIFFERING]
    if more := said[MOST_DIFFERING:]:
        yield f"{len(more)} more"


def difference_of(change: Change) -> str:
    """Say what differs, and what could be done because of it."""
    found = as_found(change)
    return f"{worded(change)} (as found: {found})" if found else worded(change)


def worded(change: Change) -> str:
    return f"{change.verb} {change.resource.kind} {change.resource.name}"
