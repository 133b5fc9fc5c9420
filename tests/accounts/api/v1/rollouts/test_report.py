"""The report of a rollout by the API: each account, with what ended its run."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Run
from accounts.models.states import Status
from tests.accounts.runs.rollouts.rows import started


@pytest.fixture
def path(managing) -> str:
    return f"/rollouts/{started(3).number}/accounts"


def test_each_account_is_listed_with_its_run_and_what_ended_it(reader, path):
    run = Run.objects.order_by("number").filter(kind="onboard")[1]
    error = {"message": "No.", "hint": "Ask."}
    Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=error)

    answer = reader.read(path)

    assert answer.status_code == 200, answer.content
    items = answer.json()["items"]
    assert len(items) == 3
    (failed,) = (one for one in items if one["status"] == "failed")
    assert (failed["account"], failed["run"]) == (run.account_name, run.number)
    assert (failed["cause"], failed["fix"]) == ("No.", "Ask.")


def test_it_comes_page_by_page(reader, path):
    first = reader.read(path, limit=2).json()
    second = reader.read(path, limit=2, cursor=first["next"]).json()

    names = [one["account"] for one in first["items"] + second["items"]]
    assert (len(names), len(set(names)), second["next"]) == (3, 3, None)


def test_what_was_retried_is_listed_once(reader, path):
    run = Run.objects.filter(kind="onboard").first()
    Run.objects.filter(pk=run.pk).update(retried=True)

    assert len(reader.read(path).json()["items"]) == 2


def test_the_queries_do_not_grow_with_the_accounts(reader, path):
    reader.read(path)
    with CaptureQueriesContext(connection) as one:
        reader.read(path, limit=1)
    with CaptureQueriesContext(connection) as all_of_them:
        reader.read(path)

    assert len(one) == len(all_of_them)
