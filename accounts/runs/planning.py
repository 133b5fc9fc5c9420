"""Plan: compare every side with AWS and keep one step for each change."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from accounts.mapping.rows import (
    managed_of,
    managed_reach,
    managing_of,
    managing_reach,
    managing_row,
)
from accounts.models import ManagingAccount, Run, Step
from accounts.models.states import State, Status
from accounts.runs.actions import mark
from accounts.runs.sides import sides
from onboarding.aws.discover import answers, oidc_issuer
from onboarding.aws.session import Sessions
from onboarding.resources.fingerprint import signature
from onboarding.resources.plan import Change, Delta
from onboarding.topology import PodRole


def make_plan(run: Run, sessions: Sessions) -> None:
    """Compare every side with AWS and keep one step for each change."""
    recognise_bowline(sessions)
    learn(run, sessions)
    found = [(side, change) for side in sides(run) for change in side.changes(sessions)]
    steps = [step_of(change, side.account_name) for side, change in found]
    for position, step in enumerate(steps):
        step.run, step.position = run, position
    run.extend_lease()
    with transaction.atomic():
        run.steps.all().delete()
        Step.objects.bulk_create(steps)
        to = Status.PLANNED if steps else Status.VERIFYING
        signed = signature_of(run, [change for _, change in found])
        if run.move(to, since=(Status.PLANNING,), waiting="", signature=signed):
            mark(run, State.PLANNED if steps else State.APPLYING)


def recognise_bowline(sessions: Sessions) -> None:
    """Keep Bowline's own principal, which the managing identity's trust names."""
    row = managing_row()
    if not row.trusts_bowline or row.identity_kind == row.IdentityKind.EXISTING:
        return
    principal = sessions.whoami().principal
    if principal != row.bowline_principal:
        ManagingAccount.objects.update(bowline_principal=principal)


def learn(run: Run, sessions: Sessions) -> None:
    """Look up what the details leave to AWS: cluster endpoints, the pods' issuer."""
    row = managing_row()
    managing = managing_of(row)
    # A cluster that was made anew under its old name has another issuer.
    asks = run.account is None or not row.pod_issuer
    if isinstance(managing.identity, PodRole) and asks:
        issuer = oidc_issuer(
            sessions,
            managing_reach(managing),
            managing.identity.cluster,
            managing.identity.region,
        )
        ManagingAccount.objects.update(pod_issuer=issuer)
    if run.account is None:
        return
    managed = managed_of(run.account)
    for provider in managed.providers:
        provider.suit(managed)
        calls = provider.lookups(managed)
        if not calls:
            continue
        found = answers(sessions, managed_reach(managed), calls)
        enabled = run.account.providers.filter(key=provider.key)
        enabled.update(details=provider.learned(found).details)


def signature_of(run: Run, changes: Sequence[Change]) -> str:
    """Sign an account's plan, so that those that are the same are approved together.

    Nothing in AWS carries the account's name: a word like it means something else.
    """
    account = run.account
    if account is None or run.kind != Run.Kind.ONBOARD or not changes:
        return ""
    own = {
        account.account_id: "account id",
        str(account.external_id): "external ID",
    }
    if account.former_external_id:
        own[str(account.former_external_id)] = "former external ID"
    return signature(changes, own)


def step_of(change: Change, account_name: str) -> Step:
    delta = Delta.of(change)
    before, after = change.documents
    resource = change.resource
    return Step(
        account_id=resource.account,
        account_name=account_name,
        verb=change.verb,
        kind=resource.kind,
        name=resource.name,
        reason=resource.reason,
        before=before,
        after=after,
        removed=sorted(delta.removed),
        added=sorted(delta.added),
    )
