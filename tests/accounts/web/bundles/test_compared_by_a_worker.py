"""Many accounts are compared by a worker, and nothing out of date is built from it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from accounts.discover import comparisons
from accounts.external_ids import rotate
from accounts.mapping import snapshots
from accounts.mapping.entries import keep_verified
from accounts.models import Bundle, ManagedAccount, ManagingAccount, Question
from accounts.models.states import State
from accounts.spinnaker import bundles, next_bundle
from accounts.spinnaker.next_bundle import compared_now
from tests.accounts.web.answers import looked, work
from tests.rows import account_row, approve_entries, managing_row, person

pytestmark = pytest.mark.django_db

NEXT = "/bundles/next/"
IN_HTMX = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> ManagedAccount:
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 1)
    managing_row()
    account_row("other", account_id="9" * 12, verification=State.VERIFIED)
    return account_row(verification=State.VERIFIED, state=State.VERIFIED)


def built() -> Bundle:
    bundle = bundles.new_bundle(None)
    bundles.build(bundle)
    return bundle


def prove_anew(account: ManagedAccount, **edit: Any) -> None:
    for name, value in edit.items():
        setattr(account, name, value)
    account.save(update_fields=[*edit])
    approve_entries(account)
    keep_verified(account, State.VERIFIED)


def rotate_and_prove(account: ManagedAccount) -> None:
    ManagedAccount.objects.filter(pk=account.pk).grant()
    rotate(account, None)
    account.refresh_from_db()
    prove_anew(account)


def apply_managing(_: ManagedAccount) -> None:
    row = ManagingAccount.objects.get()
    row.managed_role = "otherManaged"
    snapshots.keep_snapshot(row, snapshots.managing_snapshot(row))


CHANGES: dict[str, Callable[[ManagedAccount], Any]] = {
    "an edit that is proved": lambda one: prove_anew(one, regions=["eu-west-1"]),
    "a name that is proved": lambda one: prove_anew(one, name="another"),
    "a rotation that is proved": rotate_and_prove,
    "a removal": lambda one: ManagedAccount.objects.filter(pk=one.pk).remove(),
    "a removal that begins": lambda one: ManagedAccount.objects.filter(
        pk=one.pk
    ).withdraw(),
    "a deletion": lambda one: one.delete(),
    "leaving out": lambda one: bundles.exclude_from_bundles(
        one, person("operator", username="olga")
    ),
    "a new proof": lambda one: account_row(
        "third", account_id="8" * 12, verification=State.VERIFIED
    ),
    "a new bundle": lambda one: built(),
    "the managing account in force": apply_managing,
    "a newer Bowline": lambda one: None,
}


@pytest.mark.parametrize("happens", CHANGES)
def test_whatever_it_compares_makes_another_digest(
    monkeypatch: pytest.MonkeyPatch, account: ManagedAccount, happens: str
) -> None:
    built()
    before = compared_now()
    if happens == "a newer Bowline":
        monkeypatch.setattr(next_bundle, "CODE", "other")

    CHANGES[happens](account)

    assert compared_now() != before
    assert next_bundle.next_bundle().changes.of == compared_now()


def test_what_comes_back_is_the_same_again(account) -> None:
    before = compared_now()
    olga = person("operator", username="olga")

    bundles.exclude_from_bundles(account, olga)
    bundles.exclude_from_bundles(account, olga, again=True)

    assert compared_now() == before


def test_an_edit_that_nobody_proved_is_nothing_to_compare(account) -> None:
    before = compared_now()

    account.regions = ["eu-west-1"]
    account.save()

    assert compared_now() == before


def text(response: Any) -> str:
    return " ".join(response.content.decode().split())


def read_on(page: str) -> str:
    return re.search(r'name="read" value="([0-9a-f]+)"', page)[1]


def test_the_page_says_that_it_compares_and_then_goes_on_by_itself(
    operator, account
) -> None:
    first = text(operator.get(NEXT))
    waiting = text(operator.get(f"{NEXT}?look=1", **IN_HTMX))
    work()
    there = operator.get(f"{NEXT}?look=answer", **IN_HTMX)

    assert "Comparing the accounts with the last bundle" in first
    assert 'hx-trigger="load"' in first
    assert "Build bundle" not in first
    assert waiting.startswith("<div hx-get=")
    assert 'hx-trigger="every 1s"' in waiting
    assert there["HX-Redirect"].startswith(f"{NEXT}?of=")
    page = text(operator.get(there["HX-Redirect"]))
    assert "The first bundle: 2 AWS accounts added." in page
    assert "Build bundle 1</button>" in page
    assert "Compare again" not in page


def test_it_shows_what_a_request_would_show(monkeypatch, operator, account) -> None:
    built()
    prove_anew(account, regions=["eu-west-1"], write_roles=[])
    bundles.exclude_from_bundles(
        ManagedAccount.objects.get(name="other"), person("operator", username="olga")
    )
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 0)

    looked(operator, NEXT)
    by_a_worker = text(operator.get(NEXT))
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 2)
    in_a_request = text(operator.get(NEXT))

    token = r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"'
    assert "1 Spinnaker account changed (aws), 1 AWS account removed" in in_a_request
    assert re.sub(token, "", by_a_worker) == re.sub(token, "", in_a_request)


def test_it_is_compared_once_until_something_changes(operator, account) -> None:
    looked(operator, NEXT)
    Question.objects.update(times_asked=7)

    assert "2 AWS accounts added" in text(operator.get(NEXT))
    assert "2 AWS accounts added" in text(operator.get(f"{NEXT}?look=1", follow=True))
    assert Question.objects.get().times_asked == 7

    bundles.exclude_from_bundles(account, person("operator", username="olga"))
    account_row("third", account_id="8" * 12, verification=State.VERIFIED)
    assert "Comparing the accounts" in text(operator.get(NEXT))


def test_at_a_busy_site_a_comparison_says_that_it_is_out_of_date(
    operator, account
) -> None:
    answer = looked(operator, NEXT)
    account_row("third", account_id="8" * 12, verification=State.VERIFIED)

    page = text(operator.get(answer["Location"]))

    assert "2 AWS accounts added" in page
    assert "Accounts changed after this comparison." in page
    assert f'<a href="{NEXT}">Compare again</a>' in page


def test_what_changed_while_it_was_compared_is_not_taken_for_compared(
    monkeypatch, operator, account
) -> None:
    operator.get(f"{NEXT}?look=1")
    managing_row_then = next_bundle.managing_row

    def change() -> ManagingAccount:
        row = managing_row_then()
        account_row("third", account_id="8" * 12, verification=State.VERIFIED)
        return row

    with monkeypatch.context() as patched:
        patched.setattr(next_bundle, "managing_row", change)
        work()
    prove_anew(account, regions=["eu-west-1"])

    assert "Comparing the accounts" in text(operator.get(NEXT))
    shown = operator.get(f"{NEXT}?look=answer", follow=True)
    assert "Accounts changed after" in text(shown)


def test_without_a_managing_account_it_leads_to_the_bundles(operator) -> None:
    answer = operator.get(f"{NEXT}?look=1")

    assert answer["Location"] == "/bundles/"


def test_what_is_still_so_is_built_without_comparing_again(
    monkeypatch, operator, account
) -> None:
    looked(operator, NEXT)
    read = read_on(text(operator.get(NEXT)))
    monkeypatch.setattr(comparisons, "next_bundle", lambda: 1 / 0)

    operator.post("/bundles/build/", {"read": read})

    assert Bundle.objects.count() == 1


def test_what_opens_to_everybody_is_shown_before_what_does_not(
    monkeypatch, operator, account
) -> None:
    monkeypatch.setattr("onboarding.spinnaker.bundle.comparison.MOST_ACCOUNTS", 1)
    prove_anew(account, write_roles=["sre"])
    built()
    other = ManagedAccount.objects.get(name="other")
    prove_anew(other, regions=["eu-west-1"])
    prove_anew(account, write_roles=[])

    looked(operator, NEXT)
    page = text(operator.get(NEXT))

    assert "Everyone in Spinnaker can deploy" in page
    assert "and 1 more." in page
