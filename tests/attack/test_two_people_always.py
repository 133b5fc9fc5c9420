"""Tried: three people watch, edit, move, rotate, upload, plan, approve, discard and
accept in any order, so that one of them gets through alone.

Refused: whatever the order, where an environment that the account was last approved in,
or is described in, asks for two, whoever approved what was carried out caused none of
it; and what was discarded is carried out by nobody. Who touched what is counted apart
from what Bowline keeps.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.discover.organization.watching import draft_new, watch_unit
from accounts.external_ids import rotate
from accounts.mapping.accounts_file import register_all
from accounts.mapping.edits import editing
from accounts.mapping.entries import keep_approved
from accounts.mapping.verified import keep_verified
from accounts.models import (
    ManagedAccount,
    ManagingAccount,
    Member,
    Organization,
    Run,
    Unit,
)
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused
from accounts.runs import actions
from accounts.runs.planning import keep_decided, planned_entries
from accounts.runs.scope import Scope
from onboarding.accounts_file import read_accounts_file
from tests.accounts.discover.organization.organizations import shared
from tests.rows import decider, edit_managing, managing_row

pytestmark = pytest.mark.django_db

NAMES = ("olga", "paul", "quinn")
STRICT, LAX = "production", "staging"
ENVIRONMENTS = (STRICT, LAX, "")
EDITS = ("edit", "move", "rotate", "upload", "managing")
VERBS = (*EDITS, "plan", "approve", "discard", "carry", "accept")


class Act(NamedTuple):
    verb: str
    who: int
    choice: int
    """Which of the verb's possibilities."""


FILE = """
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  {where}
  permissions: {{READ: [{roles}]}}
  providers:
    ec2: {{}}
"""


@dataclass
class World:
    """What happened, as an observer writes it down who sees versions only."""

    people: list[User]
    limits: list[frozenset[str] | None]
    touched: set[int] = field(default_factory=set)
    """Who changed the account, by whatever, since a change was last carried out."""
    approved_in: set[str] = field(default_factory=set)
    planner: int = 0
    carried: set[int] = field(default_factory=set)
    """Who had caused what was carried out last."""
    over: set[Any] = field(default_factory=set)
    """Runs that were discarded."""

    @property
    def account(self) -> ManagedAccount:
        return ManagedAccount.objects.prefetch_related("providers").get()

    @property
    def run(self) -> Run | None:
        waiting = (Status.PLANNED, Status.APPLYING)
        return Run.objects.filter(status__in=waiting).first()

    def do(self, act: Act) -> None:
        before = ManagedAccount.objects.values_list("version", flat=True).get()
        with suppress(Refused), transaction.atomic():
            getattr(self, act.verb)(act.who, act.choice)
        if ManagedAccount.objects.values_list("version", flat=True).get() > before:
            self.touched.add(act.who)

    def edit(self, who: int, choice: int) -> None:
        account = self.account
        with editing(account, self.people[who]):
            account.write_roles = [["sre"], ["everybody"], []][choice]
            account.save()

    def move(self, who: int, choice: int) -> None:
        account = self.account
        with editing(account, self.people[who]):
            account.environment = ENVIRONMENTS[choice]
            account.save()

    def rotate(self, who: int, choice: int) -> None:
        rotate(self.account, self.people[who])

    def upload(self, who: int, choice: int) -> None:
        where = f"environment: {ENVIRONMENTS[choice]}" if ENVIRONMENTS[choice] else ""
        text = FILE.format(where=where, roles=("a", "b", "c")[choice])
        register_all(read_accounts_file(text.encode()), self.people[who])

    def managing(self, who: int, choice: int) -> None:
        role = ("spinnakerManaged", "other", "another")[choice]
        edit_managing(self.people[who], managed_role=role)

    def plan(self, who: int, choice: int) -> None:
        """Plan as a worker does, without AWS."""
        run = actions.plan(self.account, self.people[who])
        scope = Scope.load(run)
        keep_decided(run, scope, [], False)
        run.entries, run.status = planned_entries(run, scope), Status.PLANNED
        run.save()
        self.planner = who

    def approve(self, who: int, choice: int) -> None:
        run = self.run
        if run is None or not actions.approve(run, self.people[who]):
            return
        caused = self.touched | {self.planner}
        inside = self.limits[who]
        assert not (STRICT in self.places and who in caused)
        assert inside is None or inside >= self.places

    @property
    def places(self) -> set[str]:
        return {*self.approved_in, self.account.environment}

    def discard(self, who: int, choice: int) -> None:
        run = self.run
        if run is not None and actions.discard(run, self.people[who]):
            self.over.add(run.pk)

    def carry(self, who: int, choice: int) -> None:
        """Carry out what was approved, as a worker does, without AWS."""
        run, account = self.run, self.account
        if run is None or run.status != Status.APPLYING:
            return
        if run.outdated_by(account, ManagingAccount.objects.get()):
            Run.objects.filter(pk=run.pk).update(status=Status.OUTDATED)
            return
        assert run.pk not in self.over
        keep_approved(run)
        verification = (State.VERIFIED, State.EVALUATED, State.VERIFIED)[choice]
        Run.objects.filter(pk=run.pk).update(status=verification)
        rows = ManagedAccount.objects.all()
        rows.grant()
        rows.verify(verification, timezone.now())
        if verification == State.VERIFIED:
            keep_verified(self.account, verification)
        self.carried = self.touched | {self.planner}
        self.touched, self.approved_in = set(), {account.environment}

    def accept(self, who: int, choice: int) -> None:
        places = self.places
        if actions.accept(self.account, self.people[who]):
            assert not (STRICT in places and who in self.carried | self.touched)


def watched(start: str, writers: set[User]) -> None:
    """Let a watch, which these people wrote one after the other, draft the account."""
    organization = Organization.objects.create(partition="aws", account_id="1" * 12)
    unit = Unit.objects.create(
        organization=organization, unit_id="r-1", path="Root", lineage="r-1/"
    )
    template = shared(
        environment=start,
        access_role="Access",
        read_roles=["everybody"],
        write_roles=["sre"],
    )
    for writer in writers:
        watch_unit(unit, template, "", writer)
    Member.objects.create(
        organization=organization,
        account_id="922222222222",
        name="staging",
        state=Member.ACTIVE,
        unit=unit,
        unit_since=timezone.now(),
    )
    assert draft_new(organization)


LIMITS = st.one_of(
    st.none(), st.none(), st.frozensets(st.sampled_from(ENVIRONMENTS), min_size=1)
)


def acts_of(*verbs: str) -> st.SearchStrategy[Act]:
    chosen = st.sampled_from(verbs)
    return st.builds(Act, chosen, st.integers(0, 2), st.integers(0, 2))


ROUND = st.builds(
    lambda edits, plan, approvals, after: [*edits, plan, *approvals, *after],
    st.lists(acts_of(*EDITS), max_size=3),
    acts_of("plan"),
    st.lists(acts_of("approve"), min_size=1, max_size=3),
    st.lists(acts_of(*VERBS, "carry", "carry"), max_size=2),
)
"""Most orders end in a refusal; in these somebody gets to an approval."""


@settings(max_examples=80)
@given(
    st.sampled_from(ENVIRONMENTS),
    st.frozensets(st.integers(0, 2), min_size=1, max_size=2),
    st.lists(LIMITS, min_size=3, max_size=3),
    st.lists(ROUND, max_size=4).map(lambda rounds: [*chain.from_iterable(rounds)]),
)
def test_no_change_gets_through_without_two_people(
    start: str,
    writers: frozenset[int],
    limits: list[frozenset[str] | None],
    acts: list[Act],
) -> None:
    with transaction.atomic():
        people = [decider(name) for name in NAMES]
        managing_row(applied=[{}], state=State.VERIFIED, verification=State.VERIFIED)
        watched(start, {people[one] for one in writers})
        for one, inside in zip(people, limits, strict=True):
            limit(one, APPROVER, inside, None)
            limit(one, OPERATOR, inside, None)
        world = World(people, limits, touched={*writers})
        for act in acts:
            world.do(act)
        transaction.set_rollback(True)
