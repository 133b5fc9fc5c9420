"""The managing account's page lists kept roles, and takes one off."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import ManagingAccount
from accounts.models.states import State
from tests.accounts.web.answers import messages_of
from tests.rows import kept_role, managing_row

ARN = kept_role(8)["arn"]


@pytest.fixture(autouse=True)
def row() -> ManagingAccount:
    kept = [kept_role(7), kept_role(8, who="<b>ada</b>")]
    return managing_row(kept_roles=kept, state=State.VERIFIED)


def test_it_lists_them(operator: Client) -> None:
    page = operator.get("/managing/").content.decode()

    assert "Kept roles" in page
    assert ARN in page.replace("<wbr>", "")
    assert "&lt;b&gt;ada&lt;/b&gt;" in page
    assert "the role of left8" in page


def test_one_is_taken_off(operator: Client) -> None:
    answer = operator.post("/managing/take-off/", {"arn": ARN})

    assert answer["Location"] == "/managing/"
    row = ManagingAccount.objects.get()
    assert ([one.account for one in row.kept], row.state) == (["left7"], State.OUTDATED)

    again = operator.post("/managing/take-off/", {"arn": ARN})
    assert f"{ARN} isn't on the list of kept roles." in messages_of(again)


def test_who_only_reads_takes_none_off(viewer) -> None:
    assert "Take off" not in viewer.get("/managing/").content.decode()
    assert viewer.post("/managing/take-off/", {"arn": ARN}).status_code == 403
    assert len(ManagingAccount.objects.get().kept) == 2


def test_without_any_it_says_nothing_of_them(operator: Client) -> None:
    ManagingAccount.objects.update(kept_roles=[])

    assert "Kept roles" not in operator.get("/managing/").content.decode()
