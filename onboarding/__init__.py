"""The site and the engine: what AWS and Spinnaker should look like, and how.

It never imports `accounts`.
"""

from __future__ import annotations

from onboarding.celery import app as celery_app

__all__ = ["celery_app"]
