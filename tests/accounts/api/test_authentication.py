"""A token acts as its person, within its scopes, until it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from accounts.api import authentication
from accounts.models import Activity, ApiToken, ManagedAccount
from tests.accounts.api.calling import Caller, caller, token_of
from tests.accounts.api.v1.accounts.test_describing import STAGING
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db


def refused(client: Caller, status: int = 401) -> str:
    answer = client.read("/accounts")
    assert answer.status_code == status
    assert answer["Content-Type"] == "application/problem+json"
    assert answer["Cache-Control"] == "no-store"
    return answer.json()["detail"]


@pytest.mark.parametrize("given", ["", "Basic YTpi", "Bearer", "Bearer  ", "bowline"])
def test_without_a_token_it_says_how_to_get_one(given):
    answer = Caller().get("/api/v1/accounts", headers={"Authorization": given})

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer.json()["detail"] == authentication.NO_TOKEN


def test_a_wrong_token_opens_nothing():
    assert refused(Caller("bowline-api-x")) == authentication.WRONG
    assert refused(Caller("\x00\xff")) == authentication.WRONG


def test_a_revoked_token_opens_nothing(reader):
    ApiToken.objects.all().revoke()

    assert refused(reader) == authentication.REVOKED


def test_an_expired_token_opens_nothing(reader):
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert "expired on" in refused(reader)


def test_who_is_deactivated_acts_no_more(reader):
    User.objects.update(is_active=False)

    assert "viewer, who is deactivated" in refused(reader)


def test_a_session_opens_nothing(client):
    client.force_login(person("administrator"))

    answer = client.get("/api/v1/accounts")

    assert answer.status_code == 401


def test_a_session_next_to_a_token_counts_for_nothing(reader):
    reader.force_login(person("operator"))

    answer = reader.put("/accounts/staging", STAGING)

    assert answer.status_code == 403


def test_a_scope_that_is_missing_is_named():
    operator = caller("operator", "read")

    answer = operator.put("/accounts/staging", STAGING)

    assert answer.status_code == 403
    assert "the scope operate" in answer.json()["detail"]


def test_a_scope_gives_no_role_that_the_person_lost(operator, managing):
    User.objects.get().groups.clear()

    assert "viewer role" in refused(operator, 403)
    answer = operator.put("/accounts/staging", STAGING)

    assert answer.status_code == 403
    assert "operator role" in answer.json()["detail"]
    assert not ManagedAccount.objects.exists()


def test_the_activity_log_says_which_token_it_was(operator, managing):
    assert operator.put("/accounts/staging", STAGING).status_code == 201

    entry = Activity.objects.get(what="describe")
    assert (entry.who, entry.detail["token"]) == ("operator", "ci")
    account_row("later", account_id="9" * 12)
    person("viewer")
    assert operator.text not in str(list(Activity.objects.values_list()))


def test_an_entry_after_the_request_says_no_token(operator, managing):
    operator.put("/accounts/staging", STAGING)

    token_of(person("viewer"), name="next")

    assert "token" not in Activity.objects.first().detail


def test_the_last_use_is_kept(reader):
    before = timezone.now()

    reader.read("/accounts")

    assert before <= ApiToken.objects.get().last_used_at <= timezone.now()


def test_it_answers_problems_for_whatever_is_asked(reader):
    nowhere = reader.read("/no/such/thing")
    wrong = reader.send("DELETE", "/accounts")

    assert nowhere.status_code == 404
    assert nowhere.json()["detail"] == "There is nothing at /api/v1/no/such/thing."
    assert (wrong.status_code, wrong["Allow"]) == (405, "GET, HEAD")
    assert (
        wrong["Content-Type"] == nowhere["Content-Type"] == "application/problem+json"
    )


def test_a_bug_is_a_problem_and_is_logged(reader, monkeypatch, caplog):
    monkeypatch.setattr("accounts.api.v1.accounts.describing.page_of", None)
    account_row()

    answer = reader.read("/accounts")

    assert answer.status_code == 500
    assert answer["Content-Type"] == "application/problem+json"
    assert "NoneType" in caplog.text
    assert reader.text not in caplog.text
