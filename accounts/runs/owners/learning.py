"""What only AWS can say of an account, such as clusters' endpoints: asked when a run
plans, and of an account's owner once its reader role exists.
"""

from __future__ import annotations

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


def learn_details(run: Run, scope: Scope, managed: Managed, sessions: Sessions) -> bool:
    """Look up what providers must know, and write it; return whether anything was
    learned. What nobody can ask before the owner is done is left for later.

    No person edited anything, so no version is counted. Raise LeaseLost, or
    PlanOutdated where somebody edited meanwhile.
    """
    assert scope.account is not None
    enabled = {one.key: one for one in scope.account.providers.all()}
    learned = False
    for provider in providers_of(managed):
        provider.suit(managed)
        calls = provider.lookups(managed)
        if not calls:
            continue
        try:
            found = answers(sessions, managed.reach, calls)
        except AwsError as error:
            if managed.is_handed_off and error.no_access:
                continue
            raise
        details = provider.learned(found).details
        row = enabled[provider.key]
        if details != row.details:
            row.details, learned = details, True
            run.extend_lease()
            unedited = ManagedAccount.objects.at(scope.account.version)
            rows = EnabledProvider.objects.filter(pk=row.pk, account__in=unedited)
            if not rows.update(details=details):
                raise PlanOutdated(f"{managed.name} was edited while it was planned.")
    return learned


def learn_of_owner(run: Run, scope: Scope, sessions: Sessions) -> Scope:
    """Look up what could not be asked when the run planned; return the scope with it.
    It counts as approved, because the clusters that it describes are.
    """
    account, managed = scope.account, scope.managed
    if not (account and managed and managed.is_handed_off) or managed.is_learned:
        return scope
    is_planned = not unplanned_entries(scope.managing, account)
    with transaction.atomic():
        if not learn_details(run, scope, managed, sessions):
            return scope
        if is_planned:
            described = described_entries(scope.managing, managed_of(account))
            account.approved_entries = described
            rows = ManagedAccount.objects.filter(pk=account.pk)
            rows.have_entries(described, run.version)
    return Scope.of(run, scope.row, account)
