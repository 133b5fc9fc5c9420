"""The managing account's page says that another database changed it, and adopts its
list.
"""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import ManagingAccount
from tests.accounts.web.answers import messages_of
from tests.rows import kept_role, managing_row, run_row

ARN = kept_role(8)["arn"]
SITE = "0b1f6a52-7c1e-4a53-9c39-0d8a5f5d8f11"


@pytest.fixture(autouse=True)
def row() -> ManagingAccount:
    return managing_row(other_site={"site": SITE, "revision": 1, "roles": [ARN]})


def test_it_says_what_was_found(operator: Client) -> None:
    page = operator.get("/managing/").content.decode()

    assert "Another database changed this account" in page
    assert f"the database {SITE} changed it 1 time." in page
    assert "1 role that this database didn&#x27;t put there is on the list" in page
    assert "Adopt the list" in page


def test_the_list_is_adopted(operator: Client) -> None:
    answer = operator.post("/managing/adopt-list/")

    row = ManagingAccount.objects.get()
    assert answer["Location"] == "/managing/"
    assert ([one.arn for one in row.kept], row.other_site) == ([ARN], {})
    assert "Kept roles on the list: 1." in messages_of(answer)
    page = operator.get("/managing/").content.decode()
    assert "000000000008, not in this Bowline" in page
    assert "Another database" not in page

    again = operator.post("/managing/adopt-list/")
    assert "There is no list to adopt" in messages_of(again)


def test_who_only_reads_adopts_nothing(viewer: Client) -> None:
    assert "Adopt the list" not in viewer.get("/managing/").content.decode()
    assert viewer.post("/managing/adopt-list/").status_code == 403
    assert ManagingAccount.objects.get().other_site


def test_a_run_that_stopped_there_leads_to_it(operator: Client) -> None:
    error = {
        "message": "Another Bowline manages core.",
        "hint": "Adopt it.",
        "code": "OtherSite",
    }
    run = run_row("failed", account=None, kind="managing", error=error)

    page = operator.get(run.get_absolute_url()).content.decode()

    assert "/managing/#other-site" in page
