"""The next bundle by the API, before it is built: what it changes and what it keeps."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.discover import comparisons
from accounts.mapping.entries import keep_verified
from accounts.models import Bundle, ForeignPolicy, ManagedAccount, Question, Run
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.spinnaker import bundles
from tests.accounts.api.calling import detail
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.answers import work
from tests.rows import account_row, approve_entries, person, run_row

PATH = "/bundles/next"


@pytest.fixture
def account(managing) -> ManagedAccount:
    account_row("other", account_id="9" * 12, verification=State.VERIFIED)
    return account_row(verification=State.VERIFIED, state=State.VERIFIED)


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_ACCOUNTS", 1)


def built() -> Bundle:
    bundle = bundles.new_bundle(None)
    bundles.build(bundle)
    return bundle


def verify_scope(account: ManagedAccount, region: str) -> None:
    account.regions = [region]
    account.save()
    approve_entries(account)
    keep_verified(account, State.VERIFIED)


def test_it_says_what_the_first_bundle_holds(reader, account):
    answer = reader.read(PATH)

    assert answer.status_code == 200, answer.content
    shown = answer.json()
    assert (shown["number"], shown["since"], shown["accounts"]) == (1, None, 2)
    assert shown["sentence"] == "The first bundle: 2 AWS accounts added."
    assert shown["page"] == "http://testserver/bundles/next/"
    assert {one["name"] for one in shown["changes"]["changed_accounts"]} == {
        "other",
        "staging",
    }


def test_it_says_what_changes_since_the_last_one(reader, account):
    built()
    verify_scope(account, "eu-west-1")

    shown = reader.read(PATH).json()

    assert (shown["number"], shown["since"]) == (2, 1)
    (changed,) = shown["changes"]["changed_accounts"]
    assert (changed["verb"], changed["name"]) == ("update", "staging")
    assert changed["fields"] == [
        {"name": "regions", "before": "us-east-1", "after": "eu-west-1"}
    ]


def test_it_names_what_it_keeps_edited_and_left_out(reader, account):
    account_row("third", account_id="8" * 12, verification=State.VERIFIED)
    built()
    ManagedAccount.objects.filter(name="other").update(state=State.FAILED)
    other = ManagedAccount.objects.get(name="other")
    run = run_row(Status.FAILED, account=other, error={"message": "No.", "hint": ""})
    account.touch()
    third = ManagedAccount.objects.get(name="third")
    bundles.exclude_from_bundles(third, person("operator", username="olga"))

    shown = reader.read(PATH).json()

    (kept,) = shown["kept"]
    assert (kept["account"], kept["reason"]) == ("other", "No.")
    assert kept["failed_run"] == run.number
    assert shown["kept_count"] == 1
    assert "1 kept despite a failed verification" in shown["sentence"]
    (excluded,) = shown["excluded"]
    assert (excluded["account"], excluded["by"]) == ("third", "olga")
    assert shown["edited_count"] == len(shown["edited"])


def test_it_names_what_it_would_add_although_it_is_broken(reader, account):
    ManagedAccount.objects.filter(name="other").update(state=State.FAILED)

    shown = reader.read(PATH).json()

    assert [one["account"] for one in shown["added_broken"]] == ["other"]
    assert (shown["added_broken_count"], shown["kept_count"]) == (1, 0)


def test_a_worker_compares_many_and_the_answer_says_where_it_is(reader, account, many):
    first = reader.read(PATH)
    waiting = reader.read(first.json()["path"])
    work()
    shown = reader.read(first.json()["path"])

    assert (first.status_code, waiting.status_code) == (202, 202)
    assert (first.json()["in_progress"], first.json()["changes"]) == (True, None)
    assert first.json()["sentence"].startswith("The accounts are compared with the")
    assert shown.status_code == 200
    assert shown.json()["is_old"] is False
    assert shown.json()["changes"]["accounts"]["create"] == 2
    assert reader.read(PATH).json() == shown.json()
    assert Question.objects.get().times_asked == 1


def test_whoever_waited_gets_what_is_old_already_and_nobody_else(reader, account, many):
    path = reader.read(PATH).json()["path"]
    work()
    bundles.exclude_from_bundles(account, person("operator", username="olga"))
    account_row("third", account_id="8" * 12, verification=State.VERIFIED)

    waited, anew = reader.read(path), reader.read(PATH)

    assert (waited.status_code, waited.json()["is_old"]) == (200, True)
    assert (anew.status_code, anew.json()["changes"]) == (202, None)
    assert Question.objects.get().times_asked == 2


def test_only_what_was_read_is_built(operator, account):
    built()
    read = operator.read(PATH).json()["digest"]
    verify_scope(account, "eu-west-1")

    refused = operator.post("/bundles", {"digest": read})
    again = operator.read(PATH).json()["digest"]
    built_now = operator.post("/bundles", {"digest": again})

    assert "Bundle 2 wasn't built: its changes differ from the preview" in detail(
        refused
    )
    assert built_now.status_code == 202
    assert built_now.json()["number"] == 2


def test_the_queries_do_not_grow_with_the_accounts(reader, account, many):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert reader.read(PATH).status_code == 200
        return len(found)

    def more(number: int) -> None:
        one = account_row(
            f"a-{number}",
            account_id=f"{number:012}",
            verification=State.VERIFIED,
            state=State.FAILED,
        )
        run_row(Status.FAILED, account=one, error={"message": "No.", "hint": ""})
        reader.read(PATH)
        work()

    more(1)
    few = queries()
    for number in range(2, 5):
        more(number)

    assert queries() == few
    assert Run.objects.count() == 4


def test_it_and_the_bundle_say_what_nobody_approved_in_its_accounts(reader, account):
    other = ManagedAccount.objects.get(name="other")
    rows = [foreign_row(account), foreign_row(other)]
    accepted = {"until": today(), "accepted_at": timezone.now()}
    ForeignPolicy.objects.filter(pk=rows[1].pk).update(**accepted)
    built()

    for path in (PATH, "/bundles/1"):
        (found,) = reader.read(path).json()["policies_of_others"]
        assert found == {
            "alike": "a" * 64,
            "accounts": 2,
            "not_approved": 1,
            "asked_for": 0,
            "accepted": 1,
            "role": "spinnakerManaged",
            "policy": "AdministratorAccess",
            "effects": ["Allows every action on every resource."],
        }
