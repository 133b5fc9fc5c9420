"""What happens when nobody asks for it, and how often: Celery beat's schedule."""

from __future__ import annotations

from typing import Any

from celery.beat import PersistentScheduler
from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "heartbeat": {
        "task": "accounts.tasks.heartbeat",
        "schedule": 15,
        # Not to pile up without a worker; far more than clocks of two hosts differ.
        "options": {"expires": 10 * 60},
    },
    "heartbeat-of-schedule": {
        "task": "accounts.tasks.heartbeat",
        "schedule": 15,
        "options": {"expires": 10 * 60, "queue": "schedule"},
    },
    "sweep": {
        "task": "accounts.tasks.sweep",
        "schedule": 30,
        # Without a worker for a while, sweeps must not pile up.
        "options": {"expires": 30},
    },
    "look-at-owners": {
        "task": "accounts.tasks.look_at_owners",
        # Less than the shortest pause between two looks, or every second one is missed.
        "schedule": 10,
        "options": {"expires": 10, "queue": "schedule"},
    },
    "look-at-deliveries": {
        "task": "accounts.tasks.look_at_deliveries",
        # Less than the pause between two looks at what Spinnaker has loaded.
        "schedule": 10,
        "options": {"expires": 10},
    },
    "verify-all": {
        "task": "accounts.tasks.verify_all",
        "schedule": crontab(hour="1-6"),
        # The next minute's message does what this one would have done.
        "options": {"expires": 60},
    },
    "read-organizations": {
        "task": "accounts.tasks.read_organizations",
        "schedule": crontab(hour="0", minute="23"),
        "options": {"expires": 60 * 60},
    },
    "delete-old": {
        "task": "accounts.tasks.delete_old",
        "schedule": crontab(minute="47"),
        "options": {"expires": 60 * 60},
    },
}


class Beat(PersistentScheduler):
    """Sends what is due by the clock as it is now: what it sent at a time that is to
    come, by a clock that was ahead, counts as never sent.
    """

    def tick(self, *args: Any, **options: Any) -> float:
        """Send one that is due; return the seconds until the next is."""
        for entry in self.schedule.values():
            now = entry.default_now()
            if (entry.last_run_at or now) > now:
                entry.last_run_at = now
                self._heap = None  # made again, with what is next
        return float(super().tick(*args, **options))
