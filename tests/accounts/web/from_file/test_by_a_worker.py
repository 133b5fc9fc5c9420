"""A worker checks and saves a long file, and writes many accounts to one."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from accounts.models import ManagedAccount, Upload
from tests.accounts.web.answers import fails_halfway, work
from tests.accounts.web.from_file.test_from_file import (
    CSV,
    operator,
    save,
    uploaded,
    words,
)
from tests.rows import person

IN_HTMX = {"HX-Request": "true"}
__all__ = ["operator"]


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file be a long one, and every site have many accounts."""
    monkeypatch.setattr("accounts.mapping.accounts_file.outcome.MOST_IN_A_REQUEST", 0)
    monkeypatch.setattr("accounts.lists.accounts.MOST_IN_A_REQUEST", -1)


def test_a_worker_checks_a_long_file_and_the_page_leads_to_its_preview(
    operator, long
) -> None:
    waiting = uploaded(operator)
    first = words(operator.get(waiting))
    part = words(operator.get(waiting, headers=IN_HTMX))
    work()
    there = operator.get(waiting, headers=IN_HTMX)

    assert "Validating the file…" in first
    assert "No worker has answered yet" in first
    assert part.startswith("<div hx-get=")
    assert f'hx-get="{waiting}" hx-trigger="every 1s"' in part
    assert operator.get(waiting).url == there["HX-Redirect"]
    assert "Save 2 accounts" in words(operator.get(there["HX-Redirect"]))


def test_a_worker_finds_every_error_of_a_long_file(operator, long) -> None:
    waiting = uploaded(operator, CSV.replace("us-east-1", "mars-east-1"))
    work()

    page = operator.get(waiting)

    assert operator.get(waiting, headers=IN_HTMX)["HX-Redirect"] == waiting
    assert [problem.line for problem in page.context["problems"]] == [2, 3, 4]
    assert "“a.csv” has 3 errors." in words(page)


def test_a_worker_that_could_not_check_says_what_to_do(
    operator, long, monkeypatch
) -> None:
    monkeypatch.setattr("accounts.discover.files.check", lambda *_, **__: 1 / 0)
    waiting = uploaded(operator)
    work()

    page = operator.get(waiting, follow=True)

    assert (
        "couldn&#x27;t complete the request. See the worker&#x27;s log. Upload the file"
        in words(page)
    )


@pytest.fixture
def checked(operator: Client, long: None) -> str:
    waiting = uploaded(operator)
    work()
    return str(operator.get(waiting).url)


def test_a_worker_saves_many_accounts_and_the_page_leads_to_them(
    operator, checked
) -> None:
    waiting = save(operator, checked).url
    first = words(operator.get(waiting))
    nothing_yet = Upload.objects.get().saved_at
    work()
    there = operator.get(waiting, headers=IN_HTMX)

    assert "Saving the accounts…" in first
    assert nothing_yet is None
    assert there["HX-Redirect"] == checked
    assert "Saved 2 accounts" in words(operator.get(waiting, follow=True))
    assert ManagedAccount.objects.get(name="staging").environment == "test"


def test_a_worker_saves_only_what_the_person_saw(operator, checked) -> None:
    waiting = save(operator, checked).url
    ManagedAccount.objects.filter(name="staging").update(regions=["eu-west-1"])
    work()

    page = words(operator.get(waiting, follow=True))

    assert "Nothing is saved yet. Someone changed these accounts" in page
    assert not ManagedAccount.objects.filter(name="new").exists()


def test_a_worker_says_why_accounts_can_no_longer_be_saved(operator, checked) -> None:
    waiting = save(operator, checked).url
    ManagedAccount.objects.filter(name="staging").update(name="renamed")
    work()

    page = operator.get(waiting)

    assert operator.get(waiting, headers=IN_HTMX)["HX-Redirect"] == waiting
    assert "“a.csv” has 1 error." in words(page)
    assert not ManagedAccount.objects.filter(name="new").exists()


def test_nothing_is_saved_for_somebody_who_may_not_any_more(operator, checked) -> None:
    waiting = save(operator, checked).url
    groups = User.objects.get(username="operator").groups
    before = [*groups.all()]
    groups.clear()
    work()
    groups.set(before)

    page = words(operator.get(waiting, follow=True))

    assert "Nothing is saved. You need the operator" in page
    assert not ManagedAccount.objects.filter(name="new").exists()


def test_a_third_save_at_once_waits(operator, checked) -> None:
    for number in range(2):
        uploaded(operator, f"{CSV}{number}")

    page = words(save(operator, checked, follow=True))

    assert "Nothing is saved yet. Two of your files are already being processed" in page


def test_a_worker_that_could_not_save_leads_back_to_the_preview(
    operator, checked, monkeypatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("accounts.discover.files.save_as_previewed", fail)
    waiting = save(operator, checked).url
    work()

    page = words(operator.get(waiting, follow=True))

    assert (
        "couldn&#x27;t complete the request. See the worker&#x27;s log. Save again"
        in page
    )
    assert "Save 2 accounts" in page


@pytest.mark.parametrize(
    "path", ["/accounts-file.csv", "/accounts-file.yaml", "/accounts.json?q=staging"]
)
def test_a_worker_writes_many_accounts(operator, long, monkeypatch, path) -> None:
    and_ = "&" if "?" in path else "?"
    first = words(operator.get(path))
    waiting = words(operator.get(f"{path}{and_}look=1", headers=IN_HTMX))
    work()
    page = words(operator.get(f"{path}{and_}look=answer", headers=IN_HTMX))
    file = operator.get(f"{path}{and_}look=file")
    other = Client()
    other.force_login(person("operator", username="other"))
    of_another = words(other.get(f"{path}{and_}look=file"))
    monkeypatch.undo()
    in_a_request = operator.get(path)

    assert 'hx-trigger="load"' in first
    assert "Exporting the accounts…" in first
    assert 'hx-trigger="every 1s"' in waiting
    assert "The file is ready." in page
    assert "look=file" in page
    assert file.getvalue() == in_a_request.getvalue()
    for header in ("Content-Type", "Content-Disposition"):
        assert file[header] == in_a_request[header]
    assert 'hx-trigger="load"' in of_another


def test_a_file_that_a_worker_could_not_write_can_be_asked_for_again(
    operator, long, monkeypatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("accounts.lists.accounts.lines_of", fails_halfway)
        operator.get("/accounts-file.csv?look=1")
        work()
    failed = words(operator.get("/accounts-file.csv?look=answer"))
    again = words(operator.get("/accounts-file.csv?look=1"))

    assert (
        "The worker couldn&#x27;t complete the request. See the worker&#x27;s log."
    ) in failed
    assert 'href="/accounts-file.csv?look=1">Try again' in failed
    assert "Exporting the accounts…" in again


def test_many_files_at_once_wait_for_each_other(operator, long) -> None:
    for path in ("/accounts-file.csv", "/accounts-file.yaml", "/accounts.csv"):
        page = words(operator.get(f"{path}?look=1"))

    assert "Two of your exports are already in progress. This page retries" in page
    assert 'hx-trigger="every 3s"' in page
