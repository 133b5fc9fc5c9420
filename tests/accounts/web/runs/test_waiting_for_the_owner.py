"""A run that waits for the owner of its account, on its page and beside it."""

from __future__ import annotations

import re
from datetime import timedelta
from unittest.mock import patch

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.web.live.views import live_run
from accounts.web.runs.views import stages
from tests.rows import account_row, managing_row, run_row


@pytest.fixture
def waiting() -> Run:
    managing_row(state=State.VERIFIED, verification=State.VERIFIED)
    account = account_row(made_by="owner", state=State.HANDED_OFF)
    now = timezone.now()
    return run_row(
        Status.HANDED_OFF,
        account=account,
        approved_at=now,
        handed_off_at=now - timedelta(days=2),
        looked_at=now,
        look_at=now + timedelta(minutes=59, seconds=50),
        waiting=(
            "AWS denies access. The role doesn't exist yet, or its trust differs."
        ),
    )


def test_its_page_says_since_when_and_what_the_last_look_found(
    operator, waiting
) -> None:
    html = operator.get(waiting.get_absolute_url()).content.decode()

    assert "Waiting for the owner of staging" in html
    assert "2 days ago" in html
    assert (
        "denies access. The role doesn&#x27;t exist yet, or its trust differs."
    ) in html
    assert "in 59 min" in html
    assert "Check now" in html
    hand_off = reverse("accounts:hand-off", args=[waiting.account.pk])
    assert re.search(rf'btn-primary"\s+href="{hand_off}"', html)
    assert [stage.state for stage in stages(waiting, [], checked=False)] == [
        "done",
        "done",
        "waiting",
        "ahead",
    ]
    assert live_run(waiting).every > 0


def test_the_account_waits_without_an_alarm(operator, waiting) -> None:
    html = operator.get(waiting.account.get_absolute_url()).content.decode()

    assert "result-neutral verdict" in html
    assert "Spinnaker has no access" in html
    assert "result-bad" not in html
    hand_off = reverse("accounts:hand-off", args=[waiting.account.pk])
    assert f'btn-primary" href="{hand_off}"' in html
    assert "Bowline will create" not in html
    listed = operator.get(reverse("accounts:accounts"), {"state": "handed off"})
    assert "staging" in listed.content.decode()


def test_look_now_looks_at_once_and_often_again(
    operator, waiting, django_capture_on_commit_callbacks
) -> None:
    with (
        patch("accounts.work.queue.sent", autospec=True) as sent,
        django_capture_on_commit_callbacks(execute=True),
    ):
        answer = operator.post(reverse("accounts:run-look", args=[waiting.pk]))

    assert answer.url == waiting.get_absolute_url()
    sent.assert_called_once_with("accounts.tasks.look_at_owners")
    waiting.refresh_from_db()
    assert waiting.awaited_from == waiting.look_at
    assert Run.objects.awaited().get() == waiting


def test_a_removal_has_the_command_that_its_owner_runs(operator, waiting) -> None:
    command = "aws cloudformation delete-stack"
    assert command not in operator.get(waiting.get_absolute_url()).content.decode()
    Run.objects.update(kind=Run.Kind.REMOVE)

    html = operator.get(waiting.get_absolute_url()).content.decode()

    assert html.count(f"{command} --region us-east-1 --stack-name bowline-staging") == 2
    assert re.search(r'data-copy="if test', html)


def test_a_missing_role_is_verified_again_once_it_is_deployed(
    operator, waiting
) -> None:
    account = waiting.account
    Run.objects.update(status=Status.VERIFIED)
    now = timezone.now()
    ManagedAccount.objects.update(state=State.FAILED, missed=2, granted_at=now)

    html = operator.get(account.get_absolute_url()).content.decode()

    assert re.search(r'btn-primary">Verify now', html)
    assert reverse("accounts:hand-off", args=[account.pk]) in html


def test_the_plan_says_who_makes_what(operator, waiting) -> None:
    Run.objects.update(status=Status.PLANNED, version=waiting.account.version)

    html = operator.get(waiting.get_absolute_url()).content.decode()

    assert "The owner of staging creates the resources listed" in html


def test_the_wizard_names_no_access_role(operator, waiting) -> None:
    step = reverse("accounts:wizard", args=[waiting.account.pk, "access"])

    html = operator.get(step).content.decode()

    so_far = html.partition('id="so-far"')[2].partition("</section>")[0]
    assert "created by the owner" in so_far
    assert "own credentials" not in so_far
