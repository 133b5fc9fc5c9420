"""A random walk of four people through decisions: whoever caused a change never
approves it where any environment that the account was in, is in or is described in asks
for two; nobody decides without the role, or outside its environments; the log has each
decision once. What is right is computed here, from what happened, by other code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from accounts.mapping.edits import editing
from accounts.mapping.entries import described_entries, keep_approved
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import Activity, ManagedAccount, ManagingAccount, Run
from accounts.models.states import OPEN, Status
from accounts.people.deciding import second_person_for
from accounts.people.reach import around
from accounts.people.reach import as_stored as reach_as_stored
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR, UserRole
from accounts.refused import Refused
from accounts.runs.actions import approve, discard, plan
from accounts.runs.deciding.forgetting import forget_account
from accounts.spinnaker.bundles import exclude_from_bundles
from tests.rows import account_row, decider, managing_row

pytestmark = pytest.mark.django_db

NAMES = ("ann", "bob", "cleo", "dora")
ENVIRONMENTS = ("dev", "production", "")
ACCOUNTS = ("922222222222", "933333333333")
STRICT = {"production", ""}
"""Nobody decided otherwise; the nameless one is strict beside one with a name."""


@dataclass
class History:
    """What happened to one AWS account, whatever its row is now."""

    editors: set[str] = field(default_factory=set)
    """Since a plan was last approved and carried out."""
    approved_in: str | None = None


@dataclass
class World:
    people: dict[str, User]
    limits: dict[tuple[str, str], frozenset[str] | None] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    histories: dict[str, History] = field(default_factory=dict)
    planned: dict[UUID, tuple[str, set[str]]] = field(default_factory=dict)
    """Who started each plan, and in which environments it was made."""
    decided: int = 0

    def may(self, name: str, role: UserRole, environments: set[str]) -> bool:
        inside = self.limits.get((name, role.name))
        return name not in self.gone and (inside is None or environments <= inside)

    def where(self, account: ManagedAccount) -> set[str]:
        approved = self.histories[account.account_id].approved_in
        return {account.environment} | ({approved} - {None} if approved else set())


Step = tuple[str, str, str, str]


def act(world: World, step: Step) -> None:
    kind, name, account_id, environment = step
    account = ManagedAccount.objects.filter(account_id=account_id).first()
    by = User.objects.get(username=name)
    if kind == "deactivate":
        by.is_active = False
        by.save()
        world.gone.add(name)
    elif kind == "limit":
        for role in (OPERATOR, APPROVER):
            limit(by, role, [environment], None)
            world.limits[name, role.name] = frozenset([environment])
    elif account is None:
        describe_again(world, by, account_id, environment)
    else:
        ACTS[kind](world, by, account, environment)


def describe_again(world: World, by: User, account_id: str, environment: str) -> None:
    account = ManagedAccount(name=f"again-{account_id}", account_id=account_id)
    account.regions, account.environment = ["us-east-1"], environment
    edited(world, by, account)


def edit(world: World, by: User, account: ManagedAccount, environment: str) -> None:
    before = world.where(account)
    account.environment = environment
    edited(world, by, account)
    assert world.may(by.username, OPERATOR, before)


def edited(world: World, by: User, account: ManagedAccount) -> None:
    changes = (
        account._state.adding
        or ManagedAccount.objects.get(pk=account.pk).environment != account.environment
    )
    with editing(account, by):
        account.save()
    assert world.may(by.username, OPERATOR, world.where(account))
    if changes:
        world.histories[account.account_id].editors.add(by.username)
        world.decided += 1


def start(world: World, by: User, account: ManagedAccount, _: str) -> None:
    run = plan(account, by)
    assert world.may(by.username, OPERATOR, world.where(account))
    world.decided += 1
    reach = around(account)
    stored = reach_as_stored(reach, second_person_for(reach), managing_first=False)
    managing = managing_of(ManagingAccount.objects.get())
    after = described_entries(managing, managed_of(account))
    Run.objects.filter(pk=run.pk).update(
        status=Status.PLANNED, reach=stored, entries={"before": [], "after": after}
    )
    world.planned[run.pk] = by.username, world.where(account)


def waiting(account: ManagedAccount) -> Run | None:
    return Run.objects.filter(account=account, status__in=OPEN).first()


def agree(world: World, by: User, account: ManagedAccount, _: str) -> None:
    if (run := waiting(account)) is None:
        return
    name, history = by.username, world.histories[account.account_id]
    starter, then = world.planned[run.pk]
    environments = world.where(account) | then
    approve(run, by)

    assert world.may(name, APPROVER, environments)
    if environments & STRICT:
        assert name not in history.editors | {starter}
    world.decided += 1
    run.refresh_from_db()
    keep_approved(run)
    Run.objects.filter(pk=run.pk).update(status=Status.VERIFIED)
    ManagedAccount.objects.filter(pk=account.pk).update(state="verified")
    history.editors.clear()
    history.approved_in = account.environment


def throw_away(world: World, by: User, account: ManagedAccount, _: str) -> None:
    if run := waiting(account):
        discard(run, by)
        assert world.may(by.username, APPROVER, world.where(account))
        world.decided += 1


def forget(world: World, by: User, account: ManagedAccount, _: str) -> None:
    before = world.where(account)
    forget_account(account, by)
    assert world.may(by.username, OPERATOR, before)
    world.histories[account.account_id].editors.clear()  # they are of the row
    world.decided += 1


def leave_out(world: World, by: User, account: ManagedAccount, _: str) -> None:
    before = Activity.objects.count()
    exclude_from_bundles(account, by)
    if Activity.objects.count() > before:
        assert world.may(by.username, OPERATOR, world.where(account))
        world.decided += 1


ACTS: dict[str, Callable[[World, User, ManagedAccount, str], None]] = {
    "edit": edit,
    "plan": start,
    "approve": agree,
    "discard": throw_away,
    "forget": forget,
    "exclude": leave_out,
}
OFTEN = ("edit", *("plan",) * 4, *("approve",) * 6)
KINDS = (*ACTS, *OFTEN, "deactivate", "limit")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from(NAMES),
        st.sampled_from((*ACCOUNTS, ACCOUNTS[1], ACCOUNTS[1])),
        st.sampled_from(ENVIRONMENTS),
    ),
    min_size=15,
    max_size=40,
)


def begin() -> World:
    managing_row()
    people = {name: decider(name) for name in NAMES}
    for person in people.values():
        person.groups.add(Group.objects.get(name="viewer"))
    world = World(people)
    for account_id, environment in zip(ACCOUNTS, ENVIRONMENTS, strict=False):
        account_row(f"w-{account_id}", account_id=account_id, environment=environment)
        world.histories[account_id] = History()
    return world


def walk(steps: list[Step]) -> World:
    world = begin()
    for step in steps:
        try:
            with transaction.atomic():
                act(world, step)
        except Refused:
            continue
    decisions = Activity.objects.exclude(what="roles").count()
    assert decisions == world.decided
    return world


@settings(
    max_examples=60,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),  # a walk is short enough to be read
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_nothing_is_approved_but_by_an_entitled_person_who_did_not_cause_it(
    steps: list[Step],
) -> None:
    with transaction.atomic():
        walk(steps)
        transaction.set_rollback(True)


def test_a_walk_gets_somewhere() -> None:
    """The walk isn't refused everywhere: a second person approves production."""
    production = ACCOUNTS[1]
    world = walk(
        [
            ("edit", "ann", ACCOUNTS[0], "production"),
            ("plan", "ann", production, ""),
            ("approve", "ann", production, ""),
            ("approve", "bob", production, ""),
            ("edit", "bob", production, "dev"),
            ("plan", "cleo", production, ""),
            ("approve", "bob", production, ""),
            ("approve", "dora", production, ""),
        ]
    )

    assert world.histories[production] == History(approved_in="dev")
    assert Activity.objects.filter(what="approve").count() == 2
