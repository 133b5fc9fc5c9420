"""What Spinnaker knows of an account: as it is described, planned and approved.

An edit waits until it is planned and approved. Bundles hold what was approved once it
is proved, too: see verified.py.
"""

from __future__ import annotations

from dataclasses import replace

from accounts.mapping.managed import managed_of
from accounts.models import ManagedAccount, Run
from accounts.people.authors import forget_authors
from onboarding.details import DetailsError
from onboarding.resources.entry_changes import (
    EntryChange,
    EntryDocument,
    entry_changes,
)
from onboarding.spinnaker.entry_documents import entries_of, entry_documents
from onboarding.topology import SESSION_NAME, Managed, Managing, Topology


def described_entries(managing: Managing, managed: Managed) -> list[EntryDocument]:
    """Write what Spinnaker would be configured with as the account is described."""
    return entry_documents(Topology(managing, (managed,)))


def unplanned_entries(
    managing: Managing, account: ManagedAccount
) -> tuple[EntryChange, ...]:
    """List what of the description differs from what was approved for Spinnaker."""
    try:
        described = described_entries(managing, managed_of(account))
    except DetailsError:
        return ()
    approved = account.approved_entries
    if entries_of(managing, [described]) == entries_of(managing, [approved]):
        return ()
    return entry_changes(approved, described)


def as_spinnaker_assumes(account: ManagedAccount, managed: Managed) -> Managed:
    """Return it with the session name that was last approved: an edited one waits."""
    names = [
        one.get("session_name", SESSION_NAME)
        for one in account.approved_entries
        if one["provider"] == "aws"
    ]
    return replace(managed, session_name=names[0]) if names else managed


def keep_approved(run: Run) -> None:
    """Count what the run holds as approved, once it is carried out, or has found that
    nothing differs; whoever caused it is forgotten where somebody approved it.
    """
    forget_authors(run)
    if run.entries:
        accounts = ManagedAccount.objects.filter(pk__in=[run.account_id])
        accounts.have_entries(run.entries["after"], run.version)
