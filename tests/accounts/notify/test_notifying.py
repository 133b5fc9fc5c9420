"""What happens is noted once, in its own transaction, for whoever started it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from accounts.models import ManagedAccount, Member, Notification, Organization, Rollout
from accounts.models.states import Status
from accounts.notifications.notifying import notify_of_new_accounts
from accounts.notify.texts import text_of
from accounts.runs import rollouts
from accounts.runs.rollouts import decisions
from accounts.runs.rollouts.engine import advance
from tests.accounts.notify.channels.receiving import target_row
from tests.accounts.runs.rollouts.rows import SAME, accounts, move, plan
from tests.rows import person

What = Notification.What


def noted() -> list[str]:
    return list(
        Notification.objects.order_by("created_at").values_list("what", flat=True)
    )


def approve(rollout: Rollout) -> None:
    plan(rollout)
    decisions.approve_group(rollout, SAME, person("approver"))
    advance(rollout.number)


def test_a_rollout_that_ends_is_noted_once(rollout, ann) -> None:
    plan(rollout)

    move(rollout, Status.PLANNED, Status.VERIFIED)
    advance(rollout.number)

    notification = Notification.objects.get()
    assert (notification.what, notification.person, notification.rollout) == (
        What.ENDED,
        ann,
        rollout,
    )


def test_plans_that_wait_are_noted_for_those_who_may_approve(rollout, ann) -> None:
    ann.groups.add(Group.objects.get(name="approver"))
    zoe = person("approver", username="zoe", email="zoe@example.com")
    person("approver", username="no-mail")
    person("operator", username="bob", email="bob@example.com")
    person("approver", username="left", email="left@example.com", is_active=False)

    plan(rollout)
    advance(rollout.number)

    notification = Notification.objects.get()
    assert (notification.what, notification.person, notification.rollout) == (
        What.WAITS,
        zoe,
        rollout,
    )


def test_a_rollout_that_pauses_by_its_limits_is_noted(rollout) -> None:
    approve(rollout)

    move(rollout, Status.APPLYING, Status.FAILED)

    assert rollout.state == Rollout.State.PAUSED
    assert noted() == [What.PAUSED]


def test_a_verification_that_ends_is_noted(ann, managing) -> None:
    rows = accounts(2, granted_at="2026-01-01T00:00Z")
    rollout = rollouts.start(rows, Rollout.Kind.VERIFY, ann)

    move(rollout, Status.VERIFYING, Status.VERIFIED)

    assert noted() == [What.ENDED]


def test_what_a_person_decides_is_no_news_to_that_person(rollout, ann) -> None:
    approve(rollout)

    decisions.pause(rollout, ann)
    decisions.stop(rollout, ann)
    advance(rollout.number)

    assert noted() == []


def test_whoever_started_it_learns_that_another_person_stopped_it(rollout, ann) -> None:
    decisions.stop(rollout, person("operator", username="bob"))

    assert Notification.objects.get().person == ann


def test_nothing_is_noted_without_a_mail_server(rollout, settings) -> None:
    settings.EMAIL_HOST = ""

    decisions.stop(rollout, None)

    assert noted() == []


def test_nothing_is_noted_of_what_nobody_started(managing) -> None:
    rollout = rollouts.start(accounts(2), Rollout.Kind.ONBOARD, None)

    decisions.stop(rollout, None)

    assert noted() == []


def test_it_is_sent_for_after_the_commit(
    rollout, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    sent: list[Notification] = []
    monkeypatch.setattr("accounts.notifications.notifying.wake", sent.append)

    with django_capture_on_commit_callbacks(execute=True):
        decisions.stop(rollout, None)
        assert sent == []

    assert sent == [Notification.objects.get()]


def test_what_is_rolled_back_is_not_noted(rollout) -> None:
    def stop_in_vain() -> None:
        with transaction.atomic():
            decisions.stop(rollout, None)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        stop_in_vain()

    assert noted() == []


def member_found(organization: Organization, number: int, by: User | None) -> None:
    """Say that a watch of that person found it in the last reading."""
    Member.objects.create(
        organization=organization,
        account_id=f"{number:012}",
        unit_since=timezone.now(),
        drafted_in=organization.reading,
        drafted_for=by,
    )


@pytest.fixture
def organization(ann) -> Organization:
    """Two accounts were found for Ann, one for nobody, and one of another's for Bob."""
    row, other = (
        Organization.objects.create(partition="aws", account_id=which * 12, reading=2)
        for which in "12"
    )
    for number, by in enumerate((ann, ann, None)):
        member_found(row, number, by)
    member_found(other, 9, person("operator", username="bob"))
    return row


def test_new_accounts_are_noted_once_for_who_watches_them(organization, ann) -> None:
    notify_of_new_accounts(organization)

    assert Notification.objects.get().person == ann


def test_new_accounts_are_not_noted_without_a_mail_server(
    organization, settings
) -> None:
    settings.EMAIL_HOST = ""

    notify_of_new_accounts(organization)

    assert noted() == []


def targets_noted() -> list[tuple[str, str]]:
    rows = Notification.objects.exclude(target=None).order_by("target__name")
    return [(str(one.target), one.what) for one in rows.select_related("target")]


def test_targets_hear_of_a_rollout_by_kind_and_environment(rollout, settings) -> None:
    settings.EMAIL_HOST = ""
    ManagedAccount.objects.update(environment="prod")
    target_row(name="all")
    target_row(name="ended", kinds=["ended"])
    target_row(name="lab", environments=["lab"])
    target_row(name="paused", paused_at=timezone.now())
    target_row(name="prod", environments=["prod", "lab"])
    target_row(name="waits", kinds=["waits"])

    decisions.stop(rollout, None)

    assert targets_noted() == [("all", "ended"), ("ended", "ended"), ("prod", "ended")]


def test_targets_hear_of_plans_and_pauses(rollout) -> None:
    target_row()

    approve(rollout)
    move(rollout, Status.APPLYING, Status.FAILED)

    assert {what for _, what in targets_noted()} == {What.WAITS, What.PAUSED}


def test_a_target_hears_once_of_new_accounts(organization) -> None:
    target_row()

    notify_of_new_accounts(organization)

    assert targets_noted() == [("platform", What.NEW_ACCOUNTS)]


def test_a_target_hears_of_new_accounts_in_its_environments(organization) -> None:
    accounts(2)
    ManagedAccount.objects.filter(name="team-001").update(
        environment="lab", account_id="000000000001"
    )
    lab = target_row(name="lab", environments=["lab"])
    prod = target_row(name="prod", environments=["prod"])

    notify_of_new_accounts(organization)

    said = {
        one.target: text_of(one) for one in Notification.objects.exclude(target=None)
    }
    assert said[prod] is None
    assert said[lab] is not None
    assert said[lab].title == "1 new account in watched units"
    assert said[lab].about["first"] == ["000000000001"]
