"""Note who should know what happens, in the transaction in which it does."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet

from accounts.models import (
    Activity,
    Happened,
    ManagedAccount,
    Member,
    Notification,
    Organization,
    Rollout,
    Run,
    Target,
)
from accounts.models.states import Status
from accounts.people.role_limits.limits import with_role_in
from accounts.people.roles import APPROVER
from accounts.work.queue import wake


def is_configured() -> bool:
    return bool(settings.EMAIL_HOST)


def address_of(person: User) -> str:
    """Return the person's mail address; empty where it is none, or not one line."""
    try:
        validate_email(person.email)
    except ValidationError:
        return ""
    return person.email


def happened(run: Run, what: Notification.What) -> None:
    """Write it down, in the transaction in which it happens, where anybody may hear."""
    if is_configured() or Target.objects.exists():
        environment = run.account.environment if run.account else ""
        Happened.objects.create(what=what, run=run, environment=environment)


def failed(run: Run) -> None:
    """A run failed; the notice of a rollout says those of it."""
    if run.rollout_id is None:
        happened(run, Notification.What.FAILED)


What = Notification.What


def notify_of_rollout(rollout: Rollout, what: Notification.What) -> None:
    """Let the person know who started it. Nothing is sent before the commit."""
    if rollout.created_by_id is not None and is_configured():
        note(Notification(person_id=rollout.created_by_id, what=what, rollout=rollout))
    notify_targets_of_rollout(rollout, what)


def notify_of_plans(rollout: Rollout) -> None:
    """Let everybody who may approve some know that plans wait, but who started it."""
    if is_configured():
        approvers = approvers_of(Run.objects.filter(rollout=rollout))
        others = approvers.exclude(pk=rollout.created_by_id or 0)
        for key in others.order_by("pk").values_list("pk", flat=True).distinct():
            note(Notification(person_id=key, what=What.WAITS, rollout=rollout))
    notify_targets_of_rollout(rollout, What.WAITS)


def notify_targets_of_rollout(rollout: Rollout, what: Notification.What) -> None:
    if not Target.objects.exists():
        return
    environments = environments_in(rollout)
    for target in Target.objects.wanting(Notification.KINDS[what], environments):
        note(Notification(target=target, what=what, rollout=rollout))


def environments_in(rollout: Rollout) -> set[str]:
    accounts = ManagedAccount.objects.filter(runs__rollout=rollout).order_by()
    return set(accounts.values_list("environment", flat=True).distinct())


def approvers_of(runs: QuerySet[Run]) -> QuerySet[User]:
    """Find whom mail reaches who may approve one of the plans among these runs: in the
    environments as they are now, and without what all environments share.
    """
    plans = runs.filter(status=Status.PLANNED).exclude(account=None).order_by()
    environments = plans.values_list("account__environment", flat=True).distinct()
    approvers = User.objects.filter(
        groups__permissions__codename="approve_run", is_active=True
    ).exclude(email="")
    return with_role_in(approvers, APPROVER, environments)


def notify_of_new_accounts(organization: Organization) -> None:
    """Let those know whose watches found new accounts in this reading."""
    new = Member.objects.filter(
        organization=organization, drafted_in=organization.reading
    )
    found = {"what": What.NEW_ACCOUNTS, "organization": organization}
    found["reading"] = organization.reading
    if is_configured():
        people = new.exclude(drafted_for=None).order_by("drafted_for").distinct()
        for key in people.values_list("drafted_for", flat=True):
            note(Notification(person_id=key, **found))
    if Target.objects.exists() and new.exists():
        # Its text leaves out what is in other environments, or is not written.
        for target in Target.objects.wanting(
            Notification.KINDS[What.NEW_ACCOUNTS], set()
        ):
            note(Notification(target=target, **found))


def notify_of_own(person: User, entry: Activity) -> None:
    """Let the person know what was changed about their own account, and by whom."""
    if is_configured() and address_of(person):
        note(Notification(person=person, what=What.OWN, entry=entry))


def note(notification: Notification) -> None:
    notification.save(force_insert=True)
    transaction.on_commit(partial(wake, notification))
