"""The page for the owner of the managing account."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import ManagingAccount, Run
from accounts.models.states import State, Status
from tests.accounts.web.handoff.test_views import read
from tests.rows import account_row, hand_off_row, managing_row, run_row

pytestmark = pytest.mark.django_db

BOWLINE = "arn:aws:iam::911111111111:user/bowline"


def owned_row(**fields: Any) -> ManagingAccount:
    plain = {"made_by": "owner", "bowline_principal": BOWLINE}
    return managing_row(**{**plain, **fields})


def test_it_speaks_of_the_identity_and_lists_each_account(client: Client) -> None:
    row = owned_row()
    account_row(granted_at=timezone.now())

    text = read(client, row)

    assert "Spinnaker runs with an identity in the AWS account" in text
    assert "aws cloudformation deploy" in text
    assert "SpinnakerAuthRole" in text
    assert "arn:aws:iam::922222222222:role/spinnakerManaged" in text
    assert "BowlineReader" in text
    assert "Printable list of permissions" not in text
    assert "Managed account" not in text


def test_before_a_plan_found_bowline_nothing_can_be_handed_off(client: Client) -> None:
    text = read(client, owned_row(bowline_principal=""))

    assert "You can't hand off the roles yet" in text
    assert f'href="{reverse("accounts:managing")}">Go to the managing account' in text


def test_while_it_waits_it_says_so_and_looks_on_request(client: Client) -> None:
    row = owned_row(state=State.HANDED_OFF)
    hand_off_row(row)
    run_row(
        Status.HANDED_OFF,
        kind=Run.Kind.MANAGING,
        account=None,
        handed_off_at=timezone.now(),
    )

    text = read(client, row)

    assert "Waiting since" in text
    assert "Check now" in text
    assert 'class="btn btn-primary"' in text


def test_accounts_that_wait_for_the_list_are_counted(client: Client) -> None:
    row = owned_row(state=State.VERIFIED, verification=State.VERIFIED)
    account = account_row(granted_at=timezone.now())
    hand_off_row(row)
    for _ in range(2):
        hand_off_row(account)
    run_row(Status.HANDED_OFF, account=account, handed_off_at=timezone.now())

    assert "1 account waits for this version" in read(client, row)


@pytest.mark.parametrize(
    "fields",
    [
        {"alone": True},
        {"status": Status.VERIFIED},
        {"kind": Run.Kind.REMOVE},
    ],
    ids=["its own", "no longer", "to be removed"],
)
def test_what_does_not_wait_for_the_list_is_not_counted(
    client: Client, fields: dict[str, Any]
) -> None:
    row = owned_row(state=State.VERIFIED, verification=State.VERIFIED)
    account = account_row(granted_at=timezone.now())
    hand_off_row(row)
    run_row(**{"status": Status.HANDED_OFF, "account": account, **fields})

    assert "for this version" not in read(client, row)


def test_an_earlier_version_leads_to_the_next_plan(client: Client) -> None:
    row = owned_row(
        state=State.VERIFIED, verification=State.VERIFIED, applied=[{"name": "x"}]
    )
    hand_off_row(row)
    account = account_row(granted_at=timezone.now())
    run_row(Status.HANDED_OFF, account=account, handed_off_at=timezone.now())

    text = read(client, row)

    assert "The owner has an earlier version" in text
    assert f"{reverse('accounts:managing')}#changes" in text


def test_the_zip_has_everything(operator) -> None:
    row = owned_row()

    answer = operator.get(reverse("accounts:hand-off-archive", args=[row.pk]))

    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"README.md", f"bowline-managing-{row.name}.yml", "create.sh"} <= {*names}


def test_one_that_bowline_makes_has_no_such_page(operator) -> None:
    row = owned_row(made_by="bowline")

    assert operator.get(reverse("accounts:hand-off", args=[row.pk])).status_code == 404


def test_the_managing_account_leads_to_it(operator) -> None:
    row = owned_row(state=State.HANDED_OFF)

    text = operator.get(reverse("accounts:managing")).content.decode()

    assert text.count(reverse("accounts:hand-off", args=[row.pk])) == 2
    assert "Roles created by" in text


def test_a_plan_and_a_run_that_waits_name_the_managing_accounts_owner(
    operator,
) -> None:
    row = owned_row(state=State.VERIFIED, verification=State.VERIFIED)
    planned = run_row(Status.PLANNED, account=account_row())

    plan = operator.get(planned.get_absolute_url()).content.decode()

    assert f"The owner of {row.name} creates the resources listed" in plan
    Run.objects.update(status=Status.HANDED_OFF, handed_off_at=timezone.now())
    waits = operator.get(planned.get_absolute_url()).content.decode()
    assert "Waiting for the owner of the managing account" in waits
    assert reverse("accounts:hand-off", args=[row.pk]) in waits
    account = operator.get(planned.account.get_absolute_url()).content.decode()
    assert reverse("accounts:hand-off", args=[planned.account.pk]) not in account
