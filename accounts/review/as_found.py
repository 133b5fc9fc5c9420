"""Roles as they were found, and what Bowline's are permitted, as their reviewers read
them.

The page and the API say these sentences. None states of AWS what was not read there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from accounts.mapping.managing import managing_row
from accounts.models import ForeignPolicy, FoundRoles, ManagedAccount, ManagingAccount
from accounts.models.states import State
from accounts.runs.foreign.keeping import MOST_DIFFERING
from accounts.wording import counted, listed
from onboarding.desired import desired
from onboarding.desired.image_keys import key_policy_statements
from onboarding.desired.managing import identity
from onboarding.partitions import Arn
from onboarding.resources.kinds import KeyGrant, Resource, Role
from onboarding.resources.trusts import NO_ONE, who_can_assume
from onboarding.review import power_user
from onboarding.review.as_found import FoundRole, planned_digest
from onboarding.review.effective import effective
from onboarding.review.lint import explained
from onboarding.review.permissions import (
    Review,
    folders,
    identity_trust,
    managed_review,
    managing_topics,
    other_roles,
)
from onboarding.review.power_user import (
    DOCUMENT,
    Comparison,
    compared_counts,
    counts_of,
)
from onboarding.review.trust_chain import trust_chain
from onboarding.topology import Managed, Managing, Topology

VERIFIED = (State.VERIFIED, State.EVALUATED)


def reviewed(
    managing: Managing, managed: Managed, account: ManagedAccount
) -> dict[str, Any]:
    """Return what a reviewer reads: what is planned, and what AWS had of it."""
    review = managed_review(managing, managed)
    resources = desired(Topology(managing, (managed,)), managed)
    reading, managings = Reading.of(account), Reading.of(managing_row())
    planned = {r.name: r for r in resources if isinstance(r, Role)}
    found = {name: reading.role_said(role) for name, role in planned.items()}
    identity_role = next((r for r in identity(managing) if isinstance(r, Role)), None)
    chain = trust_chain(managing, managed, review)
    role = managing.role_of(managed).name
    identity_topics = managing_topics(managing)
    grants = [r for r in resources if isinstance(r, KeyGrant)]
    elsewhere = next((grant for grant in grants if grant.crosses_accounts), None)
    return {
        "managing": managing,
        "has_providers": bool(managed.providers),
        "review": review,
        "reading": reading,
        "verdict": reading.verdict(resources, is_edited=reading.is_edited(resources)),
        "is_as_verified": account.state in VERIFIED and reading.is_exact(resources),
        "found": found.get(role),
        "other_assumers": (
            reading.others_who_can_assume(planned[role]) if role in planned else []
        ),
        "size": reading.size(role, review),
        "has_others": any(one.role == role for one in reading.policies),
        "managings": managings,
        "identity_verdict": managings.verdict(
            [identity_role] if identity_role else [], is_edited=None
        ),
        "identity_found": (
            managings.role_said(identity_role) if identity_role else None
        ),
        "chain": chain,
        "other_roles": [
            (one, found[Arn.of(one.arn).name])
            for one in other_roles(managing, managed, resources)
        ],
        "key_grants": grants,
        "key_policy": key_policy_statements(elsewhere) if elsewhere else [],
        "lint": explained(review.topics),
        "power_user_version": power_user.VERSION,
        "identity_topics": identity_topics,
        "identity_trust": identity_trust(managing),
        "is_user": Arn.of(managing.identity_arn).kind == "user",
        "identity_lint": explained(identity_topics),
        "folders": folders(*review.topics, *identity_topics).items(),
    }


MOST_NAMED = 20
"""The most of those who can assume a role that a sentence names."""
NEVER_READ = "As planned. Bowline hasn't read AWS yet."
READ_BEFORE = "As planned. The next verification records what it finds in AWS."
GUIDES = "AWS's PowerUserAccess allows, which Spinnaker's guide attaches"


def moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%-d %B %Y, %H:%M} UTC"


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, and whether it is about something that Bowline did not plan."""

    sentence: str = ""
    is_other: bool = False
    statements: tuple[dict[str, Any], ...] = ()
    """What AWS has instead of what is planned."""


@dataclass(frozen=True, slots=True)
class RoleSaid:
    """A role that is planned, next to what AWS had of it."""

    trust: Said
    boundary: Said
    policies: tuple[str, ...]
    """Names of those of others."""
    is_kept: bool
    """It is without Bowline's mark, and stays as it is."""


@dataclass(frozen=True, slots=True)
class Size:
    """How many actions a role may do; the rest of the sentence; next to others."""

    count: str
    rest: str
    comparison: Comparison
    when: str
    is_open: bool = False
    """It may be more: not all that is attached was read."""

    @property
    def is_more(self) -> bool:
        """Return whether it is more than PowerUserAccess."""
        return self.comparison.fewer < 0

    @property
    def sentence(self) -> str:
        return f"{self.count}{self.rest}"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the last reading of an account's roles found."""

    policies: tuple[ForeignPolicy, ...] = ()
    read_at: datetime | None = None
    roles: dict[str, FoundRole] = field(default_factory=dict)
    planned: str = ""
    differs: tuple[str, ...] = ()
    unread: str = ""
    unread_at: datetime | None = None
    was_verified: bool = False

    @classmethod
    def of(cls, row: ManagedAccount | ManagingAccount) -> Reading:
        account = row if isinstance(row, ManagedAccount) else None
        of_others = ForeignPolicy.objects.of(account).select_related("account")
        policies = tuple(sorted(of_others, key=lambda one: one.is_accepted))
        was_verified = row.verified_at is not None
        kept = FoundRoles.objects.of(account).first()
        if kept is None:
            return cls(policies, was_verified=was_verified)
        found = [FoundRole(**role) for role in kept.roles if kept.read_at]
        return cls(
            policies,
            kept.read_at,
            {role.name: role for role in found},
            kept.planned,
            tuple(kept.differs),
            kept.unread,
            kept.unread_at,
            was_verified,
        )

    @property
    def as_found(self) -> str:
        assert self.read_at is not None
        return f"As found on {moment(self.read_at)}"

    def is_edited(self, resources: Iterable[Resource]) -> bool:
        """Return whether something else is planned now than when it was read."""
        return self.planned != planned_digest(resources)

    def verdict(
        self, resources: Collection[Resource], *, is_edited: bool | None
    ) -> Said:
        """Say how AWS was, compared with what is planned; is_edited None: it is not
        known whether that is planned which was compared.
        """
        others = self.others()
        if self.read_at is None:
            before = f" Found before: {listed(others)}." if others else ""
            return Said(f"{self.never_read()}{before}", is_other=bool(others))
        deviations = list(self.deviations(resources))
        if self.has_none(resources):
            said = [
                f"As planned. On {moment(self.read_at)}, AWS had none of its roles."
            ]
        else:
            is_all = is_edited is False and not (deviations or others)
            planned = f"{'exactly ' if is_all else ''}what Bowline planned"
            what = listed([*(deviations or [planned]), *others])
            said = [f"{self.as_found}: {what}."]
        if is_edited:
            said.append("Bowline's plan has changed since then.")
        if self.unread_at:
            why = self.unread.rstrip(".")
            said.append(
                f"On {moment(self.unread_at)}, Bowline couldn't read it: {why}."
            )
        return Said(" ".join(said), is_other=bool(deviations or others))

    def has_none(self, resources: Collection[Resource]) -> bool:
        """Return whether roles are planned, and none of them was there."""
        planned = {one.name for one in resources if isinstance(one, Role)}
        return bool(planned) and not planned & set(self.roles)

    def is_exact(self, resources: Collection[Resource]) -> bool:
        """Return whether AWS had what is planned now, and nothing else."""
        edited = self.is_edited(resources)
        is_read = self.read_at is not None and self.unread_at is None and not edited
        return is_read and not self.verdict(resources, is_edited=edited).is_other

    def never_read(self) -> str:
        if self.unread_at:
            why = self.unread.rstrip(".")
            at = moment(self.unread_at)
            return f"As planned. On {at}, Bowline couldn't read AWS: {why}."
        return READ_BEFORE if self.was_verified or self.policies else NEVER_READ

    def deviations(self, resources: Collection[Resource]) -> Iterator[str]:
        """Yield what is not as planned, but for what others added."""
        if self.differs:
            more = "more than " if len(self.differs) > MOST_DIFFERING else ""
            count = min(len(self.differs), MOST_DIFFERING)
            differences = counted(count, "difference")
            yield f"{more}{differences} from what Bowline planned"
        for role in resources:
            found = self.roles.get(role.name)
            # What Bowline's own roles have instead is among what differs.
            if not isinstance(role, Role) or found is None or found.owned:
                continue
            if self.trust(role).is_other:
                yield f"another trust policy on role {role.name}"
            if self.boundary(role).is_other:
                yield f"another permissions boundary on role {role.name}"

    def others(self) -> list[str]:
        """Count the policies of others: those that no one accepted apart."""
        accepted = sum(one.is_accepted for one in self.policies)
        is_open = len(self.policies) - accepted
        policy = ("policy of others", "policies of others")
        said = []
        if is_open:
            said.append(f"{counted(is_open, *policy)} that no one accepted")
        if accepted:
            count = f"{accepted}" if is_open else counted(accepted, *policy)
            said.append(f"{count} that someone accepted")
        return said

    @property
    def looked(self) -> str:
        """Say when policies of others were found, or that there were none."""
        if self.read_at is None:
            return self.never_read()
        at = moment(self.read_at)
        return f"Found on {at}." if self.policies else f"None found on {at}."

    def role_said(self, planned: Role) -> RoleSaid:
        name = planned.name
        found = self.roles.get(name)
        return RoleSaid(
            trust=self.trust(planned),
            boundary=self.boundary(planned),
            policies=tuple(one.policy for one in self.policies if one.role == name),
            is_kept=found is not None and not found.owned,
        )

    def trust(self, role: Role) -> Said:
        """Say whether the role's trust is what is planned."""
        found = self.roles.get(role.name)
        if self.read_at is None:
            return Said(self.never_read())
        if found is None:
            return Said(f"As planned. On {moment(self.read_at)}, AWS had no such role.")
        if found.trust is None:
            return Said("Bowline doesn't read its trust policy.")
        if found.trust == role.trust.document["Statement"]:
            return Said(f"{self.as_found}: the trust policy is as planned.")
        others = self.others_who_can_assume(role)
        sentences = " ".join(others[:MOST_NAMED])
        if more := others[MOST_NAMED:]:
            sentences += f" {len(more):,} more can, too: see the statements."
        if not others:
            sentences = (
                "No one else can assume it." if who_can_assume(found.trust) else NO_ONE
            )
        return Said(
            f"{self.as_found}: another trust policy than planned. {sentences}",
            is_other=True,
            statements=tuple(found.trust),
        )

    def others_who_can_assume(self, role: Role) -> list[str]:
        """Say who can assume the role besides whom it is planned for, the widest first;
        plans and looks at AWS say the same.
        """
        found = self.roles.get(role.name)
        planned = role.trust.document["Statement"]
        trust = (found and found.trust) or ()
        return [one.sentence for one in who_can_assume(trust, planned)]

    def boundary(self, role: Role) -> Said:
        """Say which boundary narrows what the role may do."""
        found, planned = self.roles.get(role.name), role.boundary
        if found is None:
            if not planned:
                return Said()
            return Said(
                f"As planned, the permissions boundary {planned} limits the role. A "
                "boundary can only reduce permissions."
            )
        if found.trust is None or found.boundary == planned == "":
            return Said()
        if not found.boundary:
            return Said(
                f"{self.as_found}: without a permissions boundary. Bowline planned "
                f"{planned}.",
                is_other=True,
            )
        how = (
            "Permissions that the boundary doesn't allow aren't counted."
            if found.within
            else (
                "Bowline didn't read what the boundary allows and doesn't take it "
                "into account."
            )
        )
        whose = "as planned" if found.boundary == planned else "not planned by Bowline"
        return Said(
            f"{self.as_found}: narrowed by the permissions boundary {found.boundary}, "
            f"{whose}. {how}",
            is_other=found.boundary != planned,
        )

    def size(self, name: str, review: Review) -> Size:
        """Say how many actions the role may do, compared with PowerUserAccess."""
        found = self.roles.get(name)
        planned = planned_size(review)
        if found is None:
            said = f" as planned{than(planned)}."
            return Size(counted(planned.granted, "action"), said, planned, "as planned")
        comparison = found.comparison
        count = counted(comparison.granted, "action")
        when = f"{self.as_found[0].lower()}{self.as_found[1:]}"
        said = f" {when}"
        unknown = found.uncounted
        if not unknown or comparison.fewer < 0:
            said += than(comparison)
        said += "."
        if unknown:
            count = f"At least {count}"
            said += f" Permissions that {listed(unknown)} might add weren't read."
        if comparison.granted != planned.granted:
            said += f" Bowline plans {planned.granted:,}."
        return Size(count, said, comparison, when, bool(unknown))


def planned_size(review: Review) -> Comparison:
    """Compare what Bowline plans with PowerUserAccess, which may be a part of it."""
    attached = effective([DOCUMENT]) if review.power_user_by else frozenset()
    return compared_counts(counts_of(review.actions | attached))


def than(comparison: Comparison) -> str:
    fewer = comparison.fewer
    if fewer == 0:
        return f", as many as {GUIDES}"
    return f", {abs(fewer):,} {'fewer' if fewer > 0 else 'more'} than {GUIDES}"
