"""What is found of others' policies and roles is kept for whoever reviews them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from uuid import UUID

from django.utils import timezone

from accounts.models import ForeignPolicy, FoundRoles
from accounts.models.checks import PASSED, WRITES, is_passed
from onboarding.aws.errors import AwsError
from onboarding.checks import Outcome
from onboarding.desired import assume_list
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, Role
from onboarding.resources.plan import Change, as_found
from onboarding.resources.risks import Topic
from onboarding.resources.take_over import is_left
from onboarding.review.as_found import found_roles, planned_digest
from onboarding.verify.result import COMPARED, Located, Result, command
from onboarding.verify.trust import REPLACE

if TYPE_CHECKING:
    from accounts.runs.scope import Comparison, Side
    from onboarding.aws.session import Sessions

Seen: TypeAlias = list[tuple[UUID | None, dict[str, Any]]]
"""What is kept of each account's roles."""
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
            why = {"unread": error.message, "unread_at": timezone.now()}
            FoundRoles.objects.keep(side.account, **why)
        raise


def seen_in(read: Iterable[tuple[Side, Comparison]], at: datetime) -> Seen:
    """Say what was found on each side whose roles stay, or why it could not be read.

    Come before any transaction: others' policies may take long.
    """
    return [
        (side.account, seen_on(side, one, at)) for side, one in read if not side.removes
    ]


def seen_on(side: Side, one: Comparison, at: datetime) -> dict[str, Any]:
    if one.unread:
        return {"unread": one.unread, "unread_at": at}
    foreign = (*one.foreign, *one.accepted)
    roles = found_roles(one.observed, foreign, one.boundaries)
    return {
        "read_at": one.read_at or at,
        "roles": [role.as_json() for role in roles],
        "planned": planned_digest(side.wanted),
        "differs": list(differing(side, one)),
        "taken": taken(side, one),
        "unread": "",
        "unread_at": None,
    }


def keep_as_found(seen: Seen) -> None:
    """Come last in a transaction: all runs write the row of the managing account."""
    for account, found in seen:
        FoundRoles.objects.keep(account, **found)


def taken(side: Side, one: Comparison) -> str:
    """Say how far the roles of before Bowline were taken over; empty: there are none,
    or nobody chose to keep them. Roles whose trust is left as it is hold up nothing.
    """
    if not side.adopts:
        return ""
    pairs = existing(side, one)
    theirs = [(before, after) for before, after in pairs if not before.owned]
    if not theirs:
        return Taken.OWNED if pairs else ""
    left = [one for one in theirs if is_left(*one)]
    differ = sum(before.trust != after.trust for before, after in theirs)
    trusts_others = differ > len(left)
    if FoundRoles.objects.of(side.account).exclude(managed_by={}).exists():
        differs = one.foreign or one.changes or trusts_others
        return Taken.OUTSIDE if differs else Taken.KEPT
    if one.foreign:
        return Taken.POLICIES
    if trusts_others:
        return Taken.TRUST
    return Taken.TAG if len(theirs) > len(left) else Taken.OWNED


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


NO_ONE_ELSES = "No unapproved policies in {}"
PLAN_AGAIN = (
    "Plan again: the plan takes it off the role. Or ask an approver to accept it on "
    "the page of {}."
)
DETACH = (
    "Detach it on the page of {}, under Existing roles: you can undo each step. Or ask "
    "an approver to accept it there."
)
OWNER = "The role's owner removes it, or an approver accepts it on the page of {}."


def of_others(side: Side, one: Comparison) -> Result:
    """Say whether the side's roles may do what nobody approved.

    Where roles were there before Bowline it is listed and fails nothing, unless anybody
    in AWS can assume one.
    """
    name = NO_ONE_ELSES.format(side.place)
    if not (one.foreign or one.beyond):
        accepted = ", ".join(
            f"{it.policy} on role {it.resource.role}" for it in one.accepted
        )
        return Result(
            COMPARED,
            name,
            Outcome.PASSED,
            f"Accepted: {accepted}." if accepted else "",
        )
    removable = any(it.removable for it in one.foreign)
    is_open = Topic.EVERYONE in {risk.topic for risk in one.beyond}
    sentences = [it.sentence for it in one.foreign]
    sentences += [
        f"{risk.key.kind} {risk.key.name}: {risk.sentence}" for risk in one.beyond
    ]
    fails = removable or is_open or not side.adopts
    # Of an account's existing roles, steps with an undo take off what others gave.
    by_steps = side.adopts and side.account is not None and side.reach.writes
    if removable:
        fix = PLAN_AGAIN
    else:
        # A trust policy can't be detached.
        of_roles = {risk.key.kind for risk in one.beyond} == {Role.kind}
        by_trust = is_open or (of_roles and not one.foreign)
        fix = (REPLACE if by_trust else DETACH) if by_steps else OWNER
    return Result(
        COMPARED,
        name,
        Outcome.FAILED if fails else Outcome.NOT_TESTABLE,
        " ".join(sentences),
        fix.format(side.account_name),
        located=Located.THEIR_TRUST if is_open and by_steps else "",
        change="" if removable or by_steps else "\n".join(map(removing, one.foreign)),
    )


def removing(foreign: Foreign) -> str:
    """Write the command by which the role's owner removes it."""
    one = foreign.resource
    if isinstance(one, Attachment):
        verb, policy = "detach-role-policy", ("--policy-arn", one.policy_arn)
    else:
        verb, policy = "delete-role-policy", ("--policy-name", one.policy)
    return command("iam", verb, "--role-name", one.role, *policy)


class OnPassed(NamedTuple):
    """What is on roles that Spinnaker may only pass."""

    policies: tuple[Foreign, ...] = ()
    is_whole: bool = False
    """Whether all of the roles was read, so that what is left out is gone."""


UNREAD = OnPassed()


def keep_all_foreign(
    compared: Iterable[tuple[Side, Comparison]],
    at: datetime,
    passed: Mapping[UUID | None, OnPassed] = MappingProxyType({}),
) -> bool:
    """Keep what was found on each side whose roles stay, and could be read; return
    whether anything was found for the first time. `passed`: by account, if it was read.
    """
    new = [
        keep_foreign(
            side.account,
            (*one.foreign, *one.accepted),
            at,
            passed.get(side.account, UNREAD),
        )
        for side, one in compared
        if not (side.removes or one.unread)
    ]
    return any(new)


def keep_foreign(
    account: UUID | None,
    found: Iterable[Foreign],
    at: datetime,
    passed: OnPassed = UNREAD,
) -> bool:
    """List what was found, with what was said of it before, and forget what is gone;
    return whether anything is new.
    """
    kinds = {one: one.resource.kind for one in found}
    kinds |= {one: f"{PASSED}{one.resource.kind}" for one in passed.policies}
    policies = {one.digest: one for one in kinds}
    rows = ForeignPolicy.objects.of(account).exclude(kind=WRITES)
    listed = rows.values_list("digest", "alike", "kind")
    known = {digest: alike for digest, alike, _ in listed}
    gone = {
        digest
        for digest, _, kind in listed
        if digest not in policies and (passed.is_whole or not is_passed(kind))
    }
    if gone:
        rows.filter(digest__in=gone).delete()
    for digest in known.keys() & policies:
        if known[digest] != (alike := alike_of(account, policies[digest])):
            rows.filter(digest=digest).update(alike=alike)
    ForeignPolicy.objects.bulk_create(
        [
            ForeignPolicy(
                account_id=account,
                role=one.resource.role,
                policy=one.policy,
                kind=kinds[one],
                policy_arn=one.policy_arn,
                document=one.document.document if one.document else None,
                effects=list(one.effects),
                digest=digest,
                alike=alike_of(account, one),
                removable=one.removable,
                found_at=at,
            )
            for digest, one in policies.items()
            if digest not in known
        ],
        ignore_conflicts=True,
    )
    return bool(policies.keys() - known)


def alike_of(account: UUID | None, one: Foreign) -> str:
    """Say what it is decided with: in the managing account, it is decided by itself."""
    return one.alike if account else one.digest
