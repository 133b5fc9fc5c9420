"""The roles that Spinnaker may pass: people who can deploy can do what one may do.

They are other people's. What makes one of them an administrator is listed, asked about,
and accepted as policies of others are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from accounts.runs.foreign.keeping import OnPassed, removing
from accounts.runs.scope import accepted_in
from accounts.wording import counted, listed
from onboarding.aws.roles.passed import (
    Passed,
    PassedRoles,
    passed_patterns,
    passed_roles,
)
from onboarding.checks import Outcome
from onboarding.resources.foreign import Foreign
from onboarding.resources.risks import is_critical
from onboarding.resources.trusts import who_can_assume
from onboarding.verify.result import COMPARED, Result

if TYPE_CHECKING:
    from accounts.runs.scope import Side
    from onboarding.aws.session import Sessions

NAME = "Roles that Spinnaker can pass in {}"
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
        name = NAME.format(self.side.place)
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
