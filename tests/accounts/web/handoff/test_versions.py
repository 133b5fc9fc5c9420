"""The hand-off page shows what the next version changes of what the owner has."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import (
    Activity,
    EnabledProvider,
    ManagedAccount,
    Run,
)
from accounts.models.states import State, Status
from accounts.runs.owners.hand_offs import unseen
from accounts.web.handoff.views import changed_parts, references_as_text
from onboarding.topology import READER_ROLE, MadeBy
from tests.rows import account_row, hand_off_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

BOWLINE = "arn:aws:iam::911111111111:user/bowline"


def owned(**fields: Any) -> ManagedAccount:
    managing_row(verification=State.VERIFIED, bowline_principal=BOWLINE)
    plain = {"made_by": MadeBy.OWNER.value, "granted_at": timezone.now()}
    return account_row(**{**plain, **fields})


def has_version_one(**fields: Any) -> ManagedAccount:
    """Describe an account whose owner has version 1, and what comes next."""
    account = owned(**fields)
    hand_off_row(account, found_at=timezone.now())
    EnabledProvider.objects.create(
        account=account, key="lambda", details={}, has_details=True
    )
    return ManagedAccount.objects.get()


def read(client: Client, account: ManagedAccount, role: str = "operator") -> str:
    client.force_login(person(role))
    return client.get(reverse("accounts:hand-off", args=[account.pk])).content.decode()


def waiting(account: ManagedAccount) -> Run:
    return run_row(Status.HANDED_OFF, account=account, handed_off_at=timezone.now())


def test_the_version_that_the_owner_has_is_not_compared(client: Client) -> None:
    account = owned()
    hand_off_row(account, found_at=timezone.now(), by_name="olga")

    text = read(client, account)

    assert "<b>Version 1</b> handed off" in text
    assert "by olga. Found in AWS" in text
    assert "is listed below" not in text
    assert "replaces version" not in text


def test_before_the_plan_is_approved_it_shows_what_comes(client: Client) -> None:
    text = read(client, has_version_one())

    assert "The owner has version 1" in text
    assert "The changes in version 2 are listed below" in text
    assert "This version isn't handed off yet. Plan" in text
    assert "replaces version 1" not in text
    assert "AWS::IAM::ManagedPolicy" in text
    assert "Mark as updated" not in text


def test_an_update_that_nothing_shows_needs_somebodys_word(client: Client) -> None:
    account = has_version_one()
    hand_off_row(account)
    run = waiting(account)

    text = read(client, account)

    assert "The changes in version 2 are listed below" in text
    assert "--no-execute-changeset" in text
    assert "Version 2 of the roles for Spinnaker in the AWS account staging" in text
    assert "replaces version 1, which you deployed" in text
    assert "Allows 5 actions of lambda on arn:aws:lambda:*:${AWS::AccountId}" in text
    assert "Mark as updated by the owner" in text
    done = client.post(reverse("accounts:run-updated", args=[run.pk]))
    assert done["Location"] == reverse("accounts:hand-off", args=[account.pk])
    assert Activity.objects.filter(what=Activity.What.UPDATED).count() == 1
    again = client.get(done["Location"]).content.decode()
    assert "Not testable. operator reported" in again
    assert "Mark as updated" not in again
    described = f"{account.get_absolute_url()}?tab=settings"
    page = client.get(described).content.decode()
    assert "version 2, as reported by the owner" in page
    client.post(reverse("accounts:run-updated", args=[run.pk]))
    assert Activity.objects.filter(what=Activity.What.UPDATED).count() == 1


def test_with_a_reader_role_nobody_is_asked(client: Client) -> None:
    account = has_version_one(reader_role=READER_ROLE)
    hand_off_row(account)
    waiting(account)

    text = read(client, account)

    assert "The changes in version 2 are listed below" in text
    assert "Mark as updated" not in text
    described = f"{account.get_absolute_url()}?tab=settings"
    page = client.get(described).content.decode()
    assert "version 2 isn't deployed yet" in page


def test_a_reader_role_that_aws_refuses_needs_somebodys_word(client: Client) -> None:
    account = has_version_one(reader_role=READER_ROLE)
    hand_off_row(account)
    run = waiting(account)
    Run.objects.update(waiting=unseen(run))

    assert "Mark as updated" in read(client, account)


def test_what_aws_refused_since_needs_nobodys_word(client: Client) -> None:
    account = has_version_one()
    hand_off_row(account)
    waiting(account)
    Run.objects.update(refused=2)

    assert "Mark as updated" not in read(client, account)


def test_each_version_can_be_downloaded_as_it_was(operator) -> None:
    account = owned()
    other = account_row("other", account_id="1" * 12)
    hand_off_row(other)
    given = hand_off_row(account)
    hand_off_row(account, removed_at=timezone.now())

    answer = operator.get(
        reverse("accounts:hand-off-version", args=[account.pk, given.number])
    )

    assert answer.content.decode() == given.text.text
    page = operator.get(reverse("accounts:hand-off", args=[account.pk]))
    assert page.content.decode().count("<b>Version ") == 1
    missing = reverse("accounts:hand-off-version", args=[account.pk, 9])
    assert operator.get(missing).status_code == 404


BEFORE = """\
Description: one
Parameters: {ExternalId: {Type: String, Default: e-1}}
Resources:
  Stays: {Type: A, Properties: {Name: x}}
  Goes: {Type: B, Properties: {Name: y}}
---
Description: two
Resources:
  Stays: {Type: A, Properties: {Name: x}}
"""


def test_each_resource_that_differs_is_named_once() -> None:
    after = BEFORE.replace("e-1", "e-2").replace("Goes", "Comes")
    after = after.replace("{Name: x}", "{Name: z}", 1)

    found = [(one.verb, one.kind, one.name) for one in changed_parts(BEFORE, after)]

    assert found == [
        ("update", "String", "ExternalId"),
        ("update", "A", "Stays"),
        ("create", "B", "Comes"),
        ("delete", "B", "Goes"),
    ]
    assert list(changed_parts(BEFORE, BEFORE)) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"Fn::Sub": "${A}-x"}, "${A}-x"),
        ({"Fn::Sub": ["${A}-x", {"A": "b"}]}, {"Fn::Sub": ["${A}-x", {"A": "b"}]}),
        ([{"Ref": "A"}], ["${A}"]),
        ({"Ref": "A", "B": 1}, {"Ref": "A", "B": 1}),
        ({"Fn::Sub": "A", "B": 1}, {"Fn::Sub": "A", "B": 1}),
    ],
)
def test_only_a_reference_is_written_as_text(value: Any, said: Any) -> None:
    assert references_as_text(value) == said
