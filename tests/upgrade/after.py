"""What works in a database that was upgraded, as JSON.

`test_upgrade.py` runs it in a process of its own, with the site's own settings, next to
the emulated AWS as it was when the database was recorded.
"""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from typing import Any
from unittest.mock import patch

from celery import Celery, current_app
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.factors.keeping import use_code
from accounts.models import (
    Adoption,
    Bundle,
    Delivery,
    FoundCluster,
    ManagedAccount,
    Question,
    Rollout,
    Run,
)
from accounts.models.states import Status
from accounts.people.activity import first_broken
from accounts.runs.actions import approve, remove, verify
from accounts.runs.stages import carry_on
from accounts.tasks import sweep
from tests.accounts.web.factors.people import code
from tests.rows import person
from tests.upgrade.story import next_configuration

KINDS = ("SELECT", "INSERT", "UPDATE", "DELETE")
PAGES = (
    "/",
    "/accounts/",
    "/accounts/organization/",
    "/managing/",
    "/runs/",
    "/runs/rollouts/",
    "/bundles/",
    "/bundles/next/",
    "/bundles/now/",
    "/bundles/deliveries/",
    "/settings/",
    "/settings/?tab=rules",
    "/settings/activity/",
    "/settings/notifications/",
    "/settings/people/",
    "/settings/spinnaker/",
    "/settings/tokens/",
)


def tell_queries() -> None:
    """Print one query of each kind that all of it makes, with its values."""
    queries: dict[str, str] = {}

    def note(run: Any, query: str, values: Any, many: bool, context: Any) -> Any:
        if query.startswith(KINDS) and not many:
            queries.setdefault(query, connection.ops.compose_sql(query, values))
        return run(query, values, many, context)

    with connection.execute_wrapper(note):
        tell()
    print(json.dumps([*queries.values()]))


def tell() -> None:
    """Look at what was recorded first; then continue from there."""
    current_app.loader.import_default_modules()
    # As if it was asked today: nobody waits for more than a day.
    Question.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    with patch.object(Celery, "send_task", autospec=True, side_effect=worked_on):
        said = {
            "altered": [*altered_bundles()],
            "broken_before": first_broken(),
            "next": next_configuration(),
            **pages(),
            "verified": verified_again("dev"),
            "interrupted": swept("data"),
            "code": use_code(User.objects.get(username="ada"), code()),
            "clusters": [one.name for one in FoundCluster.objects.all()],
            "waiting": approved("tools"),
            "removed": removed("tools"),
            "broken_after": first_broken(),
        }
    print(json.dumps(said))


def worked_on(_: Celery, name: str, args: list[Any], **__: Any) -> None:
    """Work on a message at once, as a worker that is never busy."""
    current_app.tasks[name](*args)


def altered_bundles() -> list[str]:
    built = Bundle.objects.built()
    assert built
    return [
        str(bundle)
        for bundle in built
        if sha256(bundle.archive).hexdigest() != bundle.sha256
    ]


def pages() -> dict[str, Any]:
    """Open every main page and the page of each recorded thing."""
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("root"))
    accounts = {one.get_absolute_url(): one for one in ManagedAccount.objects.all()}
    others = [
        row.get_absolute_url()
        for kind in (Run, Rollout, Bundle, Delivery, Adoption, Question)
        for row in kind.objects.all()
    ]
    rights = [f"{url}permissions/" for url in accounts]
    answers = {url: client.get(url) for url in (*PAGES, *accounts, *others, *rights)}
    shown = {url: answer.content.decode() for url, answer in answers.items()}
    return {
        "refused": [url for url, one in answers.items() if one.status_code != 200],
        "unnamed": [
            one.name
            for url, one in accounts.items()
            if f">{one.name}<" not in shown["/accounts/"] or one.name not in shown[url]
        ],
    }


def verified_again(name: str) -> list[str]:
    run = verify(ManagedAccount.objects.get(name=name), None)
    carry_on(run)
    return outcome(run)


def swept(name: str) -> list[str]:
    """Let the sweep find the run that a killed worker left."""
    run = Run.objects.get(account__name=name, status=Status.APPLYING)
    assert {*run.steps.values_list("status", flat=True)} >= {"done", "pending"}
    sweep()
    return outcome(run)


def approved(name: str) -> list[str]:
    """Approve the plan by the digest that whoever read it had read."""
    run = Run.objects.get(account__name=name, status=Status.PLANNED)
    by = User.objects.get(username="olga")
    assert approve(run, by, read=run.plan_digest)
    carry_on(run)
    return outcome(run)


def removed(name: str) -> list[str]:
    """Plan it, and approve and carry that out, as all of it is by this version."""
    account, by = ManagedAccount.objects.get(name=name), person("operator")
    carry_on(remove(account, by))
    return approved(name)


def outcome(run: Run) -> list[str]:
    """Say how the run ended, why, and which of its steps are not done."""
    run.refresh_from_db()
    steps = run.steps.exclude(status="done").values_list("name", flat=True)
    error = [str(run.error)] if run.error else []
    return [run.status, *error, *steps]
