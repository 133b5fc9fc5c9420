"""What a look finds counts only for a run that waits still, and as it was planned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock, patch

import pytest
from django.utils import timezone

from accounts.models import HandOff, ManagedAccount, Run, Step
from accounts.models.lease import LeaseLost
from accounts.models.states import State, Status
from accounts.runs.owners import looking
from accounts.runs.owners.hand_offs import keep_found, owners_word
from accounts.runs.owners.looking import (
    NoOneWaits,
    begin_waiting,
    claim,
    look_at_owners,
    take_word,
)
from accounts.runs.scope import Comparison, Scope, Side
from onboarding.aws.errors import AwsError
from onboarding.aws.session import Sessions
from tests.rows import (
    account_row,
    hand_off_row,
    managing_row,
    person,
    run_row,
    step_row,
)

pytestmark = pytest.mark.django_db

BOWLINE = "arn:aws:iam::911111111111:user/bowline"
OTHER = AwsError(
    "922222222222", "AssumeRole", "AWS throttled the requests. " * 30, code="Throttling"
)


@pytest.fixture
def aws() -> Iterator[Any]:
    """An account whose owner is done, as AWS shows it."""
    with (
        patch.object(looking, "opens", return_value=True) as opens,
        patch.object(looking, "is_closed", return_value=True),
        patch.object(Side, "compared", return_value=Comparison((), 0, ())),
    ):
        yield opens


def waiting(made_by: str = "bowline", **fields: Any) -> Run:
    """Let the run of an owner's account wait; made_by: of the managing account."""
    managing_row(
        verification=State.VERIFIED, bowline_principal=BOWLINE, made_by=made_by
    )
    account = account_row(made_by="owner", state=State.HANDED_OFF)
    plain = {"account": account, "look_at": timezone.now()}
    return run_row(Status.HANDED_OFF, **{**plain, **fields})


def look() -> Mock:
    with patch.object(looking, "wake") as woken:
        look_at_owners()
    return woken


def test_a_run_that_was_discarded_is_not_looked_at() -> None:
    run = waiting()
    Run.objects.update(status=Status.DISCARDED)

    assert not claim(run)


@pytest.mark.parametrize("found", [True, False], ids=["done", "not yet"])
def test_what_is_discarded_during_a_look_stays_so(aws: Mock, found: bool) -> None:
    waiting()

    def discarded(*_: Any) -> bool:
        Run.objects.update(status=Status.DISCARDED)
        return found

    aws.side_effect = discarded
    look()

    run = Run.objects.get()
    assert (run.status, run.waiting) == (Status.DISCARDED, "")


def test_one_message_looks_at_so_many(
    aws: Mock, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting()
    other = account_row("other", account_id="1" * 12, made_by="owner")
    run_row(Status.HANDED_OFF, account=other, look_at=timezone.now())
    monkeypatch.setattr(looking, "AT_ONCE", 1)

    look()

    assert Run.objects.filter(looked_at__isnull=False).count() == 1


def test_what_the_owner_need_not_do_was_done_before(aws: Mock) -> None:
    run = waiting()
    done = step_row(run, status=Step.Status.DONE, message="Already existed.")
    left = step_row(run)

    look()

    assert run.steps.get(pk=done.pk).message == "Already existed."
    assert run.steps.get(pk=left.pk).message == "Done by the account owner."
    run.account.refresh_from_db()
    assert run.account.state == State.APPLYING


@pytest.mark.parametrize(
    ("fields", "to"),
    [
        ({"alone": True}, Status.VERIFYING),
        ({"kind": Run.Kind.REMOVE, "refused": 1}, Status.APPLYING),
    ],
    ids=["a rollout's", "a removal"],
)
def test_who_does_not_need_the_managing_accounts_owner_does_not_wait(
    aws: Mock, fields: dict[str, Any], to: Status
) -> None:
    run = waiting(made_by="owner", **fields)

    look()

    run.refresh_from_db()
    assert (run.status, run.waiting) == (to, "")


def test_what_aws_says_of_the_managing_account_is_shown(aws: Mock) -> None:
    run = waiting(made_by="owner")

    with patch.object(Sessions, "credentials", side_effect=OTHER):
        look()

    run.refresh_from_db()
    assert run.waiting == OTHER.message[:200]


def test_an_edited_account_is_sent_to_nobody(
    aws: Mock, django_capture_on_commit_callbacks: Any
) -> None:
    run = waiting()
    run.account.touch()

    with django_capture_on_commit_callbacks(execute=True):
        send = look()

    run.refresh_from_db()
    assert run.status == Status.OUTDATED
    assert not send.called


@pytest.mark.parametrize(
    ("made_by", "fields", "given"),
    [
        ("bowline", {}, [True]),
        ("owner", {"alone": True}, [True]),
        ("owner", {}, [True, False]),
        ("owner", {"kind": Run.Kind.REMOVE}, []),
    ],
    ids=["the account's", "of a rollout", "both", "none to remove"],
)
def test_each_owner_receives_what_the_run_concerns(
    made_by: str, fields: dict[str, Any], given: list[bool]
) -> None:
    run = waiting(made_by, **fields)
    Run.objects.update(status=Status.APPLYING)
    run.refresh_from_db()
    assert run.take_lease()

    begin_waiting(run, Scope.load(run))

    held = HandOff.objects.values_list("account", flat=True)
    assert sorted((one is not None for one in held), reverse=True) == given


def test_the_owner_of_the_managing_account_alone_receives_its_list() -> None:
    run = waiting("owner")
    ManagedAccount.objects.update(made_by="bowline")
    Run.objects.update(status=Status.APPLYING)
    run.refresh_from_db()
    assert run.take_lease()

    begin_waiting(run, Scope.load(run))

    assert HandOff.objects.get().account is None


def test_a_run_that_was_discarded_hands_off_nothing() -> None:
    run = waiting()
    assert run.take_lease()
    Run.objects.update(status=Status.DISCARDED)

    with pytest.raises(LeaseLost):
        begin_waiting(run, Scope.load(run))

    assert not HandOff.objects.exists()


def test_what_was_removed_is_handed_off_again_as_a_new_version() -> None:
    run = waiting()
    hand_off_row(run.account, removed_at=timezone.now())
    Run.objects.update(status=Status.APPLYING)
    run.refresh_from_db()
    assert run.take_lease()

    begin_waiting(run, Scope.load(run))

    assert HandOff.objects.in_force().get().number == 2


@pytest.mark.parametrize(
    "changed",
    [{"kind": Run.Kind.REMOVE}, {"status": Status.VERIFIED}],
    ids=["a removal", "it has ended"],
)
def test_nobodys_word_is_taken_where_no_update_is_awaited(
    changed: dict[str, Any],
) -> None:
    run = waiting()
    hand_off_row(run.account, found_at=timezone.now())
    hand_off_row(run.account)
    Run.objects.update(**changed)
    run.refresh_from_db()

    with pytest.raises(NoOneWaits):
        take_word(run, person("operator"))
    assert not HandOff.objects.exclude(said_at=None).exists()


def test_nobodys_word_is_taken_of_the_first_version() -> None:
    run = waiting()
    hand_off_row(run.account)

    with pytest.raises(NoOneWaits):
        take_word(run, person("operator"))


@pytest.mark.parametrize("read", [True, False], ids=["read", "by a chain"])
def test_a_chain_that_opens_proves_nothing_that_somebody_said(read: bool) -> None:
    run = waiting()
    earlier = hand_off_row(run.account)
    given = hand_off_row(run.account, said_at=timezone.now())

    keep_found(run.account.pk, timezone.now(), read=read)

    given.refresh_from_db()
    assert (given.found_at is not None) is read
    assert bool(owners_word(run.account)) is not read
    assert HandOff.objects.get(pk=earlier.pk).found_at is None


def test_what_was_found_stays_found_when_it_was() -> None:
    run = waiting()
    at = timezone.now()
    given = hand_off_row(run.account, found_at=at)

    keep_found(run.account.pk, timezone.now(), read=True)

    given.refresh_from_db()
    assert given.found_at == at
