"""What only AWS can say of an account, such as clusters' endpoints: asked when a run
plans, and of an account's owner once its reader role exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from django.db import transaction

from accounts.mapping.entries import described_entries, unplanned_entries
from accounts.mapping.managed import managed_of
from accounts.models import EnabledProvider, ManagedAccount, Run
from accounts.runs.scope import Scope
from onboarding.aws.discover import answers
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from onboarding.providers.base import providers_of
from onboarding.resources.plan import PlanOutdated
from onboarding.topology import Managed

Details: TypeAlias = dict[str, Mapping[str, Any]]
"""What AWS said, by the key of the provider that asked."""


def learn_details(run: Run, scope: Scope, managed: Managed, sessions: Sessions) -> bool:
    """Look up what providers must know, and write it; return whether anything was
    learned. What nobody can ask before the owner is done is left for later.

    No person edited anything, so no version is counted. Raise LeaseLost, or
    PlanOutdated where somebody edited meanwhile.
    """
    return keep_details(run, scope, look_up_details(managed, sessions))


def look_up_details(managed: Managed, sessions: Sessions) -> Details:
    """Ask AWS; no transaction waits for it."""
    found: Details = {}
    for provider in providers_of(managed):
        provider.suit(managed)
        calls = provider.lookups(managed)
        if not calls:
            continue
        try:
            answered = answers(sessions, managed.reach, calls)
        except AwsError as error:
            if managed.is_handed_off and error.no_access:
                continue
            raise
        found[provider.key] = provider.learned(answered).details
    return found


def keep_details(run: Run, scope: Scope, found: Details) -> bool:
    """Write what differs; return whether anything does."""
    assert scope.account is not None
    rows = [row for row in scope.account.providers.all() if row.key in found]
    differing = [row for row in rows if row.details != found[row.key]]
    for row in differing:
        row.details = found[row.key]
        run.extend_lease()
        unedited = ManagedAccount.objects.at(scope.account.version)
        kept = EnabledProvider.objects.filter(pk=row.pk, account__in=unedited)
        if not kept.update(details=row.details):
            name = scope.account.name
            raise PlanOutdated(f"{name} was edited while it was planned.")
    return bool(differing)


def learn_of_owner(run: Run, scope: Scope, sessions: Sessions) -> Scope:
    """Look up what could not be asked when the run planned; return the scope with it.
    It counts as approved, because the clusters that it describes are.
    """
    account, managed = scope.account, scope.managed
    if not (account and managed and managed.is_handed_off) or managed.is_learned:
        return scope
    is_planned = not unplanned_entries(scope.managing, account)
    found = look_up_details(managed, sessions)
    with transaction.atomic():
        if not keep_details(run, scope, found):
            return scope
        if is_planned:
            described = described_entries(scope.managing, managed_of(account))
            account.approved_entries = described
            rows = ManagedAccount.objects.filter(pk=account.pk)
            rows.have_entries(described, run.version)
    return Scope.of(run, scope.row, account)
