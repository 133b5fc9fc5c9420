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
from accounts.models import ManagedAccount, Run
from accounts.models.states import State, Status
from accounts.people.deciding import SamePerson
from accounts.people.policies import choose, policies
from accounts.runs.actions import accept, approve, approve_same, keep
from tests.accounts.web.answers import read, told, url
from tests.rows import account_row, managing_row, person, run_row, step_row

pytestmark = pytest.mark.django_db

SAME = "5a" * 16


@pytest.fixture
def olga() -> User:
    """Make somebody who may plan and approve."""
    user = person("approver", username="olga")
    user.groups.add(Group.objects.get(name="operator"))
    return user


@pytest.fixture
def production(olga: User) -> Run:
    """Let a plan of olga's wait for a production account."""
    managing_row()
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
    assert "Another person must approve" in told(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_another_person_approves_with_a_comment_that_is_shown(production) -> None:
    browser = signed_in(person("approver", username="paul"))
    address = production.get_absolute_url()

    browser.post(f"{address}approve/", read(production, comment="Seen with ops."))

    page = browser.get(address).content.decode()
    run = Run.objects.get()
    assert (run.status, run.approved_by.username) == (Status.APPLYING, "paul")
    assert run.approved_digest == read(run)["digest"]
    assert run.approved_digest in page
    assert "Seen with ops." in page


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_another_plan_than_the_one_that_was_read_is_not_approved(
    production, digest: str
) -> None:
    browser = signed_in(person("approver", username="paul"))

    answer = browser.post(
        f"{production.get_absolute_url()}approve/", {"digest": digest}
    )

    assert "The plan changed after you opened it" in told(answer)
    assert Run.objects.get().status == Status.PLANNED


def test_who_edited_the_account_may_not_approve_anothers_plan(olga) -> None:
    managing_row()
    account = account_row(environment="production", proof=State.VERIFIED)
    with editing(account, olga):
        ManagedAccount.objects.update(write_roles=["sre"])
    run = run_row(account=account, created_by=None, version=2)
    run.refresh_from_db()

    with pytest.raises(SamePerson, match="olga edited the account"):
        approve(run, olga, send=keep)


def test_the_wizard_keeps_who_edited(olga) -> None:
    managing_row()
    account = account_row(environment="production", proof=State.VERIFIED)

    signed_in(olga).post(
        url(account, "identity"),
        {"name": "staging", "account_id": "922222222222", "regions": "us-east-1"},
    )

    assert list(ManagedAccount.objects.get().authors.all()) == [olga]


def test_who_described_a_new_account_may_not_approve_it(olga, production) -> None:
    Run.objects.update(created_by=None)
    ManagedAccount.objects.get().authors.add(olga)

    with pytest.raises(SamePerson, match="olga edited the account"):
        approve(Run.objects.get(), olga, send=keep)


def test_plans_that_are_the_same_are_no_way_around_it(olga, production) -> None:
    decided = approve_same(SAME, [str(production.pk)], olga, send=keep)

    assert decided.approved == 0
    assert Run.objects.get().status == Status.PLANNED


def test_nobody_is_no_second_person(production) -> None:
    with pytest.raises(SamePerson, match="named with --by"):
        approve(production, None, send=keep)


def test_who_planned_may_not_accept_what_was_only_evaluated(olga) -> None:
    managing_row()
    account = account_row(
        environment="production", state=State.EVALUATED, proof=State.EVALUATED
    )
    run_row(Status.EVALUATED, account=account, created_by=olga)
    answer = signed_in(olga).post(f"/accounts/{account.pk}/accept/")

    assert "Another person must approve" in told(answer)
    assert ManagedAccount.objects.get().accepted_at is None
    assert accept(account, person("approver"))


def test_the_name_decides_until_an_administrator_does(olga, production) -> None:
    account_row("dev", account_id="933333333333", environment="dev")
    found = {policy.environment: policy.four_eyes for policy in policies()}

    choose("production", four_eyes=False)

    assert found == {"": False, "dev": False, "production": True}
    assert approve(production, olga, send=keep)


def test_only_an_administrator_turns_it_off(olga, production) -> None:
    off = {"environment": "production", "four_eyes": "off"}
    address = "/settings/four-eyes/"

    assert signed_in(olga).post(address, off).status_code == 403
    assert [p.four_eyes for p in policies() if p.environment] == [True]

    signed_in(person("administrator")).post(address, {**off, "environment": "else"})
    assert [p.four_eyes for p in policies() if p.environment] == [True]

    ada = signed_in(User.objects.get(username="administrator"))
    ada.post(address, off)
    assert [p.four_eyes for p in policies() if p.environment] == [False]
    assert "an administrator decided" in " ".join(
        ada.get("/settings/").content.decode().split()
    )


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
