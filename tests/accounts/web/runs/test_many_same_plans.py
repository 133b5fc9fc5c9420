"""Hundreds of plans that are the same: few rows are laid out, and all are approved."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import ManagedAccount, Run, Step
from accounts.models.states import Status
from accounts.runs.actions import discard
from accounts.web.runs.decisions import MOST_IN_TABLE

SAME = "5a" * 16
URL = f"/runs/same/{SAME}/"
COUNT = 500


@pytest.fixture
def runs(managing) -> list[Run]:
    rows = ManagedAccount.objects.bulk_create(
        ManagedAccount(name=f"a{n:03}", account_id=f"{n:012}") for n in range(COUNT)
    )
    runs = Run.objects.bulk_create(
        Run(account=row, account_name=row.name, status="planned", fingerprint=SAME)
        for row in rows
    )
    Step.objects.bulk_create(Step(run=run, position=0, verb="create") for run in runs)
    return runs


def selected(client: Client) -> list[str]:
    """Read which plans the page would send as they are selected when it opens."""
    html = client.get(URL).content.decode()
    return re.findall(r'name="run"\s+form="approve"\s+value="([^"]+)" checked', html)


def test_few_have_a_row_and_all_are_named_and_selected(approver, runs) -> None:
    response = approver.get(URL)

    html = response.content.decode()
    assert html.count('<td class="tick">') == MOST_IN_TABLE
    assert f"{COUNT - MOST_IN_TABLE} more accounts" in html
    assert all(f">{run.account_name}</a>" in html for run in runs)
    assert set(selected(approver)) == {str(run.pk) for run in runs}
    assert len(response.content) < 250_000


def test_what_is_selected_is_approved_and_nothing_else(approver, runs) -> None:
    chosen = selected(approver)
    waits, moved_on = runs[COUNT - 1], runs[COUNT - 2]
    chosen.remove(str(waits.pk))
    discard(moved_on, None)

    response = approver.post(f"{URL}approve/", {"run": chosen}, follow=True)

    html = response.content.decode()
    assert f"{COUNT - 2} plans are approved" in html
    assert f"Not approved: {moved_on.account_name}: {moved_on.title} was" in html
    assert list(Run.objects.filter(status=Status.PLANNED)) == [waits]


def test_a_refused_comment_keeps_what_was_selected_below_the_table(
    approver, runs
) -> None:
    chosen = [str(run.pk) for run in runs[1:-1]]

    html = approver.post(
        f"{URL}approve/", {"run": chosen, "comment": "x" * 2001}
    ).content.decode()

    found = re.findall(r'value="([^"]+)" checked', html)
    assert set(found) == set(chosen)
    assert not Run.objects.filter(status=Status.APPLYING).exists()
