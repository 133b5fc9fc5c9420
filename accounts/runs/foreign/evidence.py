"""What is known of policies of others, and of roles that Spinnaker may pass.

They are other people's. What makes one of them an administrator is listed, asked about,
and accepted as policies of others are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from datetime import timedelta
from functools import cache, partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from accounts.mapping.plans import others_of
from accounts.models import FoundRoles, Run
from accounts.models.checks import Evidence, Other, Use
from accounts.runs.foreign.keeping import OnPassed, existing, removing
from accounts.runs.foreign.taking_over import taken_by
from accounts.runs.scope import accepted_in
from accounts.wording import counted, first_of, listed
from onboarding.aws.errors import MANAGED_OUTSIDE, AwsError
from onboarding.aws.roles.foreign import managed_by
from onboarding.aws.roles.passed import (
    Passable,
    Passed,
    PassedRoles,
    passable_roles,
    passed_patterns,
    passed_roles,
)
from onboarding.aws.roles.used_by import (
    Recorded,
    last_accessed,
    recorded_writes,
    users_of,
)
from onboarding.checks import Outcome
from onboarding.partitions import arn
from onboarding.resources.foreign import Foreign
from onboarding.resources.kinds import Attachment, InlinePolicy, ManagedPolicy, Role
from onboarding.resources.plan import Delete, Update
from onboarding.resources.policy import Policy
from onboarding.resources.risks import Risk, is_critical
from onboarding.resources.trusts import shut_out, who_can_assume
from onboarding.resources.wildcards import Texts
from onboarding.review.as_found import policy_document
from onboarding.review.effective import no_longer_allowed
from onboarding.verify.policy_evaluation import Statement, are_met, resources_of
from onboarding.verify.result import COMPARED, Result

if TYPE_CHECKING:
    from accounts.runs.scope import Comparison, Scope, Side
    from onboarding.aws.session import Sessions
    from onboarding.topology import Managed

ROLE_NAME = "Roles that Spinnaker can pass in {}"
NOT_TRIED = "Not tried: {}"
ALLOW = (
    "Allow the role that Bowline assumes iam:ListRoles, iam:GetRole, "
    "iam:ListAttachedRolePolicies, iam:ListRolePolicies, iam:GetRolePolicy, "
    "iam:GetPolicy, and iam:GetPolicyVersion. Then verify again."
)
FIX = (
    "The role's owner takes it away, or an approver accepts the policy on the page of "
    "{}. Or choose another path, so that Spinnaker can't pass the role."
)
FEWER = "Have fewer roles there, or check these yourself."
MOST_NAMED = 10


class Passing(NamedTuple):
    """What was found of the roles that a side's policies allow to pass."""

    side: Side
    found: PassedRoles
    open: tuple[str, ...] = ()
    """What is said of those that anybody can assume."""
    foreign: tuple[Foreign, ...] = ()
    """Policies that make one an administrator, and that aren't accepted."""
    accepted: tuple[Foreign, ...] = ()
    hidden: tuple[Foreign, ...] = ()
    """Policies that Bowline may not read."""

    @property
    def unapproved(self) -> int:
        fails = self.result.outcome is Outcome.FAILED
        return len(self.open) + len(self.foreign) if fails else 0

    @property
    def kept(self) -> OnPassed:
        return OnPassed((*self.foreign, *self.accepted), not self.not_read)

    @property
    def not_read(self) -> str:
        """Say what nobody knows; empty: all is read."""
        if self.found.unread:
            return NOT_TRIED.format(self.found.unread)
        if self.hidden:
            return NOT_TRIED.format(" ".join(one.sentence for one in self.hidden))
        if left := self.found.left:
            least = "at least " if self.found.is_more else ""
            count = counted(len(left), "role")
            read = counted(len(self.found.roles), "role")
            return (
                f"The policies of {least}{count} weren't read, after those of {read}."
            )
        return ""

    @property
    def result(self) -> Result:
        """Say what they may do. Where their account's roles were there before Bowline,
        only one that anybody can assume fails it.
        """
        sentences = [*self.open, *(one.sentence for one in self.foreign)]
        outcome, fix, change = Outcome.PASSED, "", ""
        if sentences:
            fails = self.open or not self.side.adopts
            outcome = Outcome.FAILED if fails else Outcome.NOT_TESTABLE
            fix = FIX.format(self.side.account_name)
            change = "\n".join(map(removing, self.foreign))
        elif self.not_read:
            outcome = Outcome.NOT_TESTABLE
            fix = ALLOW if self.found.unread or self.hidden else FEWER
        else:
            sentences = [self.looked]
        if self.accepted:
            names = [
                f"{one.policy} on role {one.resource.role}" for one in self.accepted
            ]
            sentences.append(f"Accepted: {', '.join(names)}.")
        name = ROLE_NAME.format(self.side.place)
        said = " ".join([*sentences, self.not_read]).strip()
        return Result(COMPARED, name, outcome, said, fix, change=change)

    @property
    def looked(self) -> str:
        """Say which were read."""
        names = [one.name for one in self.found.roles]
        if not names:
            return f"There is none of {listed(self.found.patterns)}."
        more = f" and {len(names[MOST_NAMED:]):,} more" if names[MOST_NAMED:] else ""
        return f"Read: {', '.join(names[:MOST_NAMED])}{more}."


def passing_in(side: Side, sessions: Sessions, unread: str = "") -> Passing | None:
    """Read them, once for a verification; None: there is nothing to read, because the
    side's roles go or none may be passed. `unread`: why nothing of it could be read.
    """
    patterns = () if side.removes else passed_patterns(side.wanted)
    if not patterns:
        return None
    if unread:
        return Passing(side, PassedRoles(patterns, unread=unread))
    found = passed_roles(sessions, side.reach, side.wanted, patterns)
    policies = [one for role in found.roles for one in role.policies]
    partition, account = sessions.partition.name, side.reach.account_id
    critical = [
        one
        for one in policies
        if one.document and is_critical(one.document, account, partition)
    ]
    accepts = accepted_in(side.account) if critical else ()
    return Passing(
        side,
        found,
        open=tuple(map(open_to_all, filter(is_open, (*found.roles, *found.left)))),
        foreign=tuple(one for one in critical if one.digest not in accepts),
        accepted=tuple(one for one in critical if one.digest in accepts),
        hidden=tuple(one for one in policies if one.document is None),
    )


def is_open(role: Passed) -> bool:
    return any(one.anybody for one in who_can_assume(role.trust.document["Statement"]))


def open_to_all(role: Passed) -> str:
    """Say it of the widest: there is one."""
    (widest, *_) = who_can_assume(role.trust.document["Statement"])
    return f"role {role.name}: {widest.sentence}"


WATCHED_FOR = timedelta(days=14)
"""How long verifications search CloudTrail after a step."""
NAME = "No changes denied to Spinnaker"
TRY_IT = (
    "Deploy, resize, roll back, and destroy a server group in Spinnaker. Verify the "
    "account again 15 minutes later, when CloudTrail has recorded it."
)


def denied_since(run: Run, scope: Scope, sessions: Sessions) -> list[Result]:
    """Check it since the account was last planned: who plans again has decided on what
    was denied before. Nothing where no step was taken lately, or right after one.
    """
    account, managed = scope.account, scope.managed
    if account is None or managed is None or not account.adopts:
        return []
    if run.kind != Run.Kind.VERIFY or not managed.reach.writes:
        return []
    lately = timezone.now() - WATCHED_FOR
    step = taken_by(account).filter(finished_at__gt=lately).first()
    planned = account.runs.filter(kind=Run.Kind.ONBOARD).order_by("created_at").last()
    if step is None or planned is None:
        return []
    role = (managed.managed_role or scope.managing.managed_role).rpartition("/")[2]
    since = planned.finished_at or planned.created_at
    try:
        found = recorded_writes(
            sessions, managed.reach, role, managed.regions_of_all, since
        )
    except AwsError as error:
        return [Result(COMPARED, NAME, Outcome.NOT_TESTABLE, error.message)]
    return [judged(found, planned.title.lower(), step, account.name)]


def judged(found: Recorded, planned: str, step: Run, account: str) -> Result:
    if found.denied:
        return Result(
            COMPARED,
            NAME,
            Outcome.FAILED,
            f"Since {planned}, AWS has denied Spinnaker {named_calls(found.denied)}.",
            f"Undo {step.title.lower()} on the page of {account}, or have an approver "
            "accept a policy that allows this. Then plan the account again.",
        )
    if not found.allowed:
        sentence = f"CloudTrail has recorded no change by Spinnaker since {planned}."
        return Result(COMPARED, NAME, Outcome.NOT_TESTABLE, sentence, TRY_IT)
    sentence = f"Since {planned}, CloudTrail has recorded {named_calls(found.allowed)}."
    return Result(COMPARED, NAME, Outcome.PASSED, sentence)


def named_calls(calls: Counter[str]) -> str:
    """Name the calls, the most frequent first."""
    times = [
        f"{called} ({count:,} times)" if count > 1 else called
        for called, count in calls.most_common()
    ]
    return first_of(times, MOST_NAMED)


def keep_managed_by(
    managed: Managed, read: Iterable[tuple[Side, Comparison]], sessions: Sessions
) -> None:
    """Keep what else manages the account's existing roles; raise AwsError where it
    would undo what the plan takes over.

    Calls: one for each role and Region.
    """
    regions = dict.fromkeys([sessions.partition.home_region, *managed.regions_of_all])
    for side, one in read:
        if not (side.adopts and side.reach.writes) or side.take_over.undoes:
            continue
        found = managed_outside(side, one, sessions, regions)
        FoundRoles.objects.keep(side.account, managed_by=found)
        if found and side.take_over:
            raise would_be_undone(side, found)


def managed_outside(
    side: Side, one: Comparison, sessions: Sessions, regions: Iterable[str]
) -> dict[str, str]:
    """Name by role what else manages it. Only a plan that takes over must know it:
    others count as nothing what Bowline isn't allowed to read.
    """
    roles = [before for before, _ in existing(side, one) if not before.owned]
    try:
        found = {
            role.name: managed_by(sessions, side.reach, role, regions) for role in roles
        }
    except AwsError as error:
        if side.take_over or not error.unread:
            raise
        return {}
    return {role: by for role, by in found.items() if by}


def would_be_undone(side: Side, found: dict[str, str]) -> AwsError:
    said = listed([f"{role} is managed by {by}" for role, by in found.items()])
    return AwsError(
        side.reach.account_id,
        "plan",
        f"In {side.account_name}, {said}. The next update from there would undo this "
        "step. Nothing was changed.",
        f"Make the change there: the page of {side.account_name} shows it under "
        "Existing roles. Then plan the account again.",
        code=MANAGED_OUTSIDE,
    )


MOST_MISSING = 50
"""The most actions, the latest used first, and the most roles and users, that are
named.
"""

Compared = Iterable[tuple["Side", "Comparison"]]


def evidence_of(
    compared: Compared, sessions: Sessions, regions: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Say, as a run keeps it, of each role that stays: who else can assume it, if it
    gets permissions; what it has used and would no longer be allowed, if it loses
    policies of others; what uses it, if services can no longer assume it.

    Calls: two for each role that loses policies, and one for each 100 services; one for
    each 100 roles of the account, once. Those of `users_of` where services lose it.
    """
    return [
        one.model_dump()
        for side, found in compared
        if not side.removes
        for one in of_side(side, found, sessions, regions)
    ]


def of_side(
    side: Side, one: Comparison, sessions: Sessions, regions: Collection[str]
) -> Iterator[Evidence]:
    passable = cache(partial(passable_roles, sessions, side.reach))
    others, wide, lost = others_in(side, one), losing(one), lost_services(one)
    for role in one.observed:
        if not isinstance(role, Role):
            continue
        found: dict[str, Any] = {
            "others": others.get(role.name, []),
            "loses_policies": role in wide,
        }
        if role in wide:
            found |= losses_of(side, one, role, sessions, passable)
        if services := lost.get(role.name):
            found |= users_found(side, role, sessions, services, regions)
        if any(found.values()):
            yield Evidence(role=role.name, account=role.account, **found)


def others_now(side: Side, one: Comparison) -> tuple[Risk, ...]:
    """Say as a plan does who else can assume roles that stay and get permissions."""
    if side.removes:
        return ()
    found = others_in(side, one).items()
    return others_of(
        Evidence(role=role, account=side.reach.account_id, others=others).model_dump()
        for role, others in found
    )


def others_in(side: Side, one: Comparison) -> dict[str, list[Other]]:
    """Say, by role that stays as it is and gets permissions, who else can assume it."""
    changed = {change.resource.key for change in one.changes}
    getting = set(holders(side, one))
    return {
        before.name: [
            Other(sentence=who.sentence, anybody=who.anybody)
            for who in who_can_assume(
                before.trust.document["Statement"], after.trust.document["Statement"]
            )
        ]
        for before, after in existing(side, one)
        if not before.owned
        if before.name in getting and before.key not in changed
    }


def holders(side: Side, one: Comparison) -> Iterator[str]:
    """Name the roles that get permissions: something is attached, or what is attached
    allows more.
    """
    given = [change.after for change in one.changes if not isinstance(change, Delete)]
    edited = {f"{it.path}{it.name}" for it in given if isinstance(it, ManagedPolicy)}
    for it in given:
        if isinstance(it, Attachment | InlinePolicy):
            yield it.role
    for it in side.wanted:
        if isinstance(it, Attachment) and own_path(it) in edited:
            yield it.role


def own_path(it: Attachment) -> str:
    """Return the path and the name of the policy."""
    return it.policy_arn.partition(":policy")[2]


def lost_services(one: Comparison) -> dict[str, list[str]]:
    """Name, by role, the services of AWS that can no longer assume it."""
    return {
        change.after.name: [
            who.name
            for who in shut_out(
                change.before.trust.document["Statement"],
                change.after.trust.document["Statement"],
            )
            if who.is_service
        ]
        for change in one.changes
        if isinstance(change, Update)
        and isinstance(change.before, Role)
        and isinstance(change.after, Role)
    }


def users_found(
    side: Side,
    role: Role,
    sessions: Sessions,
    services: Collection[str],
    regions: Collection[str],
) -> dict[str, Any]:
    where = dict.fromkeys([sessions.partition.home_region, *regions])
    users = users_of(sessions, side.reach, arn_of(sessions, role), services, where)
    return {
        "loses_services": True,
        "users": [*users.named[:MOST_MISSING]],
        "more_users": len(users.named[MOST_MISSING:]),
        "unread_users": [*users.unread[:MOST_MISSING]],
        "last_used": users.last_used and users.last_used.isoformat(),
        "last_region": users.last_region,
    }


def arn_of(sessions: Sessions, role: Role) -> str:
    name = f"role{role.path}{role.name}"
    return arn(sessions.partition.name, "iam", role.account, name)


def losing(one: Comparison) -> list[Role]:
    names = {it.resource.role for it in one.foreign if it.removable}
    return [r for r in one.observed if isinstance(r, Role) and r.name in names]


def losses_of(
    side: Side,
    one: Comparison,
    role: Role,
    sessions: Sessions,
    passable: Callable[[], list[Passable]],
) -> dict[str, Any]:
    left, before = remaining(side, one, role.name), of_others(one, role.name)
    try:
        used = last_accessed(sessions, side.reach, arn_of(sessions, role))
        unpassed = no_longer_passed(passable(), before, left)
    except AwsError as error:
        return {"unread": error.message}
    missing = [
        Use(action=action, at=at.isoformat())
        for action, at in no_longer_allowed(used, left)
    ]
    return {
        "missing": missing[:MOST_MISSING],
        "more": len(missing[MOST_MISSING:]),
        "unpassed": unpassed[:MOST_MISSING],
        "more_unpassed": len(unpassed[MOST_MISSING:]),
    }


def of_others(one: Comparison, role: str) -> list[Policy]:
    """Return what others attached to the role, as far as it was read. What of it stays
    is in `remaining`, too.
    """
    found = (it.document for it in one.foreign if it.resource.role == role)
    return [document for document in found if document]


def remaining(side: Side, one: Comparison, role: str) -> list[Policy]:
    """Return what stays on the role, as far as it was read."""
    stay = [*(it for it in one.foreign if not it.removable), *one.accepted]
    theirs = {it.policy_arn: it.document for it in stay}
    policies = [it for it in side.wanted if isinstance(it, ManagedPolicy)]
    documents = {f"{it.path}{it.name}": it.document for it in policies}
    held = [
        *(it for it in side.wanted if isinstance(it, Attachment | InlinePolicy)),
        *(it.resource for it in stay),
    ]
    found = (policy_document(it, documents, theirs) for it in held if it.role == role)
    return [document for document in found if document]


def no_longer_passed(
    roles: Iterable[Passable], before: Collection[Policy], left: Collection[Policy]
) -> list[str]:
    """Name the roles, with their paths. What is allowed under conditions that only a
    call can tell counts as allowed.
    """
    some = list(roles)
    arns = Texts((role.arn for role in some), any_case=False)
    could, can = passed(before, arns), passed(left, arns)
    lost = {
        service: {*arns.chosen(could(service) & ~can(service))}
        for service in {service for role in some for service in role.services}
    }
    return [
        role.name
        for role in some
        if any(role.arn in lost[service] for service in role.services)
    ]


def passed(policies: Iterable[Policy], arns: Texts) -> Callable[[str], int]:
    """Return, by service, the set of the roles that policies allow to pass to it."""
    limited = [
        (statement, resources_of(statement, arns))
        for policy in policies
        for statement in policy.document["Statement"]
        if statement["Effect"] == "Allow"
        and Statement(statement).actions.has("iam:passrole")
    ]

    def to(service: str) -> int:
        context = {"iam:passedtoservice": service}
        found = (on for one, on in limited if are_met(one, context) is not False)
        return reduce(or_, found, 0)

    return to
