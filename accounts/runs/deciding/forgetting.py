"""Delete an account from Bowline: one of which nothing exists in AWS, or one that stays
in AWS and in Spinnaker as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q
from django.utils import timezone

from accounts.decisions.decision import decision
from accounts.decisions.locks import hold, lock_settings
from accounts.mapping.managing import left_over, managing_row
from accounts.mapping.plans import take_over_of
from accounts.models import (
    Activity,
    DeliveredAccount,
    Delivery,
    FoundRoles,
    ManagedAccount,
    ManagingAccount,
    Rollout,
)
from accounts.models.managed import KeptRecord
from accounts.models.people import name_of
from accounts.models.states import OPEN
from accounts.people.activity import record
from accounts.people.authors import authors_of_account, keys_of
from accounts.people.reach import around, reach_of_account
from accounts.people.roles import APPROVER, OPERATOR
from accounts.refused import Refused
from accounts.runs.foreign.taking_over import taken_by
from accounts.runs.managing.kept_roles import keep_role, role_arn

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class CannotForget(Refused, ValueError):
    """The account is still needed; the message says for what."""

    code = "CANNOT_DELETE"


@decision(
    "delete an account from Bowline", OPERATOR, Activity.What.FORGET, touches=around
)
def forget_account(account: ManagedAccount, by: User | None) -> None:
    """Delete an account that does not exist in AWS; raise CannotForget for others."""
    if reason := why_not_forget(account):
        raise CannotForget(reason)
    account.delete()
    detail = {"account ID": account.account_id}
    record(by, Activity.What.FORGET, account.name, detail)


def hold_after_deliveries(account: ManagedAccount) -> None:
    """Hold the account, and let no delivery or run of it begin."""
    deliveries = Delivery.objects.open().select_for_update(no_key=True)
    list(deliveries.values_list("pk"))
    lock_settings()
    hold(account)


@decision(
    "delete an account from Bowline that stays in AWS",
    APPROVER,
    Activity.What.KEEP,
    touches=reach_of_account,
    caused_by=authors_of_account,
    locks=hold_after_deliveries,
)
def leave_in_aws(account: ManagedAccount, by: User | None) -> None:
    """Delete an account that Spinnaker continues to use: its role stays on the managing
    account's list. Raise CannotForget.
    """
    if reason := why_not_leave(account):
        raise CannotForget(reason)
    row = managing_row()
    kept = record_of(row, account, by)
    keep_role(row, kept)
    row.authors.add(*keys_of(by))
    DeliveredAccount.objects.filter(name__in=kept.names).delete()
    account.delete()
    detail = {
        "account ID": kept.account_id,
        "ARN": kept.arn,
        "names in Spinnaker": kept.names,
    }
    record(by, Activity.What.KEEP, kept.account, detail)


def record_of(
    row: ManagingAccount, account: ManagedAccount, by: User | None
) -> KeptRecord:
    entries = (*account.verified.get("entries", ()), *account.approved_entries)
    names = {entry["name"] for entry in entries}
    names |= {one.name for one in account.spinnaker_names.all()}
    assert account.granted_at is not None
    return KeptRecord(
        arn=role_arn(row, account),
        account=account.name,
        names=sorted(names),
        since=account.granted_at.isoformat(),
        who=name_of(by),
        when=timezone.now().isoformat(),
    )


def why_not_forget(account: ManagedAccount) -> str:
    """Say why the account cannot be deleted from Bowline now; empty: it can."""
    if account.granted_at:
        return (
            f"You can't delete {account.name} while it exists in AWS. Remove it from "
            "AWS first."
        )
    return open_run(account)


def made_by_bowline(account: ManagedAccount) -> bool:
    """Return whether the role that Spinnaker assumes was Bowline's when it was last
    read, and was never taken over from others.
    """
    name = role_arn(managing_row(), account).rpartition("/")[2]
    found = FoundRoles.objects.of(account.pk).first()
    roles = found.roles if found else []
    owned = any(one["owned"] and one["name"] == name for one in roles)
    return owned and not any(take_over_of(run).owns for run in taken_by(account))


def open_run(account: ManagedAccount) -> str:
    if account.runs.filter(status__in=OPEN).exists():
        return (
            f"{account.name} has an open run. Wait until it finishes, or discard its "
            "plan."
        )
    return ""


def why_not_leave(account: ManagedAccount) -> str:
    """Say why the account cannot be deleted from Bowline and stay in AWS now; empty: it
    can.
    """
    if not (account.is_assumable and account.in_aws_provider):
        return f"Spinnaker assumes no role in {account.name}."
    if left_over().filter(pk=account.pk).exists():
        return (
            f"No plan of {account.name} was applied. The managing account's next plan "
            "takes its role off the list."
        )
    is_bowlines = not account.adopts or made_by_bowline(account)
    if account.is_handed_off or is_bowlines:
        maker = "The owner" if account.is_handed_off else "Bowline"
        return (
            f"{maker} created the roles of {account.name} for Bowline. Remove the "
            "account from AWS, so that no role remains that no one looks after."
        )
    if reason := open_run(account):
        return reason
    unfinished = Q(rollout__isnull=False) & ~Q(rollout__state__in=Rollout.ENDED)
    if run := account.runs.filter(unfinished).first():
        return (
            f"{account.name} is part of rollout {run.rollout_id}. Wait until it "
            "finishes, or stop it."
        )
    sending = (Delivery.Status.DELIVERING, Delivery.Status.WATCHING)
    if delivery := Delivery.objects.filter(status__in=sending).first():
        return f"{delivery} is in progress. Wait until it finishes."
    return ""
