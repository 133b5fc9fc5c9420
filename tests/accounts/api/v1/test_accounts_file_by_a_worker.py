"""A worker compares and saves a long accounts file, and writes many accounts to one."""

from __future__ import annotations

import pytest

from accounts.models import ManagedAccount
from tests.accounts.api.calling import detail
from tests.accounts.api.v1.test_accounts_file import FILE, PATH, REFUSED, read_on, send
from tests.accounts.web.answers import work
from tests.rows import account_row


@pytest.fixture
def long(monkeypatch):
    make_long(monkeypatch)


def make_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be a long one, and every site have many accounts."""
    monkeypatch.setattr("accounts.mapping.accounts_file.outcome.MOST_IN_A_REQUEST", 0)
    monkeypatch.setattr("accounts.lists.accounts.MOST_IN_A_REQUEST", -1)


def test_a_worker_compares_a_long_file(operator, long):
    first = send(operator, FILE, f"{PATH}/preview")
    again = send(operator, FILE, f"{PATH}/preview")
    waiting = operator.get(f"/api/v1{first.json()['path']}")
    preview = read_on(operator, first)

    assert first.json() == again.json() == waiting.json()
    assert waiting.status_code == 202
    assert preview.status_code == 200, preview.content
    assert preview.json()["new"] == ["staging", "production"]
    assert not ManagedAccount.objects.exists()


def test_a_worker_saves_a_long_file(operator, long):
    preview = read_on(operator, send(operator, FILE, f"{PATH}/preview"))
    headers = {"Idempotency-Key": "one"}
    first, again = (send(operator, FILE, headers=headers) for _ in "ab")
    before = ManagedAccount.objects.count()
    saved = read_on(operator, first)
    once_more = read_on(operator, send(operator, FILE))

    assert first.json() == again.json()
    assert again["Idempotency-Replayed"] == "true"
    assert before == 0
    assert saved.status_code == 200, saved.content
    assert saved.json() == preview.json()
    assert ManagedAccount.objects.count() == 2
    assert once_more.json() == preview.json() | {
        "new": [],
        "same": 2,
        "managing": False,
    }


@pytest.mark.parametrize("path", [PATH, f"{PATH}/preview"])
def test_nothing_is_done_for_somebody_who_may_not_any_more(operator, long, path):
    first = send(operator, FILE, path)
    groups = operator.person.groups
    before = [*groups.all()]
    groups.clear()
    work()
    groups.set(before)

    answer = operator.get(f"/api/v1{first.json()['path']}")

    assert "You need the operator role" in detail(answer, 403)
    assert not ManagedAccount.objects.exists()


def test_what_was_saved_is_read_at_its_own_address(operator, long):
    saved = send(operator, FILE).json()["path"]
    wrong = saved.replace("/saved/", "/preview/")

    assert "There is no such answer." in detail(operator.get(f"/api/v1{wrong}"), 404)
    assert operator.get(f"/api/v1{saved}").status_code == 202


@pytest.mark.parametrize("name", ["no YAML", "a new account outside of the limit"])
def test_a_worker_refuses_what_saving_would(operator, monkeypatch, name):
    before, text, status, sentence = REFUSED[name]
    if before:
        before(operator)
    make_long(monkeypatch)

    preview = read_on(operator, send(operator, text, f"{PATH}/preview"))
    saved = read_on(operator, send(operator, text))

    assert sentence in detail(preview, status)
    assert preview.json() == saved.json()


def test_a_worker_writes_many_accounts_anew_for_each_who_asks(operator, long, managing):
    first = operator.read("/accounts-file", format="csv")
    assert operator.get(f"/api/v1{first.json()['path']}").json() == first.json()
    account_row("late")
    answer = read_on(operator, first)
    later = operator.read("/accounts-file", format="csv")

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert b"late" in answer.getvalue()
    assert later.status_code == 202
    assert later.json()["path"] != first.json()["path"]
