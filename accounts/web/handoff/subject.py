"""Whose hand-off a page is about: a managed account's, or the managing account's."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404

from accounts.http import Request
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.runs import RunQuerySet
from accounts.models.states import Status
from accounts.runs.owners.subject import NOT_HANDED_OFF, Subject
from accounts.web.live.state import Live, live_account, live_run
from accounts.web.live.views import watched
from onboarding.topology import MadeBy


def handed_off(pk: UUID) -> Subject:
    """Find an account whose roles somebody else creates; raise Http404 for others."""
    accounts = ManagedAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    account = accounts.prefetch_related("providers").filter(pk=pk).first()
    managing = ManagingAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    found = account or managing.filter(pk=pk).first()
    if found is None:
        raise Http404(NOT_HANDED_OFF)
    return found


def accounts_that_wait() -> RunQuerySet:
    """Find the runs of accounts that wait for the managing account's owner, too."""
    waiting = Run.objects.filter(status=Status.HANDED_OFF, alone=False)
    return waiting.filter(kind=Run.Kind.ONBOARD).order_by("account_name")


def exists(account: Subject) -> bool:
    """Return whether something of it may exist in AWS."""
    if isinstance(account, ManagingAccount):
        return bool(account.applied)
    return account.granted_at is not None


def live_of(request: Request, account: Subject, run: Run | None) -> Live | None:
    if not isinstance(account, ManagingAccount):
        return watched(request, live_account(account))
    return watched(request, live_run(run)) if run else None
