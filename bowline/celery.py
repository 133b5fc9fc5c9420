"""The Celery application; its settings are the `CELERY_` ones of settings.py."""

from __future__ import annotations

import os

from celery import Celery

from bowline.environment.loading import load_settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bowline.settings")
# Django's checks import every page and the API, which takes a worker half its start and
# a quarter of its memory. `manage.py migrate` runs them before any worker starts.
os.environ.setdefault("CELERY_SKIP_CHECKS", "true")

app = Celery("bowline")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.on_configure.connect
def on_configure(**_: object) -> None:
    load_settings()
