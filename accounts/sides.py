"""The two sides of a run: the managing account's part and the managed account's."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Run
from accounts.topologies import managed_of, managed_reach, managing_reach, topology
from onboarding.aws.observe import observe
from onboarding.aws.session import Reach, Sessions
from onboarding.managed_side import managed_side
from onboarding.managing_side import managing_side
from onboarding.resources.kinds import Resource
from onboarding.resources.plan import Change, diff
from onboarding.topology import Managed, Topology


@dataclass(frozen=True, slots=True)
class Side:
    """One account that a run looks after: how to get in and what should stand."""

    account_name: str
    reach: Reach
    wanted: tuple[Resource, ...]
    """What to look for; what should stand, unless the run removes it."""
    removes: bool = False
    adopts: bool = False

    def changes(self, sessions: Sessions) -> tuple[Change, ...]:
        """Compare with AWS; raise NotOurs or AwsError."""
        desired = () if self.removes else self.wanted
        observed = observe(sessions, self.reach, self.wanted)
        return diff(desired, observed, adopts=self.adopts)


@dataclass(frozen=True, slots=True)
class Sides:
    managing: Side
    managed: Side | None


def sides(run: Run) -> Sides:
    """Say what the run looks after, as the rows are now."""
    whole = topology(*([run.account] if run.account else []))
    managing = whole.managing
    if run.account is None:
        managed = None
    else:
        value = managed_of(run.account)
        managed = Side(
            account_name=value.name,
            reach=managed_reach(value),
            wanted=tuple(managed_side(managing, value)),
            removes=run.kind == Run.Kind.REMOVE,
            adopts=value.adopts,
        )
        if run.kind == Run.Kind.REMOVE:
            whole = without(whole, value)
    return Sides(
        managing=Side(
            account_name=managing.name,
            reach=managing_reach(managing),
            wanted=tuple(managing_side(whole)),
        ),
        managed=managed,
    )


def without(whole: Topology, gone: Managed) -> Topology:
    rest = tuple(m for m in whole.managed if m.account_id != gone.account_id)
    return Topology(whole.managing, rest)
