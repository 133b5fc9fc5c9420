"""The site: settings, URLs, the Celery application and the WSGI entry point."""

from __future__ import annotations

from bowline.celery import app as celery_app

__all__ = ["celery_app"]
