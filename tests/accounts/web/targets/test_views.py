"""Administrators add targets, test them and see the outcome; no secret stays."""

from __future__ import annotations

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Activity, Notification, Target
from accounts.notify.channels import MOST, signing_secret
from accounts.notify.sending import deliver
from accounts.web.you.confirmation import CONFIRMED
from tests.accounts.notify.channels.receiving import (
    PUBLIC,
    REACH,
    SLACK_URL,
    receiving,
    status,
    target_row,
)
from tests.rows import account_row

PAGE = "/settings/notifications/"
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
URL = "https://hooks.example.com/bowline"


@pytest.fixture(autouse=True)
def reach(settings) -> None:
    settings.NOTIFICATIONS = PUBLIC
    settings.SITE_URL = "https://bowline.example.com"


def add(client: Client, **fields: Any) -> Any:
    plain = {
        "pk": str(uuid.uuid4()),
        "name": "platform",
        "channel": "webhook",
        "url": URL,
        "kinds": ["waits", "failed"],
    }
    return client.post(f"{PAGE}add/", {**plain, **fields})


def shown(page: Any) -> str:
    text = re.sub(r"<[^>]*>", "", page.content.decode())
    return re.sub(r"\s+", " ", html.unescape(text))


def test_a_webhook_is_added_and_its_secret_shown_once(administrator) -> None:
    account_row(environment="prod")

    page = add(administrator, environments=["prod"])

    target = Target.objects.get()
    assert (target.name, target.place, target.channel) == ("platform", URL, "webhook")
    assert (target.kinds, target.environments) == (["waits", "failed"], ["prod"])
    (secret,) = {*SECRET.findall(page.content.decode())}
    assert secret == signing_secret(target)
    assert page["Cache-Control"] == "no-store"
    for later in (PAGE, f"{PAGE}{target.pk}/"):
        assert not SECRET.search(administrator.get(later).content.decode())
    entry = Activity.objects.get(about="notifications to platform")
    assert (entry.who, entry.detail["target"]) == ("administrator", "added")
    assert secret not in str(entry.detail)
    assert "/bowline" not in str(entry.detail)


def test_the_same_form_adds_one_target(administrator) -> None:
    pk = str(uuid.uuid4())

    add(administrator, pk=pk)
    again = add(administrator, pk=pk)

    assert Target.objects.count() == 1
    assert not SECRET.search(again.content.decode())


def test_slack_is_added_by_a_reference(administrator) -> None:
    page = add(
        administrator, channel="slack", reference="env:SLACK_WEBHOOK_URL", url="x"
    )

    assert page.status_code == 302
    assert Target.objects.get().place == "env:SLACK_WEBHOOK_URL"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"url": "https://127.0.0.1/the-secret"}, "public addresses only"),
        ({"url": "https://[::ffff:127.0.0.1]/the-secret"}, "public addresses only"),
        ({"url": "https://2130706433/the-secret"}, "four numbers"),
        ({"url": "http://hooks.example.com/the-secret"}, "Use https"),
        ({"url": "https://x.example.com/?key=the-secret"}, "Remove the user"),
        ({"channel": "slack", "reference": f"{SLACK_URL}/the-secret"}, "never the"),
        ({"channel": "teams", "reference": "env:SECRET_KEY"}, "Bowline can read"),
        ({"channel": "slack", "reference": ""}, "This field is required"),
        ({"kinds": []}, "Choose at least one"),
        ({"name": ""}, "This field is required"),
        ({"environments": ["nowhere"]}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    administrator, fields, sentence
) -> None:
    page = add(administrator, **fields)

    assert sentence in shown(page)
    assert "the-secret" not in page.content.decode()
    assert not Target.objects.exists()


def test_two_targets_have_two_names(administrator) -> None:
    add(administrator)

    assert "Another target has this name" in shown(add(administrator))


def test_there_are_not_too_many(administrator) -> None:
    for number in range(MOST):
        target_row(name=f"team {number}")

    add(administrator)

    assert Target.objects.count() == MOST
    assert (
        "You've reached the maximum number of targets. To add another one, remove a "
        "target"
    ) in shown(administrator.get(PAGE))


def change(client: Client, target: Target, **fields: Any) -> Any:
    plain = {"pk": str(target.pk), "name": target.name, "url": target.place}
    return client.post(
        f"{PAGE}{target.pk}/", {**plain, "kinds": target.kinds, **fields}
    )


def test_a_target_is_changed_and_forgets_what_was_of_another_place(
    administrator,
) -> None:
    target = target_row(failed_at=Now(), failure="It failed.", environments=["gone"])

    change(administrator, target, name="data", environments=["gone"])
    target.refresh_from_db()
    assert (target.name, target.failure) == ("data", "It failed.")
    assert target.environments == ["gone"]

    change(administrator, target, url=f"{URL}/2", channel="slack")
    target.refresh_from_db()
    assert (target.place, target.failure, target.channel) == (f"{URL}/2", "", "webhook")
    assert Activity.objects.filter(detail__target="changed").count() == 2


def test_a_new_secret_is_shown_once_and_not_made_twice(administrator) -> None:
    target = target_row()
    before = signing_secret(target)
    path = f"{PAGE}{target.pk}/rotate/"

    page = administrator.post(path, {"rotation": "1"})
    again = administrator.post(path, {"rotation": "1"})

    target.refresh_from_db()
    assert target.rotation == 2
    assert SECRET.search(page.content.decode())[0] == signing_secret(target) != before
    assert again.status_code == 302


def test_only_a_webhook_has_a_secret(administrator) -> None:
    target = target_row(channel="slack", place="env:SLACK_WEBHOOK_URL")

    page = administrator.get(f"{PAGE}{target.pk}/")
    made = administrator.post(f"{PAGE}{target.pk}/rotate/", {"rotation": "1"})

    assert "Create new secret" not in shown(page)
    assert made.status_code == 404


def send_test(client: Client, target: Target) -> str:
    return client.post(f"{PAGE}{target.pk}/test/")["Location"]


def test_a_test_is_sent_by_a_worker_and_the_page_waits_for_it(
    administrator, settings
) -> None:
    settings.NOTIFICATIONS = REACH
    with receiving() as receiver:
        where = send_test(administrator, target_row(place=receiver.url))

        waiting = administrator.get(where, headers={"HX-Request": "true"})
        assert receiver.bodies == []
        deliver(Notification.objects.get())
        done = administrator.get(where, headers={"HX-Request": "true"})

    assert f'hx-get="{where}"' in waiting.content.decode()
    assert b'"type": "bowline.test"' in receiver.bodies[0]
    assert "platform accepted the test message" in shown(done)
    assert "hx-get" not in done.content.decode()
    assert Activity.objects.get().detail["target"] == "tested"


def test_a_test_that_fails_says_why_and_is_not_repeated(
    administrator, settings
) -> None:
    settings.NOTIFICATIONS = REACH
    with receiving(status(503)) as receiver:
        where = send_test(administrator, target_row(place=receiver.url))
        deliver(Notification.objects.get())
        page = administrator.get(where)

    assert "wasn't delivered. 127.0.0.1 answered 503." in shown(page)
    assert len(receiver.bodies) == 1
    assert not Activity.objects.filter(what="not sent").exists()


def test_a_test_reaches_a_paused_target(administrator, settings) -> None:
    settings.NOTIFICATIONS = REACH
    with receiving() as receiver:
        send_test(administrator, target_row(place=receiver.url, paused_at=Now()))
        deliver(Notification.objects.get())

    assert len(receiver.bodies) == 1


def test_the_page_does_not_wait_for_ever(administrator) -> None:
    where = send_test(administrator, target_row())
    Notification.objects.update(created_at=timezone.now() - timedelta(minutes=2))

    page = administrator.get(where, headers={"HX-Request": "true"})

    assert "No worker has sent the test message" in shown(page)
    assert "hx-get" not in page.content.decode()


@pytest.mark.parametrize("test", ["x", "", "0" * 32])
def test_a_test_that_nobody_knows_is_not_waited_for(administrator, test) -> None:
    target_row()

    page = administrator.get(PAGE, {"test": test})

    assert page.status_code == 200
    assert "test message" not in shown(page)


def test_a_target_is_paused_and_resumed(administrator) -> None:
    target = target_row()
    path = f"{PAGE}{target.pk}/pause/"

    administrator.post(path, {"pause": "on"})
    paused = shown(administrator.get(PAGE))
    administrator.post(path, {"pause": "off"})

    assert "paused" in paused
    assert Target.objects.get().paused_at is None
    done = [entry.detail["target"] for entry in Activity.objects.order_by("number")]
    assert done == ["paused", "resumed"]


def test_a_target_is_removed_with_what_waits_for_it(administrator) -> None:
    target = target_row()
    send_test(administrator, target)

    administrator.post(f"{PAGE}{target.pk}/remove/")

    assert not Target.objects.exists()
    assert not Notification.objects.exists()
    assert Activity.objects.first().detail["target"] == "removed"


@pytest.mark.parametrize("action", ["test", "pause", "rotate", "remove"])
def test_the_password_is_asked_again(administrator, action) -> None:
    target = target_row()
    session = administrator.session
    session[CONFIRMED] = (timezone.now() - timedelta(days=1)).isoformat()
    session.save()

    page = administrator.post(f"{PAGE}{target.pk}/{action}/", {"rotation": "1"})

    assert page["Location"].startswith("/you/confirm/")
    assert not Activity.objects.exists()
    assert Target.objects.get().rotation == 1


def test_the_list_says_what_was_delivered_and_what_failed(administrator) -> None:
    target_row(name="quiet", channel="slack", place="env:SLACK_WEBHOOK_URL")
    target_row(
        name="broken",
        kinds=["ended"],
        environments=["prod", ""],
        failed_at=Now(),
        failure="x.example.com answered 503.",
    )

    page = shown(administrator.get(PAGE))

    assert "Failed" in page
    assert "x.example.com answered 503." in page
    assert "in prod, no environment" in page
    assert "nothing sent yet" in page


def test_an_empty_list_says_what_belongs_there(administrator) -> None:
    assert "No targets yet" in shown(administrator.get(PAGE))


def test_the_form_says_where_secret_urls_may_lead(administrator) -> None:
    page = shown(administrator.get(f"{PAGE}add/"))

    assert "hooks.slack.com" in page
    assert "*.logic.azure.com, *.webhook.office.com, *.api.powerplatform.com" in page


def test_the_page_says_that_messages_have_no_links(administrator, settings) -> None:
    settings.SITE_URL = ""

    assert "Set SITE_URL" in shown(administrator.get(PAGE))


def test_more_targets_take_no_more_queries(administrator) -> None:
    target_row(name="first")
    administrator.get(PAGE)
    with CaptureQueriesContext(connection) as one:
        administrator.get(PAGE)
    for number in range(9):
        target_row(name=f"team {number}")

    with CaptureQueriesContext(connection) as ten:
        administrator.get(PAGE)

    assert len(ten) == len(one)
