"""A rollout on an emulated site, as people start and approve it. Import this after
Django was set up.
"""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.core.management import call_command

from accounts.mapping.accounts_file import register
from accounts.models import ManagedAccount, Rollout, Run
from accounts.models.states import Status
from accounts.runs import rollouts
from accounts.runs.actions import approve
from accounts.runs.rollouts.census import managing_run, runs_of
from accounts.runs.rollouts.decisions import approve_group
from onboarding.accounts_file import read_accounts_file
from script.bench_onboarding import written
from script.emulated_organization import Account
from script.emulated_site import LONG
from script.servers import wait_until


def registered(accounts: list[Account]) -> list[ManagedAccount]:
    """Add the accounts to a site that is empty."""
    call_command("migrate", verbosity=0)
    rows: list[ManagedAccount] = register(
        read_accounts_file(written(accounts).encode()), None
    )
    return rows


def planned(rows: Collection[ManagedAccount]) -> Rollout:
    """Start a rollout, and wait until all of it is planned."""
    person = User.objects.create_superuser("bench")
    rollout = rollouts.start(rows, Rollout.Kind.ONBOARD, person)
    until_it(Rollout.State.PLANNED)
    planning = Run.objects.filter(status=Status.PLANNING)
    wait_until(lambda: not planning.exists(), what="A plan was not made")
    return rollout


def approver() -> User:
    return User.objects.get_or_create(username="approver", is_superuser=True)[0]


def approve_managing(rollout: Rollout) -> None:
    """Approve what comes first, if anything does."""
    managing = managing_run(rollout)
    if managing and managing.status == Status.PLANNED:
        approve(managing, approver())


def approve_accounts(rollout: Rollout) -> None:
    runs = runs_of(rollout).filter(status=Status.PLANNED)
    for fingerprint in set(runs.values_list("fingerprint", flat=True)):
        approve_group(rollout, fingerprint, approver())


def until_it(*states: Rollout.State) -> None:
    """Wait until the only rollout is in one of these states."""
    reached = Rollout.objects.filter(state__in=states)
    what = f"It was not {states[0]}"
    wait_until(reached.exists, what=what, seconds=LONG, every=0.5)


def wrong() -> list[str]:
    """Say of each run that did not verify why."""
    runs = Run.objects.exclude(status=Status.VERIFIED)
    return [(run.error or {}).get("message", run.status) for run in runs]
