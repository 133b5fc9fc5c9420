"""Tried: one person edits, plans and approves a change of production, by the page, for
many accounts at once, as an acceptance, on the command line, or after giving themselves
the role; or approves another plan than the one that was read.

Refused: where the environment asks for it, who planned or edited may not approve; no
role can be given to oneself; an approval holds for the digest of what was read only.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts.mapping.edits import editing
from accounts.models import ManagedAccount, Notification, Run
from accounts.models.states import State, Status
from accounts.notify.texts import text_of
from accounts.people.deciding import SamePerson
from accounts.people.policies import (
    choose,
    managing_is_strict,
    policies,
    strict_among,
)
from accounts.runs.actions import approve
from accounts.web.settings.views import ask_off, switch_off, switch_on
from tests.accounts.web.answers import messages_of, read, url
from tests.rows import account_row, decider, managing_row, person, run_row, step_row

pytestmark = pytest.mark.django_db

SAME = "5a" * 16


@pytest.fixture
def olga() -> User:
    return decider()


@pytest.fixture
def production(olga: User, managing) -> Run:
    """Let a plan of olga's wait for a production account."""
    account = account_row(environment="production")
    run = run_row(account=account, created_by=olga, fingerprint=SAME)
    step_row(run)
    return run


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_who_planned_may_not_approve_and_the_page_says_so(olga, production) -> None:
    browser = signed_in(olga)

    page = browser.get(production.get_absolute_url()).content.decode()
    answer = browser.post(f"{production.get_absolute_url()}approve/", read(production))

    assert "olga started this plan. Another person must approve." in page
    assert "Another person must approve" in messages_of(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_another_person_approves_with_a_comment_that_is_shown(production) -> None:
    browser = signed_in(person("approver", username="paul"))
    address = production.get_absolute_url()

    browser.post(f"{address}approve/", read(production, comment="Seen with ops."))

    page = browser.get(address).content.decode()
    run = Run.objects.get()
    assert (run.status, run.approved_by.username) == (Status.APPLYING, "paul")
    assert run.approved_digest == read(run)["read"]
    assert run.approved_digest in page
    assert "Seen with ops." in page


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_another_plan_than_the_one_that_was_read_is_not_approved(
    production, digest: str
) -> None:
    browser = signed_in(person("approver", username="paul"))

    answer = browser.post(f"{production.get_absolute_url()}approve/", {"read": digest})

    assert "Not approved: the plan changed after you opened it" in messages_of(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_who_edited_the_account_may_not_approve_anothers_plan(olga, managing) -> None:
    account = account_row(environment="production", verification=State.VERIFIED)
    with editing(account, olga):
        ManagedAccount.objects.update(write_roles=["sre"])
    run = run_row(account=account, created_by=None, version=2)
    run.refresh_from_db()

    with pytest.raises(SamePerson, match="olga edited the account"):
        approve(run, olga)


def test_the_wizard_keeps_who_edited(olga, managing) -> None:
    account = account_row(environment="production", verification=State.VERIFIED)

    signed_in(olga).post(
        url(account, "identity"),
        {"name": "staging", "account_id": "922222222222", "regions": "us-east-1"},
    )

    assert list(ManagedAccount.objects.get().authors.all()) == [olga]


def test_nobody_is_no_second_person(production) -> None:
    with pytest.raises(SamePerson, match="name the approver with --by"):
        approve(production, None)


def test_the_name_decides_until_an_administrator_does(olga, production) -> None:
    account_row("dev", account_id="933333333333", environment="dev")
    found = {policy.environment: policy.second_approver for policy in policies()}

    choose("production", second_approver=False)

    assert found == {"": True, "dev": False, "production": True}
    assert approve(production, olga)


def test_to_leave_the_environment_out_is_no_way_around_it(olga, managing) -> None:
    run = run_row(account=account_row(), created_by=olga)
    alone = strict_among({""})

    account_row("dev", account_id="933333333333", environment="dev")

    assert not alone
    with pytest.raises(
        SamePerson, match="Without an environment, the person who plans"
    ):
        approve(run, olga)


def test_the_managing_account_asks_for_a_second_person_where_any_environment_does(
    olga,
) -> None:
    managing_row()
    run = run_row(account=None, kind=Run.Kind.MANAGING, created_by=olga)
    account_row("dev", environment="dev")
    nowhere = managing_is_strict()

    account_row("web", account_id="933333333333", environment="production")

    assert not nowhere
    with pytest.raises(SamePerson, match="For the managing account, the person who"):
        approve(run, olga)


def strict() -> list[bool]:
    return [policy.second_approver for policy in policies() if policy.environment]


def test_it_takes_two_administrators_to_turn_it_off(olga, production) -> None:
    address = "/settings/second-approver/"
    asked = {"environment": "production", "second_approver": "ask"}
    off = {**asked, "second_approver": "off"}
    ada, bob = (person("administrator", username=name) for name in ("ada", "bob"))

    assert signed_in(olga).post(address, asked).status_code == 403
    signed_in(ada).post(address, {**asked, "environment": "else"})
    unasked = signed_in(bob).post(address, off)
    signed_in(ada).post(address, asked)
    refused = signed_in(ada).post(address, off)
    page = " ".join(signed_in(bob).get("/settings/?tab=rules").content.decode().split())
    still = strict()
    signed_in(bob).post(address, off)

    assert "ada requested this. Another administrator must confirm it." in messages_of(
        refused
    )
    assert "ada asked to turn it off." in page
    assert "Confirm turning off" in page
    assert unasked.status_code == 302
    assert (still, strict()) == ([True], [False])


def test_who_asked_may_think_again(olga, production) -> None:
    ada, bob = (person("administrator", username=name) for name in ("ada", "bob"))

    asked = [ask_off("production", ada), ask_off("production", bob)]
    switch_on("production", ada)

    assert asked == [True, False]
    assert not switch_off("production", bob)
    assert strict() == [True]


def test_every_administrator_hears_of_it(olga, production, settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"
    ada, bob = (
        person("administrator", username=name, email=f"{name}@example.com")
        for name in ("ada", "bob")
    )

    ask_off("production", ada)
    switch_off("production", bob)

    titles = {
        (notification.person, text_of(notification).title)
        for notification in Notification.objects.all()
    }
    asks = "A request to stop requiring a second approver for production"
    off = "A second approver is no longer required for production"
    assert titles == {(one, title) for one in (ada, bob) for title in (asks, off)}


def test_a_plan_that_exists_keeps_its_second_person(olga, production) -> None:
    production.reach = {
        "managing": False,
        "managing_first": False,
        "environments": ["production"],
        "second": "In production",
    }
    production.save()

    choose("production", second_approver=False)

    with pytest.raises(SamePerson, match="In production, the person who plans"):
        approve(production, olga)


def test_nobody_gives_a_role_or_more_to_themselves() -> None:
    ada = person("administrator", username="ada")
    approver = Group.objects.get(name="approver")
    posted = {"username": "ada", "is_active": "on", "groups": [approver.pk]}
    posted |= {"is_superuser": "on", "is_staff": "on"}
    other = person("operator")

    signed_in(ada).post(f"/admin/auth/user/{ada.pk}/change/", posted)
    signed_in(ada).post(
        f"/admin/auth/user/{other.pk}/change/", {**posted, "username": "operator"}
    )

    ada.refresh_from_db()
    assert [group.name for group in ada.groups.all()] == ["administrator"]
    assert {ada.is_superuser, ada.is_staff} == {False}
    assert list(other.groups.all()) == [approver]
