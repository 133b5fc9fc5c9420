"""Tried: deleting the person who started, approved or accepted something, and giving
them another name, so that nobody is left to answer for it.

Refused: people are deactivated and never deleted, and every page shows the name that
the person had on that day.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import ProtectedError
from django.urls import reverse

from accounts.models import Activity, Bundle, ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.people.activity import record
from accounts.runs import actions
from tests.rows import PASSWORD, account_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> User:
    return person("approver", username="olga")


def run_of(olga: User) -> Run:
    managing_row()
    run = run_row(Status.PLANNED, created_by=olga, started_from=Run.Origin.PAGE)
    assert actions.approve(run, olga)
    return run


def accepted_by(olga: User) -> ManagedAccount:
    managing_row()
    state = {"state": State.EVALUATED, "verification": State.EVALUATED}
    account = account_row(created_by=olga, **state)
    assert actions.accept(account, olga)
    return account


def excluded_by(olga: User) -> ManagedAccount:
    managing_row()
    account = account_row(verification=State.VERIFIED)
    assert ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(olga)
    return account


def bundle_of(olga: User) -> Bundle:
    return Bundle.objects.create(number=1, created_by=olga)


def entry_of(olga: User) -> Activity:
    return record(olga, Activity.What.SIGN_IN)


PAGES = {run_of: "", accepted_by: "settings", excluded_by: "history", bundle_of: ""}
"""What somebody did, and the tab of its page that says who."""


@pytest.mark.parametrize("made", [*PAGES, entry_of])
def test_whoever_did_something_cannot_be_deleted(olga: User, made: Any) -> None:
    made(olga)

    with pytest.raises(ProtectedError):
        olga.delete()

    assert User.objects.filter(pk=olga.pk).exists()


@pytest.mark.parametrize(("made", "tab"), PAGES.items())
def test_the_name_of_that_day_is_shown(
    client: Any, olga: User, made: Any, tab: str
) -> None:
    row = made(olga)
    User.objects.filter(pk=olga.pk).update(username="mallory", is_active=False)
    client.force_login(person("viewer"))

    page = client.get(row.get_absolute_url(), {"tab": tab}).content.decode()

    assert "olga" in page
    assert "mallory" not in page


def test_nobody_deletes_people_in_the_admin_site(client: Any, olga: User) -> None:
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))

    page = client.post(
        reverse("admin:auth_user_delete", args=[olga.pk]), {"post": "yes"}
    )
    many = client.post(
        reverse("admin:auth_user_changelist"),
        {"action": "delete_selected", "_selected_action": olga.pk, "post": "yes"},
    )

    assert page.status_code == 403
    assert many.status_code in {200, 302, 403}
    assert User.objects.filter(pk=olga.pk).exists()
