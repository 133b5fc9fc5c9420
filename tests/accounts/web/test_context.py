"""What every page shows beside its own: places, person, and what is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Run
from accounts.models.states import Status
from accounts.web.context import emulated, section_of, trouble
from onboarding.aws.errors import AwsError, own_credentials
from tests.rows import managing_row

OWN = own_credentials("sts:GetCallerIdentity", "none were found").as_json()


def ended(minutes_ago: int, error: dict[str, Any] | None, **fields: Any) -> Run:
    then = timezone.now() - timedelta(minutes=minutes_ago)
    plain = {"account_name": "staging", "status": Status.FAILED, "finished_at": then}
    run = Run.objects.create(error=error, **{**plain, **fields})
    Run.objects.filter(pk=run.pk).update(created_at=then)
    return run


@pytest.mark.parametrize(
    ("path", "section"),
    [
        ("/", "overview"),
        ("/managing/plan/", "accounts"),
        ("/accounts/new/", "accounts"),
        ("/runs/", "runs"),
        ("/bundles/1/files/hal/apply.sh", "bundles"),
        ("/settings/", "settings"),
        ("/settings/activity/", "activity"),
    ],
)
def test_a_path_belongs_to_a_place(path: str, section: str) -> None:
    assert section_of(path) == section


def test_it_says_where_aws_is_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    assert emulated() == ""

    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")

    assert emulated() == "http://127.0.0.1:4566"


@pytest.mark.django_db
def test_trouble_is_the_newest_runs_where_own_credentials_failed() -> None:
    ended(5, None, status=Status.VERIFIED)
    ended(1, OWN)

    assert trouble() == OWN


@pytest.mark.django_db
def test_trouble_is_over_once_a_later_run_got_through() -> None:
    ended(5, OWN)
    ended(1, None, status=Status.VERIFIED)

    assert trouble() is None


@pytest.mark.django_db
def test_a_plan_put_aside_does_not_end_the_trouble() -> None:
    ended(5, OWN)
    ended(1, None, status=Status.DISCARDED)

    assert trouble() == OWN


@pytest.mark.django_db
@pytest.mark.parametrize(
    "error",
    [
        AwsError("922222222222", "iam:GetRole", "AWS refused it.").as_json(),
        AwsError("", "plan", "The details contradict each other.").as_json(),
        {"message": "A check failed.", "hint": ""},
    ],
)
def test_an_accounts_own_failure_is_not_bowlines(error: dict[str, Any]) -> None:
    ended(1, error)

    assert trouble() is None


@pytest.mark.django_db
def test_every_page_tells_of_both(viewer, monkeypatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    managing_row()
    ended(1, OWN)

    page = viewer.get("/bundles/").content.decode()

    assert "AWS is emulated" in page
    assert "at <code>http://127.0.0.1:4566</code>" in page
    assert "own AWS credentials are missing" in page
    assert "Renew the credentials that Bowline itself runs with" in page


@pytest.mark.django_db
def test_the_current_place_and_the_role_are_named(operator) -> None:
    response = operator.get("/bundles/")

    assert response.context["section"] == "bundles"
    assert 'aria-current="page"' in response.content.decode()
    assert response.context["roles"] == "operator"


@pytest.mark.django_db
def test_the_sign_in_page_tells_a_stranger_nothing(client) -> None:
    response = client.get("/sign-in/")

    assert "places" not in response.context
    assert "trouble" not in response.context
