"""Identical plans are approved together, each by itself."""

from __future__ import annotations

import pytest

from accounts.decisions.many import Many
from accounts.models import Run
from accounts.models.states import State, Status
from accounts.runs import actions
from accounts.runs.actions import approve, discard
from accounts.runs.deciding.same_changes import approve_same
from script.emulated_organization import Credentials
from tests.accounts.runs.carried import DEV, STAGING, carried, member, planned
from tests.rows import account_row, person, run_row

pytestmark = pytest.mark.django_db

SAME = "5a" * 16


def outcome(many: Many[Run]) -> tuple[int, list[Run]]:
    return len(many.done), [run for run, _ in many.left]


def waiting(number: int, **fields: object) -> Run:
    account = account_row(f"a{number}", account_id=f"{number:012}")
    return run_row(account=account, **{"fingerprint": SAME, **fields})


@pytest.fixture
def three(managing) -> list[Run]:
    return [waiting(number) for number in range(3)]


def test_the_chosen_are_approved_and_handed_on(
    three, django_capture_on_commit_callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    olga, sent = person("approver", username="olga"), []
    monkeypatch.setattr(actions, "wake", sent.append)

    with django_capture_on_commit_callbacks(execute=True):
        decided = approve_same(SAME, [str(run.pk) for run in three[:2]], olga)

    approved = Run.objects.filter(status=Status.APPLYING, approved_by=olga)
    assert outcome(decided) == (2, [])
    assert {run.pk for run in approved} == {run.pk for run in sent}
    assert {run.account.state for run in approved} == {State.APPLYING}
    assert Run.objects.get(pk=three[2].pk).status == Status.PLANNED


def test_one_that_is_discarded_meanwhile_keeps_no_other_back(
    three, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All were read as waiting when the second one is put aside."""

    def approve_slowly(run: Run, *args: object, **kwargs: object) -> bool:
        if run == three[0]:
            discard(three[1], None)
        return approve(run, *args, **kwargs)

    monkeypatch.setattr("accounts.runs.deciding.same_changes.approve", approve_slowly)
    decided = approve_same(SAME, [str(run.pk) for run in three], None)

    assert outcome(decided) == (2, [three[1]])
    assert decided.left[0][0].status == Status.DISCARDED
    assert Run.objects.filter(status=Status.APPLYING).count() == 2


def test_what_was_approved_before_keeps_its_approver(three) -> None:
    olga = person("approver", username="olga")
    approve(three[0], olga)

    decided = approve_same(SAME, [str(three[0].pk)], person("approver"))

    assert outcome(decided) == (0, [three[0]])
    assert decided.left[0][0].approved_by == olga


def test_other_changes_are_never_approved_with_them(three) -> None:
    other, alone = waiting(7, fingerprint="0b" * 16), waiting(8, fingerprint="")

    with_theirs = approve_same(SAME, [str(other.pk), str(alone.pk)], None)
    of_none = approve_same("", [str(alone.pk)], None)

    assert outcome(with_theirs) == (0, [other, alone])
    assert outcome(of_none) == (0, [alone])
    assert not Run.objects.exclude(status=Status.PLANNED).exists()


def test_a_run_of_a_deleted_account_is_left(three) -> None:
    three[0].account.delete()

    decided = approve_same(SAME, [str(three[0].pk)], None)

    assert outcome(decided) == (0, [three[0]])


@pytest.mark.django_db(transaction=True)
def test_both_of_two_that_were_approved_together_are_carried_out(
    here: Credentials,
) -> None:
    """Each finds the other's account beside its own in the AssumeRole policy."""
    runs = [planned(member(account)) for account in (DEV, STAGING)]
    fingerprint = runs[0].fingerprint

    decided = approve_same(fingerprint, [str(run.pk) for run in runs], None)
    ended = [carried(run) for run in runs]

    assert outcome(decided) == (2, [])
    assert [run.status for run in ended] == [Status.VERIFIED] * 2
