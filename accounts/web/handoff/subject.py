"""Whose hand-off a page is about: a managed account's, or the managing account's."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404
from django.urls import reverse

from accounts.mapping.handing_off import hand_off_of
from accounts.mapping.managing import managing_row
from accounts.models import HandOff as HandedOut
from accounts.models import ManagedAccount, ManagingAccount, Run
from accounts.models.runs import RunQuerySet
from accounts.models.states import Status
from accounts.runs.owners.readiness import hand_off_managing_now, hand_off_now
from accounts.web.live.state import Live, live_account, live_run
from onboarding.handoff.hand_off import HandOff
from onboarding.topology import MadeBy

Subject = ManagedAccount | ManagingAccount


def handed_off(pk: UUID) -> Subject:
    """Find an account whose roles somebody else creates; raise Http404 for others."""
    accounts = ManagedAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    account = accounts.prefetch_related("providers").filter(pk=pk).first()
    managing = ManagingAccount.objects.exclude(made_by=MadeBy.BOWLINE.value)
    found = account or managing.filter(pk=pk).first()
    if found is None:
        raise Http404("This account is not handed off.")
    return found


def hand_off_for(account: Subject, *, removes: bool = False) -> HandOff:
    """Describe what its owner receives; raise one of NOT_READY."""
    if isinstance(account, ManagingAccount):
        return hand_off_managing_now(account)
    # What is removed is deleted, however the managing account fares.
    return hand_off_of(managing_row(), account) if removes else hand_off_now(account)


def last_handed_out(account: Subject) -> HandedOut | None:
    if isinstance(account, ManagingAccount):
        return HandedOut.objects.of_managing().first()
    return account.hand_offs.in_force().first()


def waiting_run(account: Subject) -> Run | None:
    """Find the run of its own that waits for its owner."""
    waiting = Run.objects.filter(status=Status.HANDED_OFF)
    if isinstance(account, ManagingAccount):
        return waiting.filter(kind=Run.Kind.MANAGING).first()
    return waiting.filter(account=account).first()


def accounts_that_wait() -> RunQuerySet:
    """Find the runs of accounts that wait for the managing account's owner, too."""
    waiting = Run.objects.filter(status=Status.HANDED_OFF, alone=False)
    return waiting.filter(kind=Run.Kind.ONBOARD).order_by("account_name")


def exists(account: Subject) -> bool:
    """Return whether something of it may exist in AWS."""
    if isinstance(account, ManagingAccount):
        return bool(account.applied)
    return account.granted_at is not None


def live_of(account: Subject, run: Run | None) -> Live | None:
    if isinstance(account, ManagingAccount):
        return live_run(run) if run else None
    return live_account(account)


def crumbs_of(account: Subject) -> list[tuple[str, str]]:
    own = (account.name, account.get_absolute_url())
    if isinstance(account, ManagingAccount):
        return [own]
    return [("Accounts", reverse("accounts:accounts")), own]
