"""The same key gives the same answer, and one change."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts.api.idempotency import OTHER_REQUEST, REPLAYED, whole
from accounts.models import Activity, KeptAnswer, ManagedAccount, ManagingAccount
from accounts.tasks import delete_old
from tests.accounts.api.calling import Caller, caller, token_of
from tests.accounts.api.v1.accounts.test_describing import STAGING
from tests.rows import managing_row


def test_the_same_request_again_gets_the_kept_answer(operator, managing):
    first = operator.put("/accounts/staging", STAGING, key="a")
    ManagedAccount.objects.update(environment="edited")

    second = operator.put("/accounts/staging", STAGING, key="a")

    assert (first.status_code, second.status_code) == (201, 201)
    assert second.content == first.content
    assert REPLAYED not in first
    assert second[REPLAYED] == "true"
    assert ManagedAccount.objects.get().environment == "edited"


def test_another_request_with_the_key_is_refused(operator, managing):
    operator.put("/accounts/staging", STAGING, key="a")

    other = operator.put("/accounts/staging", {**STAGING, "adopts": True}, key="a")

    assert other.status_code == 422
    assert other.json()["detail"] == OTHER_REQUEST
    assert not ManagedAccount.objects.get().adopts


@pytest.mark.django_db
def test_what_failed_is_not_kept_and_may_be_sent_again(operator):
    before = operator.put("/accounts/staging", STAGING, key="a")
    managing_row()

    after = operator.put("/accounts/staging", STAGING, key="a")

    assert (before.status_code, after.status_code) == (409, 201)


@pytest.mark.django_db
def test_a_refused_change_without_a_key_leaves_nothing_written(rf):
    def written_and_refused(request: HttpRequest) -> HttpResponse:
        managing_row()
        return HttpResponse(status=409)

    answer = whole(written_and_refused)(rf.put("/"))

    assert answer.status_code == 409
    assert not ManagingAccount.objects.exists()


def test_keys_of_two_tokens_have_nothing_to_do_with_each_other(operator, managing):
    administrator = User.objects.create_superuser("root")
    operator.put("/accounts/staging", STAGING, key="a")

    other = Caller(token_of(administrator)).put("/accounts/staging", STAGING, key="a")

    assert other.status_code == 200


def test_who_lost_the_role_gets_no_kept_answer(operator, managing):
    operator.put("/accounts/staging", STAGING, key="a")
    User.objects.get().groups.clear()

    assert operator.put("/accounts/staging", STAGING, key="a").status_code == 403


@pytest.mark.parametrize("key", ["x" * 101, "a b", "ä", "\t"])
def test_a_key_that_cannot_be_one_is_refused(operator, key, managing):
    answer = operator.put("/accounts/staging", STAGING, key=key)

    assert answer.status_code == 422
    assert not ManagedAccount.objects.exists()


def test_answers_are_kept_for_a_day(operator, managing):
    for key in ("old", "new"):
        operator.put("/accounts/staging", STAGING, key=key)
    old = KeptAnswer.objects.filter(key="old")
    old.update(created_at=timezone.now() - timedelta(days=1, minutes=1))

    delete_old()

    assert KeptAnswer.objects.get().key == "new"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_time_one_changes_something(managing):
    operator = caller("operator")
    together, answers = Barrier(6), []

    def send() -> None:
        together.wait()
        mine = Caller(operator.text)
        answers.append(mine.put("/accounts/staging", STAGING, key="a"))
        connection.close()

    threads = [Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum(REPLAYED in answer for answer in answers) == 5
    assert Activity.objects.filter(what="describe").count() == 1
