"""What mail says: what happened, how many, why, and where; foreign text stays text."""

from __future__ import annotations

import pytest
from django.core.mail import EmailMessage

from accounts.models import Notice, Rollout, Run
from accounts.models.states import Status
from accounts.notices.mail import send_mail
from accounts.notices.texts import Text, text_of
from accounts.runs.rollouts.census import runs_of
from tests.accounts.organization.organizations import member_row

pytestmark = pytest.mark.django_db

State = Rollout.State


def text(rollout: Rollout, what: str, state: str, **fields: str) -> Text | None:
    Rollout.objects.filter(pk=rollout.pk).update(state=state, **fields)
    person = rollout.created_by
    assert person is not None
    notice = Notice.objects.create(person=person, what=what, rollout=rollout)
    return text_of(Notice.objects.get(pk=notice.pk))


def fail(rollout: Rollout, count: int, message: str, hint: str = "Fix it.") -> None:
    for run in runs_of(rollout).order_by("number")[:count]:
        error = {"message": message, "hint": hint}
        Run.objects.filter(pk=run.pk).update(status=Status.FAILED, error=error)


def test_a_paused_rollout_says_what_it_waits_for(rollout) -> None:
    fail(rollout, 2, "The access role does not trust Bowline.", "Create it again.")
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
        "What failed\n- 2 accounts: The access role does not trust Bowline.\n"
        "  Fix: Create it again.\n  "
    ) in said.body
    assert "team-001" in said.body
    where = f"https://bowline.example.com/runs/rollouts/{rollout.number}/"
    assert f"\n{rollout}: {where}\n" in said.body
    assert said.body.endswith(": https://bowline.example.com/you/\n")


def test_a_finished_rollout_says_how_it_ended(rollout) -> None:
    runs_of(rollout).update(status=Status.VERIFIED)

    said = text(rollout, "ended", State.FINISHED)

    assert said is not None
    assert said.subject == f"Bowline: {rollout} is finished: 0 of 3 accounts failed"
    assert said.body.startswith("What: Onboard, 3 accounts\n")
    assert "Done: 3\nFailed: 0\n\n" in said.body
    assert "What failed" not in said.body


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


HOSTILE = "web\r\nBcc: all@example.com\r\n\r\nYou won\u2028\u202ehttps://evil"


def test_foreign_text_is_one_line_and_no_header(rollout, ann, mailoutbox) -> None:
    fail(rollout, 3, HOSTILE, HOSTILE)
    runs_of(rollout).update(account_name=HOSTILE[:60])
    Rollout.objects.update(reason=HOSTILE)
    said = text(rollout, "paused", State.PAUSED)
    assert said is not None

    send_mail(Notice.objects.get(), said)

    (message,) = mailoutbox
    assert isinstance(message, EmailMessage)
    assert message.recipients() == ["ann@example.com"]
    assert message.message()["Bcc"] is None
    assert "\nBcc" not in said.body
    assert "\nYou won" not in said.body
    assert "\u202e" not in said.body
    assert "web Bcc: all@example.com You won ‹U+202E›https://evil" in said.body


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
    notice = Notice.objects.create(
        person=ann, what="new accounts", organization=organization, reading=4
    )

    with django_assert_num_queries(2):
        said = text_of(notice)

    assert said is not None
    assert said.subject == (
        "Bowline: 24 new accounts in units that you watch, 1 not added"
    )
    assert "\n- web 1 (000000000001) in Root / A\n" in said.body
    assert "\n- and 3 more\n\nNot added\n- web 24 (000000000024) in" in said.body
    assert "Taken. web Bcc: all@example.com" in said.body
    assert "https://bowline.example.com/accounts/?state=draft" in said.body


def test_the_host_of_a_request_has_no_say_in_links(rollout, client, ann) -> None:
    client.force_login(ann)
    client.get("/you/", headers={"Host": "localhost"})

    said = text(rollout, "ended", State.STOPPED)

    assert said is not None
    assert "localhost" not in said.body
