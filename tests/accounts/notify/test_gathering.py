"""What happens to single runs is told together, for who chose it, never as a storm."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from django.utils import timezone

from accounts.models import (
    Digest,
    ForeignPolicy,
    Happened,
    ManagedAccount,
    Notification,
    Preferences,
    Run,
)
from accounts.models.checks import today
from accounts.models.states import State, Status
from accounts.notifications.notifying import failed, happened
from accounts.notify.sending import deliver, gather, wants_mail
from accounts.notify.texts import MOST_NAMED, Text, text_of
from accounts.people.role_limits.limits import limit
from accounts.people.roles import APPROVER
from accounts.runs.stages import fail
from accounts.tasks import delete_old, sweep
from onboarding.aws.errors import AwsError
from tests.accounts.notify.channels.receiving import target_row
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row, person

pytestmark = pytest.mark.django_db

What = Notification.What


def run_of(number: int, environment: str = "prod", **fields: Any) -> Run:
    account = account_row(
        f"web-{number:04}",
        account_id=f"{number:012}",
        environment=environment,
        providers={},
    )
    plain = {
        "account": account,
        "account_name": account.name,
        "status": Status.FAILED,
        "error": {"message": f"Cause {number}.", "hint": "Fix it."},
    }
    return Run.objects.create(**{**plain, **fields})


def later(**passed: float) -> None:
    """Let time pass for everything that was noted."""
    Happened.objects.update(at=F("at") - timedelta(**passed))
    for digest in Digest.objects.all():
        moved = {"created_at": digest.created_at - timedelta(**passed)}
        if digest.day:
            # Two of one day cannot be: minutes leave it, so that midnight is no end.
            moved["day"] = digest.day - timedelta(**passed)
        Digest.objects.filter(pk=digest.pk).update(**moved)


def noted(what: str) -> list[Notification]:
    return list(Notification.objects.filter(what=what).order_by("created_at"))


def said(notification: Notification) -> Text:
    text = text_of(notification)
    assert text is not None
    return text


def test_a_storm_is_one_notice() -> None:
    target_row()
    for number in range(60):
        happened(run_of(number), What.DRIFTED)
    later(minutes=6)

    gather()
    gather()

    (notification,) = noted(What.DRIFTED)
    text = said(notification)
    assert text.title == "60 verifications found something worse than before"
    assert "and 40 more" in text.paragraphs[0]
    assert len(text.about["first"]) == MOST_NAMED
    assert text.path == "/runs/?status=failed"


def test_what_nobody_approved_is_one_notice_for_many_accounts() -> None:
    target_row()
    runs = [run_of(number) for number in range(3)]
    for run in runs:
        foreign_row(run.account)
        happened(run, What.FOUND)
    later(minutes=6)
    gather()

    (notification,) = noted(What.FOUND)
    text = said(notification)

    assert notification.kind == "drifted"
    assert text.title == "3 verifications found unapproved policies"
    assert (
        "web-0000: AdministratorAccess on role spinnakerManaged" in text.paragraphs[0]
    )
    assert text.path == "/foreign-policies/"

    accepted = {"until": today(), "accepted_at": timezone.now()}
    ForeignPolicy.objects.exclude(account=runs[0].account).update(**accepted)
    assert said(notification).title == "A verification found unapproved policies"
    ForeignPolicy.objects.update(**accepted)
    assert text_of(notification) is None


def test_nothing_is_told_before_it_was_gathered_for_a_while() -> None:
    target_row()
    failed(run_of(1))

    gather()

    assert noted(What.FAILED) == []


def test_the_next_notice_of_a_kind_comes_an_hour_later() -> None:
    target_row()
    failed(run_of(1))
    later(minutes=6)
    gather()
    failed(run_of(2))
    later(minutes=30)
    gather()
    assert len(noted(What.FAILED)) == 1

    later(minutes=31)
    gather()

    first, second = map(said, noted(What.FAILED))
    assert "web-0001: Cause 1." in first.paragraphs[0]
    assert "web-0002: Cause 2." in second.paragraphs[0]
    assert first.title == "A run failed"
    assert first.path == Run.objects.get(account_name="web-0001").get_absolute_url()


def test_a_run_of_a_rollout_is_told_with_it(rollout) -> None:
    target_row()

    failed(Run.objects.filter(rollout=rollout).first())

    assert not Happened.objects.exists()


def test_nothing_is_kept_where_nobody_could_hear_of_it(settings) -> None:
    settings.EMAIL_HOST = ""

    failed(run_of(1))

    assert not Happened.objects.exists()


def test_a_run_that_fails_is_written_down_with_it() -> None:
    target_row()
    run = run_of(1, status=Status.PLANNING, error=None)
    run.take_lease()

    fail(run, AwsError("1", "GetRole", "Denied.", "Allow it."))

    assert Happened.objects.get().run == run


def test_who_started_a_run_hears_that_it_failed(ann) -> None:
    bob = person("operator", username="bob", email="bob@example.com")
    for number, by in enumerate((ann, ann, bob, None)):
        failed(run_of(number, created_by=by))
    later(minutes=6)

    gather()

    titles = {one.person: said(one).title for one in noted(What.FAILED)}
    assert titles == {ann: "2 runs failed", bob: "A run failed"}


def test_approvers_hear_of_plans_that_wait_but_not_of_their_own() -> None:
    zoe = person("approver", username="zoe", email="zoe@example.com")
    person("operator", username="bob", email="bob@example.com")
    own = run_of(1, status=Status.PLANNED, created_by=zoe)
    other = run_of(2, status=Status.PLANNED)
    for run in (own, other):
        happened(run, What.PLANS)
    later(minutes=6)

    gather()

    (notification,) = noted(What.PLANS)
    assert notification.person == zoe
    assert said(notification).title == "A plan waits for approval"
    Run.objects.filter(pk=other.pk).update(status=Status.DISCARDED)
    assert text_of(notification) is None


def test_approvers_hear_only_of_plans_that_they_may_approve() -> None:
    everywhere, lab, nowhere, formerly = (
        person("approver", username=name, email=f"{name}@example.com")
        for name in ("everywhere", "lab", "nowhere", "formerly")
    )
    limit(lab, APPROVER, ["lab", ""], by=None)
    limit(nowhere, APPROVER, ["test", ""], by=None)
    moved = run_of(1, "test", status=Status.PLANNED)
    shared = run_of(3, "test", status=Status.PLANNED, account=None)
    decided = run_of(4, "test", status=Status.PLANNED)
    for run in (moved, run_of(2, "lab", status=Status.PLANNED), shared, decided):
        happened(run, What.PLANS)
    ManagedAccount.objects.filter(pk=moved.account_id).update(environment="prod")
    Run.objects.filter(pk=decided.pk).update(status=Status.DISCARDED)
    later(minutes=6)

    gather()
    formerly.groups.clear()

    texts = {one.person: text_of(one) for one in noted(What.PLANS)}
    assert set(texts) == {everywhere, lab, formerly}
    assert texts[everywhere].about["count"] == 3
    assert [one["account"] for one in texts[lab].about["first"]] == ["web-0002"]
    assert texts[formerly] is None


def test_drift_is_for_people_who_chose_it(ann) -> None:
    person("operator", username="bob", email="bob@example.com")
    Preferences.objects.create(person=ann, kinds=["drifted"])
    happened(run_of(1), What.DRIFTED)
    later(minutes=6)

    gather()

    assert [one.person for one in noted(What.DRIFTED)] == [ann]


def test_environments_are_chosen_by_people_and_for_targets(ann) -> None:
    Preferences.objects.create(person=ann, kinds=["drifted"], environments=["lab"])
    target_row(name="prod", environments=["prod"])
    target_row(name="none", environments=["none"])
    happened(run_of(1, "prod"), What.DRIFTED)
    happened(run_of(2, "lab"), What.DRIFTED)
    later(minutes=6)

    gather()

    named = {
        one.recipient: said(one).about["first"][0]["account"]
        for one in noted(What.DRIFTED)
    }
    assert named == {"ann": "web-0002", "prod": "web-0001"}


@pytest.mark.parametrize(
    ("kinds", "environments", "wants"),
    [
        (["ended"], [], True),
        (["waits"], [], False),
        ([], [], False),
        (["ended"], ["lab"], False),
        (["ended"], ["lab", "prod"], True),
    ],
)
def test_mail_about_rollouts_is_by_kind_and_environment(
    rollout, ann, kinds, environments, wants
) -> None:
    ManagedAccount.objects.update(environment="prod")
    Preferences.objects.create(person=ann, kinds=kinds, environments=environments)
    notification = Notification.objects.create(
        person=ann, what="ended", rollout=rollout
    )

    assert wants_mail(ann, notification) is wants


def stale(number: int, days: float, **fields: Any) -> ManagedAccount:
    at = timezone.now() - timedelta(days=days)
    row = run_of(number, **fields).account
    assert row is not None
    ManagedAccount.objects.filter(pk=row.pk).update(
        state=State.VERIFIED, verification=State.VERIFIED, verified_at=at
    )
    return row


def test_stale_proofs_are_one_notice_a_day(settings) -> None:
    settings.VERIFICATION_MAX_AGE = 7
    target_row()
    stale(1, 7.2)
    stale(2, 7.4)
    stale(3, 9)
    stale(4, 6.9)

    gather()
    gather()

    (notification,) = noted(What.STALE)
    text = said(notification)
    assert text.title == "2 verifications are stale"
    assert "web-0001 000000000001\n- web-0002 000000000002" in text.paragraphs[1]

    later(days=1)
    ManagedAccount.objects.update(verified_at=F("verified_at") - timedelta(days=1))
    gather()

    assert said(noted(What.STALE)[1]).about["first"] == ["000000000004"]


def test_no_proof_is_stale_where_none_can_be(settings) -> None:
    settings.VERIFICATION_MAX_AGE = 0
    target_row()
    stale(1, 99)

    gather()

    assert noted(What.STALE) == []


def test_the_sweep_gathers_and_old_digests_are_deleted(mailoutbox, ann) -> None:
    failed(run_of(1, created_by=ann))
    later(minutes=6)

    sweep()
    deliver(noted(What.FAILED)[0])
    later(days=8)
    delete_old()

    (message,) = mailoutbox
    assert message.subject == "Bowline: A run failed"
    assert not Happened.objects.exists()
