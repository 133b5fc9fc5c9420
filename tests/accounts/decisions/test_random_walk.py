"""A random walk of four people through the table of decisions.

Whatever the order: whoever caused a change never decides it where any environment that
it touches asks for two; nobody decides without the role, or outside its environments;
what is refused changes nothing; and what changes anything is in the log, once, in the
name of who did it. What is right is computed here, from what happened, by other code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import models, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from accounts.decisions import environment_rules
from accounts.decisions.decision import Decision
from accounts.decisions.many import REFUSALS
from accounts.discover.organization.watching import draft_new, stop_watching, watch_unit
from accounts.external_ids import cancel_rotation, finish_rotation, rotate
from accounts.mapping.accounts_file import register_all
from accounts.mapping.accounts_file.saving import save
from accounts.mapping.edits import edit_account, edit_managing, editing
from accounts.mapping.entries import keep_approved, keep_verified
from accounts.mapping.plans import plan_of
from accounts.mapping.spinnaker import say_run_by
from accounts.models import (
    Activity,
    Bundle,
    Delivery,
    EnvironmentPolicy,
    EnvironmentRule,
    ForeignPolicy,
    ManagedAccount,
    ManagingAccount,
    Member,
    Organization,
    RoleLimit,
    Rollout,
    Run,
    Unit,
    Watch,
)
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER, OPERATOR, ROLES, UserRole
from accounts.runs import actions, rollouts
from accounts.runs.deciding.forgetting import forget_account, leave_in_aws
from accounts.runs.deciding.starting import start_again, start_plan
from accounts.runs.foreign import accepting
from accounts.runs.foreign.taking_over import undo
from accounts.runs.owners.looking import look_soon
from accounts.runs.planning import keep_decided, planned_entries
from accounts.runs.rollouts import decisions as of_rollouts
from accounts.runs.scope import Scope
from accounts.spinnaker.bundles import exclude_from_bundles, install, new_bundle
from accounts.spinnaker.deliveries import decisions as of_deliveries
from accounts.web.people import views
from accounts.web.settings import views as switching_off
from onboarding.accounts_file import read_accounts_file
from tests import rows
from tests.accounts.discover.organization.organizations import shared
from tests.accounts.runs.foreign.rows import foreign_row

pytestmark = pytest.mark.django_db

NAMES = ("ann", "bob", "cleo", "dora")
ADMINISTRATORS = {"cleo", "dora"}
ENVIRONMENTS = ("dev", "production", "")
ACCOUNTS = ("922222222222", "933333333333")
WATCHED = "944444444444"
"""It is in the organization, and drafted where its unit is watched."""
FINGERPRINT = "f" * 16
ALL: frozenset[str] | None = None
"""The place of what all environments share."""

STORED: tuple[type[models.Model], ...] = (
    *(ManagedAccount, ManagingAccount, Run, Rollout, ForeignPolicy, Bundle, Delivery),
    *(EnvironmentPolicy, EnvironmentRule, RoleLimit, Watch, User, User.groups.through),
)
FILE = """
accounts:
- name: {name}
  account_id: "{account_id}"
  regions: [us-east-1]
  {where}
  permissions: {{READ: [{role}]}}
  providers:
    ec2: {{}}
"""
DONE: Counter[str] = Counter()
"""How often each row was called and did something, in all walks."""

WHO, OTHER = st.sampled_from(NAMES), st.sampled_from(NAMES)
WHICH, WHERE = st.sampled_from((*ACCOUNTS, WATCHED)), st.sampled_from(ENVIRONMENTS)
ROLE = st.sampled_from(("sre", "everybody"))

ABOUT_ACCOUNTS: tuple[Decision[Any, Any], ...] = (
    *(actions.verify, actions.remove, rotate, finish_rotation, cancel_rotation),
    *(start_plan, forget_account, exclude_from_bundles),
)
ABOUT_RUNS: tuple[Decision[Any, Any], ...] = (
    *(actions.discard, start_again, undo, look_soon),
)
ABOUT_ROLLOUTS: tuple[Decision[Any, Any], ...] = (
    *(of_rollouts.pause, of_rollouts.resume, of_rollouts.stop, of_rollouts.retry),
)
ABOUT_SETTINGS: tuple[Decision[Any, Any], ...] = (
    *(switching_off.switch_on, switching_off.ask_off, switching_off.switch_off),
)


def stored() -> dict[str, list[str]]:
    """Return all that decisions change, but when a row was saved."""
    found = {}
    for kind in STORED:
        fields = kind._meta.concrete_fields
        names = [one.attname for one in fields if not getattr(one, "auto_now", False)]
        found[kind.__name__] = sorted(
            map(repr, kind._default_manager.values_list(*names))
        )
    return found


def versions() -> dict[str, int]:
    return dict(ManagedAccount.objects.values_list("account_id", "version"))


class Walk(RuleBasedStateMachine):
    """What happened, as an observer writes it down who sees calls and versions only."""

    @initialize()
    def begin(self) -> None:
        self.all = transaction.atomic()
        self.all.__enter__()
        self.roles = {name: {"operator", "approver"} for name in NAMES}
        self.limits: dict[tuple[str, str], frozenset[str] | None] = {}
        self.touched: dict[str, set[str]] = defaultdict(set)
        """Who changed each AWS account since a change of it was last carried out."""
        self.carried: dict[str, set[str]] = defaultdict(set)
        """Who had caused what was carried out last."""
        self.managers: set[str] = set()
        """Who edited the managing account."""
        self.approved_in: dict[str, set[str]] = defaultdict(set)
        self.ever: set[str] = set()
        """Each environment in which anything was approved."""
        self.planned: dict[Any, tuple[str, frozenset[str], bool]] = {}
        """Who started each run, where, and whether that asked for two."""
        self.legitimate: set[Any] = set()
        """Runs that somebody approved, who might."""
        for name in NAMES:
            one = rows.decider(name)
            if name in ADMINISTRATORS:
                self.roles[name].add("administrator")
                one.groups.add(Group.objects.get(name="administrator"))
        rows.managing_row(applied=[{}], state="verified", verification="verified")
        for number, key in enumerate(ACCOUNTS):
            where = ENVIRONMENTS[number]
            row = rows.account_row(f"w{number}", account_id=key, environment=where)
            foreign_row(row, digest=f"{number}" * 64)
        self.organization = Organization.objects.create(
            partition="aws", account_id="1" * 12
        )
        self.unit = Unit.objects.create(
            organization=self.organization, unit_id="r-1", path="Root", lineage="r-1/"
        )
        Member.objects.create(
            organization=self.organization,
            account_id=WATCHED,
            name="watched",
            state=Member.ACTIVE,
            unit=self.unit,
            unit_since=timezone.now(),
        )

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    # what is right

    def strict(self, places: Iterable[str]) -> bool:
        chosen = dict(
            EnvironmentPolicy.objects.values_list("environment", "second_approver")
        )
        described = ManagedAccount.objects.values_list("environment", flat=True)
        named = any(described) or any(self.ever)
        usual = {"production": True, "": named, "dev": False}
        return any(chosen.get(one, usual[one]) for one in places)

    def shared_is_strict(self) -> bool:
        """Say whether any environment asks for two that is in use, or ever was."""
        chosen = EnvironmentPolicy.objects.values_list("environment", flat=True)
        described = ManagedAccount.objects.values_list("environment", flat=True)
        used = {*described, *self.ever} - {""}
        return any(self.strict([one]) for one in {*used, *chosen})

    def places(self, account: ManagedAccount) -> frozenset[str]:
        now = ManagedAccount.objects.values_list("environment", flat=True)
        where = now.filter(pk=account.pk).first()
        return frozenset({where or "", *self.approved_in[account.account_id]})

    def decide(
        self,
        row: Decision[Any, Any],
        who: str,
        *subject: Any,
        places: frozenset[str] | None = frozenset(),
        not_by: Iterable[str] = (),
        call: Any = None,
        **given: Any,
    ) -> Any:
        """Decide, and see that it was right or refused; return what became of it, None:
        nothing. `places`: what it touches; `not_by`: who caused it, if that counts.
        """
        by = User.objects.get(username=who)
        asks = self.shared_is_strict() if places is ALL else self.strict(places)
        wrong = {*not_by} if asks else set()
        before, version = stored(), versions()
        last = Activity.objects.count()
        may = self.may(who, row.role, places)
        try:
            with transaction.atomic():
                done = call(by) if call else row(*subject, by, **given)
        except REFUSALS:
            assert stored() == before, row.title
            assert self.since(last) == []
            return None
        new, after = self.since(last), stored()
        if call is None or new or after != before:  # a file may say nothing new
            assert may, f"{who} may not {row.title}"
            assert who not in wrong, f"{who} caused it, and may not {row.title}"
        assert {one.who for one in new} <= {who}
        assert len({(one.what, one.about, repr(one.detail)) for one in new}) == len(new)
        if after != before:
            changed = {*map(str, after.items())} ^ {*map(str, before.items())}
            assert new or not row.logs, f"{row.title}: {changed}"
            DONE[row.title] += 1
        for run in Run.objects.exclude(pk__in=[*self.planned]):
            where = self.places(run.account) if run.account else frozenset()
            self.planned[run.pk] = who, where, self.strict(where)
        for account, number in versions().items():
            if number > version.get(account, -1):
                self.touched[account].add(who)
        return done

    def since(self, number: int) -> list[Activity]:
        entries = Activity.objects.filter(number__gt=number).exclude(what="refused")
        return [*entries]

    def may(
        self, who: str, role: UserRole | None, places: frozenset[str] | None
    ) -> bool:
        if role is None:
            return True
        inside = self.limits.get((who, role.name))
        is_inside = inside is None or (places is not ALL and places <= inside)
        active = User.objects.get(username=who).is_active
        return active and role.name in self.roles[who] and is_inside

    def account(self, key: str) -> ManagedAccount | None:
        return ManagedAccount.objects.filter(account_id=key).first()

    # accounts

    @rule(who=WHO, key=WHICH, where=WHERE, role=ROLE)
    def edit(self, who: str, key: str, where: str, role: str) -> None:
        row = self.account(key) or ManagedAccount(
            name=f"again{key[0:2]}", account_id=key, regions=["us-east-1"]
        )
        places = frozenset({where, *self.approved_in[key]})
        if not row._state.adding:
            places |= self.places(row)

        def call(by: User) -> None:
            with editing(row, by):
                row.environment, row.write_roles = where, [role]
                row.save()

        self.decide(edit_account, who, places=places, call=call)

    @rule(who=WHO, key=WHICH, where=WHERE, role=ROLE)
    def upload(self, who: str, key: str, where: str, role: str) -> None:
        row = self.account(key)
        places = frozenset({where, *self.approved_in[key]})
        line = f"environment: {where}" if where else ""
        name = row.name if row else f"again{key[0:2]}"
        text = FILE.format(name=name, account_id=key, where=line, role=role)
        file = read_accounts_file(text.encode())
        before = self.places(row) if row else frozenset()
        self.decide(
            save, who, places=places | before, call=lambda by: register_all(file, by)
        )

    @rule(who=WHO, key=WHICH, row=st.sampled_from(ABOUT_ACCOUNTS))
    def about_an_account(self, who: str, key: str, row: Decision[Any, Any]) -> None:
        if account := self.account(key):
            places = self.places(account)
            self.decide(row, who, account, places=places)
            if row is forget_account and not self.account(key):
                self.touched[key].clear()  # its authors are of the row

    @rule(who=WHO, key=WHICH)
    def plan(self, who: str, key: str) -> None:
        if account := self.account(key):
            self.decide(actions.plan, who, account, places=self.places(account))
            self.work()

    @rule()
    def work(self) -> None:
        """Plan as a worker does, without AWS."""
        for run in Run.objects.filter(status__in=(Status.PLANNING, Status.VERIFYING)):
            if run.kind == Run.Kind.VERIFY:
                run.status = Status.VERIFIED
            elif run.account is None:
                run.status = Status.PLANNED
            else:
                scope = Scope.load(run)
                keep_decided(run, scope, [], False)
                run.entries, run.status = planned_entries(run, scope), Status.PLANNED
                run.fingerprint, run.plan_digest = FINGERPRINT, plan_of(run).digest
            run.save()

    @rule(who=WHO, key=WHICH, others=st.lists(WHO, min_size=1, max_size=3))
    def onboard(self, who: str, key: str, others: list[str]) -> None:
        """Most orders end in a refusal; in this one, somebody gets somewhere."""
        self.plan(who, key)
        for other in others:
            self.approve(other, key)
        self.carry()

    @rule(who=WHO, key=WHICH)
    def approve(self, who: str, key: str) -> None:
        run = Run.objects.filter(account__account_id=key, status="planned").first()
        if run is None or run.account is None:
            return
        starter, then, strict = self.planned.get(run.pk, ("", frozenset(), False))
        places = self.places(run.account) | then
        causes = {starter, *self.touched[key]}
        assert isinstance(strict, bool)
        if self.decide(actions.approve, who, run, places=places, not_by=causes):
            assert not (strict and who in causes)
            self.legitimate.add(run.pk)

    @rule()
    def carry(self) -> None:
        """Carry out what was approved, as a worker does, without AWS."""
        going = (Status.APPLYING, Status.APPROVED)
        for run in Run.objects.filter(status__in=going).exclude(account=None):
            assert run.pk in self.legitimate, f"{run} is carried out, and nobody agreed"
            account = run.account
            assert account is not None
            mine = ManagedAccount.objects.filter(pk=account.pk)
            own = Run.objects.filter(pk=run.pk)
            if run.outdated_by(account, ManagingAccount.objects.get()):
                own.update(status=Status.OUTDATED)
                continue
            if run.kind != Run.Kind.ONBOARD:
                own.update(status=Status.FAILED)
                continue
            keep_approved(run)
            is_read = run.number % 2
            state = State.EVALUATED if is_read else State.VERIFIED
            own.update(status=state)
            mine.grant()
            mine.verify(state, timezone.now())
            if not is_read:
                keep_verified(mine.get(), state)
            key, starter = account.account_id, self.planned[run.pk][0]
            self.carried[key] = {*self.touched[key], starter}
            self.touched[key] = set()
            self.approved_in[key] = {account.environment}
            self.ever.add(account.environment)

    @rule(who=WHO, key=WHICH, row=st.sampled_from([actions.accept, leave_in_aws]))
    def accept(self, who: str, key: str, row: Decision[Any, Any]) -> None:
        if account := self.account(key):
            causes = self.carried[key] | self.touched[key]
            places = self.places(account)
            self.decide(row, who, account, places=places, not_by=causes)

    @rule(who=WHO, key=WHICH, row=st.sampled_from(ABOUT_RUNS))
    def about_a_run(self, who: str, key: str, row: Decision[Any, Any]) -> None:
        run = Run.objects.filter(account__account_id=key).order_by("-number").first()
        if run and run.account:
            then = self.planned.get(run.pk, ("", frozenset(), False))[1]
            places = self.places(run.account)
            if row is actions.discard:
                places |= then
            self.decide(row, who, run, places=places)

    # what all share

    @rule(who=WHO, role=st.sampled_from(("spinnakerManaged", "other")))
    def edit_the_managing_account(self, who: str, role: str) -> None:
        row = ManagingAccount.objects.get()
        changes = row.managed_role != role
        done = self.decide(
            edit_managing,
            who,
            places=ALL,
            call=lambda by: rows.edit_managing(by, managed_role=role) or True,
        )
        if done and changes:
            self.managers.add(who)

    @rule(who=WHO, approver=OTHER)
    def plan_the_managing_account(self, who: str, approver: str) -> None:
        self.decide(actions.plan_managing, who, places=ALL)
        self.work()
        run = Run.objects.filter(account=None, status="planned").first()
        if run and run.created_by:
            causes = {run.created_by.username, *self.managers}
            done = self.decide(
                actions.approve, approver, run, places=ALL, not_by=causes
            )
            if done:
                self.managers.clear()
                Run.objects.filter(pk=run.pk).update(status=Status.VERIFIED)
                ManagingAccount.objects.update(state="verified")

    @rule(who=WHO, run_by=st.sampled_from(("", "live", "halyard")))
    def say(self, who: str, run_by: str) -> None:
        self.decide(say_run_by, who, places=ALL, run_by=run_by)

    @rule(who=WHO)
    def bundle(self, who: str) -> None:
        """Build what is approved, and nothing else."""
        done = self.decide(new_bundle, who, places=ALL)
        for account in ManagedAccount.objects.exclude(verified={}):
            if done:
                assert self.carried[account.account_id], f"{account} isn't approved"
        if done:
            Bundle.objects.filter(pk=done.pk).update(status=Bundle.Status.READY)
            self.decide(install, who, Bundle.objects.get(pk=done.pk), places=ALL)

    @rule(who=WHO, other=OTHER, where=WHERE, agrees=st.booleans())
    def deliver(self, who: str, other: str, where: str, agrees: bool) -> None:
        delivery = Delivery.objects.create(
            number=Delivery.objects.next_number(),
            status=Delivery.Status.PLANNED,
            created_by=User.objects.get(username=who),
            environments=[where],
        )
        row = of_deliveries.approve if agrees else of_deliveries.discard
        causes = [who] if agrees and self.strict([where]) else ()
        places = ALL
        if agrees:
            done = self.decide(row, other, delivery, places=places)
            assert not (done and other in causes), "Gate got what nobody else approved"
        else:
            self.decide(row, other, delivery, places=places)
        Delivery.objects.filter(pk=delivery.pk).update(status="discarded")

    # rollouts

    @rule(who=WHO)
    def roll_out(self, who: str) -> None:
        accounts = [*ManagedAccount.objects.filter(account_id__in=ACCOUNTS)]
        kind = Rollout.Kind.ONBOARD
        row = rollouts.start
        done = self.decide(row, who, call=lambda by: row(accounts, kind, by))
        for run in Run.objects.filter(
            rollout=done, account__in=accounts if done else ()
        ):
            assert run.account is not None
            assert self.may(who, OPERATOR, self.places(run.account))
        self.work()

    @rule(who=WHO, row=st.sampled_from(ABOUT_ROLLOUTS))
    def about_a_rollout(self, who: str, row: Decision[Any, Any]) -> None:
        if rollout := Rollout.objects.order_by("number").last():
            self.decide(row, who, rollout, places=self.places_of(rollout))
            self.work()

    @rule(who=WHO, number=st.integers(1, 5))
    def configure(self, who: str, number: int) -> None:
        if rollout := Rollout.objects.order_by("number").last():
            self.decide(
                of_rollouts.configure,
                who,
                rollout,
                places=self.places_of(rollout),
                settings={"first_wave": number},
            )

    def places_of(self, rollout: Rollout) -> frozenset[str]:
        accounts = ManagedAccount.objects.filter(runs__rollout=rollout)
        return frozenset[str]().union(*map(self.places, accounts))

    @rule(who=WHO)
    def approve_a_group(self, who: str) -> None:
        """What is approved together is approved one by one."""
        rollout = Rollout.objects.order_by("number").last()
        waiting = Run.objects.filter(rollout=rollout, status=Status.PLANNED)
        runs = [*waiting.exclude(account=None).filter(fingerprint=FINGERPRINT)]
        if rollout is None or not runs:
            return
        done = self.decide(
            of_rollouts.approve_group, who, rollout, FINGERPRINT, places=frozenset()
        )
        for run in done.done if done else ():
            account = ManagedAccount.objects.get(pk=run.account_id)
            starter, then, _ = self.planned[run.pk]
            places = self.places(account) | then
            causes = {starter, *self.touched[account.account_id]}
            assert self.may(who, APPROVER, places)
            assert not (self.strict(places) and who in causes)
            self.legitimate.add(run.pk)

    # policies of others

    @rule(who=WHO, key=WHICH, verb=st.sampled_from(("ask", "accept", "end")))
    def policy(self, who: str, key: str, verb: str) -> None:
        policy = ForeignPolicy.objects.filter(account__account_id=key).first()
        if policy is None or policy.account is None:
            return
        given = {
            "ask": {"reason": "Backups.", "until": today() + timedelta(days=5)},
            "accept": {"read": policy.asked_digest},
            "end": {},
        }[verb]
        causes = [policy.asked_by.username] if policy.asked_by else []
        self.decide(
            getattr(accepting, verb),
            who,
            policy,
            places=self.places(policy.account),
            not_by=causes if verb == "accept" else (),
            **given,
        )

    @rule(who=WHO, verb=st.sampled_from(("ask", "accept", "end")))
    def alike_policies(self, who: str, verb: str) -> None:
        policies = [*ForeignPolicy.objects.exclude(account=None)]
        if not policies:
            return
        asked = {one.pk: one.asked_by and one.asked_by.username for one in policies}
        given: dict[str, Any] = {"policies": [one.pk for one in policies]}
        if verb == "ask":
            given |= {"reason": "Backups.", "until": today() + timedelta(days=5)}
        if verb == "accept":
            given |= {"read": policies[0].asked_alike}
        row = getattr(accepting, f"{verb}_alike")
        done = self.decide(row, who, policies[0].alike, places=frozenset(), **given)
        for one in done.done if done else ():
            places = self.places(one.account)
            role = APPROVER if verb == "accept" else OPERATOR
            assert self.may(who, role, places)
            if verb == "accept" and self.strict(places):
                assert asked[one.pk] != who

    # people and settings

    @rule(who=WHO, where=WHERE, row=st.sampled_from(ABOUT_SETTINGS))
    def second_approver(self, who: str, where: str, row: Decision[Any, Any]) -> None:
        policy = EnvironmentPolicy.objects.filter(environment=where).first()
        asked = policy.off_asked_by if policy else None
        done = self.decide(row, who, where)
        if done and row is switching_off.switch_off:
            assert asked is not None
            assert asked.username != who

    @rule(who=WHO, where=st.sampled_from(ENVIRONMENTS[:2]))
    def environment_rule(self, who: str, where: str) -> None:
        if given := EnvironmentRule.objects.first():
            self.decide(environment_rules.take_rule, who, given)
            return
        new = EnvironmentRule(by="id", value="955555555555", environment=where)
        self.decide(environment_rules.give_rule, who, rule=new)

    @rule(who=WHO, other=OTHER, roles=st.sets(st.sampled_from([r.name for r in ROLES])))
    def change_roles(self, who: str, other: str, roles: set[str]) -> None:
        row = User.objects.get(username=other)
        given = {"roles": sorted(roles), "limits": {}}
        before = {*row.groups.values_list("name", flat=True)}
        self.decide(views.change_roles, who, row, **given, not_by=[other])
        after = {*row.groups.values_list("name", flat=True)}
        assert who != other or before == after
        self.roles[other] = after

    @rule(who=WHO, other=OTHER, active=st.booleans())
    def activate(self, who: str, other: str, active: bool) -> None:
        row = User.objects.get(username=other)
        before = row.is_active
        self.decide(views.set_active, who, row, active=active)
        row.refresh_from_db()
        assert who != other or row.is_active == before
        names = {"first_name": "A" if active else "B"}
        self.decide(views.describe, who, row, names=names)

    @rule(who=WHO, role=st.sampled_from((OPERATOR, APPROVER)), where=WHERE)
    def limit(self, who: str, role: UserRole, where: str) -> None:
        """Given by the command line, so that walks get somewhere."""
        now = (who, role.name) in self.limits
        inside = None if now and self.limits[who, role.name] else frozenset({where})
        limit(User.objects.get(username=who), role, inside, None)
        self.limits[who, role.name] = inside

    @rule(who=WHO, other=OTHER, where=WHERE)
    def watch(self, who: str, other: str, where: str) -> None:
        if watch := Watch.objects.first():
            places = frozenset({watch.environment})
            self.decide(stop_watching, other, watch, places=places)
            return
        template = shared(environment=where)
        places = frozenset({where})
        self.decide(watch_unit, who, self.unit, template, "", places=places)
        if draft_new(self.organization):
            self.touched[WATCHED] = {who}


def walk(examples: int, steps: int = 40, *, random: bool = False) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=not random,
        phases=(Phase.explicit, Phase.generate, *[Phase.shrink] * random),
        suppress_health_check=[*HealthCheck],
    )
    run_state_machine_as_test(Walk, settings=how)


def test_a_walk_decides_only_what_is_right() -> None:
    DONE.clear()

    walk(25)

    assert len(DONE) >= 25, f"only {sorted(DONE)}"
    assert DONE["approve a plan"] > 5


@pytest.mark.in_all_only
@pytest.mark.postgresql
def test_long_walks_do_on_every_database() -> None:
    walk(100, random=True)
