"""What mail says: what happened, how many, why, and where; foreign text stays text."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.mail import EmailMessage

from accounts.models import Member, Notification, Organization, Rollout, Run
from accounts.models.states import Status
from accounts.notify.sending import send_mail
from accounts.notify.texts import MOST_CAUSES, MOST_NAMED, Text, text_of
from accounts.runs.rollouts.census import runs_of
from tests.accounts.discover.organization.organizations import member_row
from tests.accounts.runs.rollouts.rows import started
from tests.rows import person

State = Rollout.State


def text(rollout: Rollout, what: str, state: str, **fields: str) -> Text | None:
    Rollout.objects.filter(pk=rollout.pk).update(state=state, **fields)
    person = rollout.created_by
    assert person is not None
    notification = Notification.objects.create(
        person=person, what=what, rollout=rollout
    )
    return text_of(Notification.objects.get(pk=notification.pk))


def fail(rollout: Rollout, count: int, message: str, hint: str = "Fix it.") -> None:
    for run in runs_of(rollout).order_by("number")[:count]:
        error = {"message": message, "hint": hint}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=error)


def test_a_paused_rollout_says_what_it_waits_for(rollout) -> None:
    fail(rollout, 2, "The access role doesn't trust Bowline.", "Create it again.")
    runs_of(rollout).exclude(status=Status.FAILED).update(status=Status.APPROVED)

    said = text(rollout, "paused", State.PAUSED, reason="2 accounts failed.")

    assert said is not None
    assert said.subject == (
        f"Bowline: {rollout} is paused and waits for you: 2 of 3 accounts failed"
    )
    assert said.body.startswith(
        "2 accounts failed. No more accounts are started until you resume it.\n\n"
    )
    assert "Done: 0\nFailed: 2\nWaiting: 1\n" in said.body
    assert (
        "Causes\n- 2 accounts: The access role doesn't trust Bowline.\n"
        "  Fix: Create it again.\n  "
    ) in said.body
    assert "team-001" in said.body
    assert "and more" not in said.body
    assert "Other causes" not in said.body
    where = f"https://bowline.example.com/runs/rollouts/{rollout.number}/"
    assert f"\n{rollout}: {where}\n" in said.body
    assert said.body.endswith(": https://bowline.example.com/you/\n")


def test_plans_that_wait_are_named_until_somebody_decides(rollout, ann) -> None:
    runs_of(rollout).update(status=Status.PLANNED)

    said = text(rollout, "waits", State.PLANNED)

    assert said is not None
    assert said.subject == f"Bowline: {rollout} waits for approval: 3 accounts"
    assert said.body.startswith("Nothing in AWS changes until an approver")
    assert f"Planned by {ann.username}\n" in said.body
    assert f"/runs/rollouts/{rollout.number}/\n" in said.body
    assert text(rollout, "waits", State.APPLYING) is None


def test_a_finished_rollout_says_how_it_ended(rollout) -> None:
    runs_of(rollout).update(status=Status.VERIFIED)

    said = text(rollout, "ended", State.FINISHED)

    assert said is not None
    assert said.subject == f"Bowline: {rollout} is finished: 0 of 3 accounts failed"
    assert said.body.startswith("What: Onboard, 3 accounts\n")
    assert "Done: 3\nFailed: 0\n\n" in said.body
    assert "Causes" not in said.body


def test_a_finished_rollout_says_what_waits_for_owners(rollout) -> None:
    runs_of(rollout).update(status=Status.HANDED_OFF)

    said = text(rollout, "ended", State.FINISHED)

    assert said is not None
    assert "Failed: 0\nHanded off to their owners: 3\n" in said.body


def test_a_stopped_rollout_says_who_stopped_it(rollout) -> None:
    runs_of(rollout).update(status=Status.DISCARDED)

    said = text(rollout, "ended", State.STOPPED, reason="bob stopped it.")

    assert said is not None
    assert said.body.startswith("bob stopped it. ")
    assert "Discarded: 3\n" in said.body


@pytest.mark.parametrize(
    ("what", "state"),
    [("paused", State.APPLYING), ("ended", State.PLANNING), ("paused", State.STOPPED)],
)
def test_what_is_no_longer_so_is_not_said(rollout, what, state) -> None:
    assert text(rollout, what, state) is None


def test_of_many_causes_and_accounts_the_most_frequent_are_named(ann, managing) -> None:
    rollout = started(12, ann)
    for cause, failed in enumerate((12, 6, 5, 4, 3, 2, 1)):
        fail(rollout, failed, f"Cause {'abcdefg'[cause]}.")

    said = text(rollout, "ended", State.FINISHED)

    assert said is not None
    assert "- 6 accounts: Cause a.\n" in said.body
    assert said.body.count(" and more\n") == 1
    assert said.body.count("  Fix: ") == MOST_CAUSES
    assert "\n- Other causes: see its page.\n" in said.body


HOSTILE = "web\r\nBcc: all@example.com\r\n\r\nYou won\u2028\u202ehttps://evil"


def test_foreign_text_is_one_line_and_no_header(rollout, ann, mailoutbox) -> None:
    fail(rollout, 3, HOSTILE, HOSTILE)
    runs_of(rollout).update(account_name=HOSTILE[:60])
    Rollout.objects.update(reason=HOSTILE)
    said = text(rollout, "paused", State.PAUSED)
    assert said is not None

    send_mail(Notification.objects.get(), said)

    (message,) = mailoutbox
    assert isinstance(message, EmailMessage)
    assert message.recipients() == ["ann@example.com"]
    assert message.message()["Bcc"] is None
    assert "\nBcc" not in said.body
    assert "\nYou won" not in said.body
    assert "\u202e" not in said.body
    assert "web Bcc: all@example.com You won ‹U+202E›https://evil" in said.body


def test_foreign_text_has_an_end(rollout) -> None:
    fail(rollout, 3, "x" * 600)

    said = text(rollout, "ended", State.FINISHED)

    assert said is not None
    assert f": {'x' * 500}\n" in said.body


def drafted(member: Member, by: User | None) -> Member:
    """Say that a watch of that person drafted it in the fourth reading."""
    member.drafted_in, member.drafted_for = 4, by
    member.save()
    Organization.objects.update(reading=4)
    return member


def test_new_accounts_are_named_with_their_units(
    ann, django_assert_num_queries
) -> None:
    rows = [member_row(f"{n:012}", f"web {n}") for n in range(25)]
    organization = rows[0].organization
    unit = organization.units.create(unit_id="ou-a", path="Root / A", lineage="/a/")
    organization.members.update(drafted_in=4, drafted_for=ann, unit=unit)
    organization.members.filter(pk=rows[-1].pk).update(
        draft_refused=f"Taken.\n{HOSTILE}"
    )
    organization.members.filter(pk=rows[0].pk).update(drafted_in=3)
    notification = Notification.objects.create(
        person=ann, what="new accounts", organization=organization, reading=4
    )

    with django_assert_num_queries(3):
        said = text_of(notification)

    assert said is not None
    assert said.subject == (
        "Bowline: 24 new accounts in units that you watch, 1 not added"
    )
    assert "\n- web 1 (000000000001) in Root / A\n" in said.body
    assert said.body.count("\n- web ") == MOST_NAMED + 1
    assert "\n- and 3 more\n\nNot added\n- web 24 (000000000024) in" in said.body
    assert "Taken. web Bcc: all@example.com" in said.body
    assert "https://bowline.example.com/accounts/?state=draft" in said.body


def test_nobody_is_told_of_what_another_watch_found(ann) -> None:
    found = drafted(member_row("000000000008", "web 8"), ann)
    other = Organization.objects.create(partition="aws", account_id="1" * 12, reading=4)
    bob = person("operator", username="bob")

    said = told(ann, found.organization, 4)

    assert said is not None
    assert "\n- web 8 (000000000008)\n" in said.body
    assert "Not added" not in said.body
    assert told(bob, found.organization, 4) is None
    assert told(ann, found.organization, 3) is None
    assert told(ann, other, 4) is None


def told(someone: User, organization: Organization, reading: int) -> Text | None:
    return text_of(
        Notification(
            person=someone,
            what="new accounts",
            organization=organization,
            reading=reading,
        )
    )


def test_the_host_of_a_request_has_no_say_in_links(rollout, client, ann) -> None:
    client.force_login(ann)
    client.get("/you/", headers={"Host": "localhost"})

    said = text(rollout, "ended", State.STOPPED)

    assert said is not None
    assert "localhost" not in said.body
