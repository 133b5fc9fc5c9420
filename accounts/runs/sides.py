"""The sides of a run: the managing account, the managed one, grants on image keys."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.mapping.rows import (
    managed_of,
    managed_reach,
    managing_of,
    managing_reach,
    managing_row,
    topology,
)
from accounts.models import Run
from accounts.runs.snapshots import (
    remembered,
    remembered_grants,
    remembered_identities,
)
from onboarding.aws.observe import observe
from onboarding.aws.session import Reach, Sessions
from onboarding.desired.image_keys import key_grants
from onboarding.desired.managed import managed_side
from onboarding.desired.managing import managing_side
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import Change, diff
from onboarding.topology import Topology


@dataclass(frozen=True, slots=True)
class Side:
    """One account that a run looks after: how to get in and what should stand."""

    account_name: str
    place: str
    """What it looks after, as the end of “Nothing left to change in …”."""
    reach: Reach
    wanted: tuple[Resource, ...]
    """What to look for; what should stand, unless the run removes it."""
    earlier: tuple[Resource, ...] = ()
    """What may stand of earlier choices, to be found and deleted."""
    removes: bool = False
    adopts: bool = False

    @property
    def looks_for(self) -> tuple[Resource, ...]:
        return (*self.earlier, *self.wanted)

    def changes(self, sessions: Sessions) -> tuple[Change, ...]:
        """Compare with AWS; raise NotOurs or AwsError."""
        desired = () if self.removes else self.wanted
        observed = observe(sessions, self.reach, self.looks_for)
        return diff(desired, observed, adopts=self.adopts)


def sides(run: Run) -> tuple[Side, ...]:
    """Say what the run looks after, as the rows are now: the managing side first."""
    managing = () if run.alone else (managing_part(run),)
    return (*managing, *own_sides(run))


def own_sides(run: Run) -> tuple[Side, ...]:
    """Say what it looks after for its own account only, in order; others never do.

    Grants on keys stand in the managing account and come last: KMS grants nothing to
    a role that is not there yet.
    """
    account = run.account
    if account is None:
        return ()
    managing, managed = managing_of(managing_row()), managed_of(account)
    removes = run.kind == Run.Kind.REMOVE
    roles = Side(
        account_name=managed.name,
        place=managed.name,
        reach=managed_reach(managed),
        wanted=tuple(managed_side(managing, managed)),
        earlier=tuple(remembered(account)),
        removes=removes,
        adopts=managed.adopts,
    )
    grants = Side(
        account_name=managing.name,
        place=f"the grants on {managing.name}'s image keys",
        reach=managing_reach(managing),
        wanted=tuple(key_grants(managing, managed)),
        earlier=tuple(remembered_grants(account)),
        removes=removes,
    )
    return (roles, grants) if grants.looks_for else (roles,)


def managing_part(run: Run) -> Side:
    accounts = [run.account] if run.account else run.grants.all()
    whole = topology(*accounts)
    if run.account and run.kind == Run.Kind.REMOVE:
        whole = without(whole, run.account.account_id)
    return Side(
        account_name=whole.managing.name,
        place=whole.managing.name,
        reach=managing_reach(whole.managing),
        wanted=tuple(managing_side(whole)),
        earlier=tuple(remembered_identities(managing_row())),
    )


def without(whole: Topology, account_id: str) -> Topology:
    rest = tuple(m for m in whole.managed if m.account_id != account_id)
    return Topology(whole.managing, rest)
