"""A worker adds accounts once, whoever else holds, has done or continues it."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from accounts.discover.organization import watching as adding_module
from accounts.discover.organization.watching import begin_adding, so_far
from accounts.discover.questions import carry_on as add
from accounts.models import ManagedAccount, Question, Rollout, Run
from onboarding.topology import MadeBy
from tests.accounts.discover.organization.organizations import (
    CORE,
    member_row,
    shared,
    taken_over,
)
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

IDS = ("100000000001", "100000000002")
SHARED = shared(access_role="Access", uses_external_id=False)


def begun(*, plans: bool = True) -> Question:
    managing_row(account_id=CORE.account_id)
    rows = [member_row(one, f"web {one[-1]}") for one in IDS]
    organization = rows[0].organization
    return begin_adding(
        organization, (*IDS, *IDS), SHARED, person("operator"), plans=plans
    )


def test_an_account_that_was_chosen_twice_is_counted_once() -> None:
    assert begun().input["account_ids"] == list(IDS)


def test_it_is_added_once_and_let_go() -> None:
    adding, same = begun(), Question.objects.get()
    draft = account_row()

    add(adding)
    add(same)

    row = Question.objects.get()
    assert (so_far(row).refused, row.lease) == ([], None)
    assert ManagedAccount.objects.count() == 3
    runs = Run.objects.filter(rollout=so_far(row).rollout, kind=Run.Kind.ONBOARD)
    assert runs.count() == 2
    assert not draft.runs.exists()


def test_nothing_is_planned_unless_it_was_asked_for() -> None:
    adding, same = begun(plans=False), Question.objects.get()

    add(adding)
    add(same)

    assert not Rollout.objects.exists()


def test_whoever_is_deactivated_after_adding_starts_no_rollout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def save_all(*given: Any) -> Any:
        moment = save(*given)
        User.objects.update(is_active=False)
        return moment

    begun()
    save = adding_module.save_all
    monkeypatch.setattr(adding_module, "save_all", save_all)

    add(Question.objects.get())

    row = Question.objects.get()
    assert "You need the operator role" in so_far(row).refused[0]
    assert row.answered_at
    assert ManagedAccount.objects.count() == 2
    assert not Rollout.objects.exists()


def test_what_was_refused_stays_refused() -> None:
    adding = begun()
    mine = account_row("mine", account_id=IDS[0])
    add(adding)
    mine.delete()

    add(Question.objects.get())

    assert so_far(Question.objects.get()).refused
    assert not ManagedAccount.objects.exists()


@pytest.mark.parametrize("step", ["save_all", "start"])
def test_a_worker_that_was_taken_over_leaves_the_rest_to_the_other(
    step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    adding = begun()
    monkeypatch.setattr(adding_module, step, taken_over(getattr(adding_module, step)))

    add(adding)

    assert Question.objects.get().waits
    assert ManagedAccount.objects.exists() is (step == "start")
    assert not Rollout.objects.exists()
    assert "could not be added" not in caplog.text


def test_it_is_continued_once_the_database_answers_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    adding = begun()
    monkeypatch.setattr(adding_module, "save_all", Mock(side_effect=OperationalError))

    with pytest.raises(OperationalError):
        add(adding)

    assert Question.objects.abandoned().get() == adding


def test_what_an_earlier_release_began_is_added() -> None:
    adding = begun()
    shared = {**adding.input["shared"], "providers": ["ec2", "gone"]}
    del shared["made_by"]
    Question.objects.update(input={**adding.input, "shared": shared})

    add(adding)

    assert set(ManagedAccount.objects.values_list("made_by", flat=True)) == {
        MadeBy.BOWLINE.value
    }
