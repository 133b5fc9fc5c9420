"""A notice reaches a target, signed if that is a webhook, and again after a failure."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now
from django.utils.dateparse import parse_datetime
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from accounts.models import Activity, Notification, Rollout, Target
from accounts.notify.channels import rotate, signing_secret
from accounts.notify.sending import MOST_TRIES, deliver
from tests.accounts.notify.channels.receiving import (
    REACH,
    Receiver,
    receiving,
    status,
    target_row,
)
from tests.rows import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def reach(settings) -> None:
    settings.NOTIFICATIONS = REACH


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def noted(rollout: Rollout, target: Target) -> Notification:
    rows = Rollout.objects.filter(pk=rollout.pk)
    rows.update(state=Rollout.State.STOPPED, finished_at=Now(), reason="ann did.")
    return Notification.objects.create(target=target, what="ended", rollout=rollout)


def test_a_webhook_is_signed_and_says_what_happened(rollout, receiver) -> None:
    target = target_row(place=receiver.url)
    notification = noted(rollout, target)

    deliver(notification)

    (body,), (headers,) = receiver.bodies, receiver.headers
    said = Webhook(signing_secret(target)).verify(body, headers)
    assert headers["webhook-id"] == str(notification.pk)
    assert said["type"] == "bowline.rollout.ended"
    assert parse_datetime(said["time"]) == notification.created_at
    where = f"https://bowline.example.com/runs/rollouts/{rollout.number}/"
    assert said["data"]["url"] == where
    assert said["data"]["rollout"] == rollout.number
    assert said["data"]["title"] == f"{rollout} is stopped: 0 of 3 accounts failed"
    assert said["data"]["text"].startswith("ann did. Accounts that had not been")
    target.refresh_from_db()
    assert target.sent_at
    assert not target.is_failing


def test_a_changed_body_and_another_secret_do_not_verify(rollout, receiver) -> None:
    target = target_row(place=receiver.url)
    deliver(noted(rollout, target))
    (body,), (headers,) = receiver.bodies, receiver.headers
    others = target_row(name="others")

    before = signing_secret(target)
    rotate(target, person("administrator"), 1)

    for secret, sent in (
        (before, body + b" "),
        (signing_secret(others), body),
        (signing_secret(target), body),
    ):
        with pytest.raises(WebhookVerificationError, match="No matching signature"):
            Webhook(secret).verify(sent, headers)


def test_the_secret_follows_the_key_of_the_site_and_is_in_no_row(settings) -> None:
    target = target_row()
    before = signing_secret(target)

    settings.SECRET_KEY = "another-key"

    assert signing_secret(target) != before
    assert before not in str(list(Target.objects.values()))


def test_another_try_has_the_same_id(rollout, monkeypatch) -> None:
    answers = iter([status(503), status(204)])
    with receiving(lambda handler: next(answers)(handler)) as receiver:
        notification = noted(rollout, target_row(place=receiver.url))
        deliver(notification)
        Notification.objects.update(due_at=Now())
        deliver(notification)

    assert len({one["webhook-id"] for one in receiver.headers}) == 1
    assert len(receiver.bodies) == 2
    notification.refresh_from_db()
    assert notification.done_at


def test_what_fails_is_tried_again_and_given_up_in_the_log(rollout) -> None:
    with receiving(status(503)) as receiver:
        notification = noted(rollout, target_row(place=receiver.url))
        for _ in range(MOST_TRIES):
            Notification.objects.update(due_at=Now())
            deliver(notification)

    notification.refresh_from_db()
    assert notification.done_at
    assert len(receiver.bodies) == MOST_TRIES
    entry = Activity.objects.get(what="not sent")
    assert entry.detail == {"to": "platform", "why": "127.0.0.1 answered 503."}
    target = Target.objects.get()
    assert target.is_failing
    assert target.failure == "127.0.0.1 answered 503."


def test_what_cannot_succeed_is_given_up_at_once(rollout) -> None:
    with receiving(status(302, Location="https://example.com")) as receiver:
        notification = noted(rollout, target_row(place=receiver.url))
        deliver(notification)

    notification.refresh_from_db()
    assert notification.done_at
    assert len(receiver.bodies) == 1


def test_a_target_that_was_paused_meanwhile_receives_nothing(rollout, receiver) -> None:
    notification = noted(rollout, target_row(place=receiver.url, paused_at=Now()))

    deliver(notification)

    assert receiver.bodies == []
    notification.refresh_from_db()
    assert notification.done_at


def test_what_is_no_longer_so_is_not_sent(rollout, receiver) -> None:
    target = target_row(place=receiver.url)
    notification = Notification.objects.create(
        target=target, what="paused", rollout=rollout
    )

    deliver(notification)

    assert receiver.bodies == []


def test_slack_receives_its_blocks_without_a_signature(
    rollout, receiver, monkeypatch
) -> None:
    monkeypatch.setenv("SLACK_WEBHOOK_URL", receiver.url)
    target = target_row(channel="slack", place="env:SLACK_WEBHOOK_URL")

    deliver(noted(rollout, target))

    assert json.loads(receiver.bodies[0])["blocks"]
    assert "webhook-signature" not in receiver.headers[0]


def test_no_secret_url_is_in_what_is_kept_of_a_failure(rollout, monkeypatch) -> None:
    with receiving(status(403)) as receiver:
        monkeypatch.setenv("SLACK_WEBHOOK_URL", f"{receiver.url}/T0/the-secret")
        target = target_row(channel="slack", place="env:SLACK_WEBHOOK_URL")
        deliver(noted(rollout, target))

    assert Target.objects.get().failure == "127.0.0.1 answered 403."
    kept = [*Target.objects.values(), *Activity.objects.values()]
    assert "the-secret" not in str(kept)
