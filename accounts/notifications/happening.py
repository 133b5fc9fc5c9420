"""Write down what happens to single runs, for gathering.py to tell."""

from __future__ import annotations

from accounts.models import Happened, Notification, Run, Target
from accounts.notifications.addresses import is_configured


def happened(run: Run, what: Notification.What) -> None:
    """Write it down, in the transaction in which it happens, where anybody may hear."""
    if is_configured() or Target.objects.exists():
        environment = run.account.environment if run.account else ""
        Happened.objects.create(what=what, run=run, environment=environment)


def failed(run: Run) -> None:
    """A run failed; the notice of a rollout says those of it."""
    if run.rollout_id is None:
        happened(run, Notification.What.FAILED)
