"""The page for an organization's administrator, its zip, and “Look now” for all."""

from __future__ import annotations

import io
import zipfile
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.mapping.handing_off import hand_off_of
from accounts.models import (
    Activity,
    HandOff,
    HandOffText,
    ManagedAccount,
    ManagingAccount,
    Run,
)
from accounts.models.states import State, Status
from onboarding.topology import READER_ROLE, MadeBy
from tests.rows import account_row, hand_off_row, managing_row, person, run_row

pytestmark = pytest.mark.django_db

BOWLINE = "arn:aws:iam::911111111111:user/bowline"
PAGE = "accounts:organization-hand-off"


@pytest.fixture(autouse=True)
def managing() -> ManagingAccount:
    return managing_row(verification=State.VERIFIED, bowline_principal=BOWLINE)


def of_organization(number: int, **fields: Any) -> ManagedAccount:
    plain = {
        "account_id": f"{number:012}",
        "made_by": MadeBy.ORGANIZATION.value,
        "reader_role": READER_ROLE,
        "external_id_prefix": ManagingAccount.objects.get().external_id_prefix,
    }
    return account_row(f"team-{number}", **{**plain, **fields})


def handed_off(number: int, **fields: Any) -> ManagedAccount:
    account = of_organization(number, **{"state": State.HANDED_OFF, **fields})
    hand_off_row(account)
    return account


def read(client: Client, role: str = "operator") -> str:
    client.force_login(person(role))
    page = client.get(reverse(PAGE))
    assert page.status_code == 200
    return page.content.decode()


def names() -> list[str]:
    return sorted(set(HandOff.objects.values_list("stack_name", flat=True)))


def test_accounts_with_the_same_choices_have_one_stack_set(client: Client) -> None:
    handed_off(1, state=State.VERIFIED, verification=State.VERIFIED)
    handed_off(2)
    handed_off(3, providers={"lambda": {}})
    of_organization(4)

    text = read(client)

    assert len(names()) == 2
    for name in names():
        assert f'StackSet <span class="mono">{name}</span>' in text
    assert "2 accounts: 1 verified, 1 waiting" in text
    assert "1 account of the list below" in text
    assert "No StackSet covers the organization&#x27;s management account" in text
    prefix = ManagingAccount.objects.get().external_id_prefix
    assert (
        f'"ParameterKey": "ExternalIdPrefix", "ParameterValue": "{prefix}"'
        in unescape(text)
    )
    assert "Send this to the administrator" in text
    assert "not planned yet" in text


def test_the_zip_names_the_accounts_of_each_stack_set(operator) -> None:
    handed_off(2)
    handed_off(1)
    of_organization(4)

    answer = operator.get(reverse("accounts:organization-hand-off-archive"))

    (name,) = names()
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    listed = archive.read(f"{name}/accounts.txt").decode().split()
    assert listed == [f"{1:012}", f"{2:012}"]
    template = HandOffText.objects.get().text
    assert archive.read(f"{name}/{name}.yml").decode() == template
    assert Activity.objects.get(what=Activity.What.DOWNLOAD).detail["stack_sets"] == {
        name: HandOffText.objects.get().digest
    }


def test_before_anything_is_handed_off_there_is_nothing_to_send(
    client: Client,
) -> None:
    of_organization(1)

    text = read(client)

    assert "Nothing is handed off yet" in text
    assert "Send this to" not in text
    archive = client.get(reverse("accounts:organization-hand-off-archive"))
    assert archive.status_code == 404


def test_each_account_has_its_newest_version(client: Client) -> None:
    account = handed_off(1)
    hand_off_row(account)

    assert "version 2" in read(client)


def test_an_account_with_the_same_choices_joins_the_stack_set(client: Client) -> None:
    first = handed_off(1)
    HandOff.objects.update(stack_name="bowline-as-it-was-called")
    managing = ManagingAccount.objects.get()

    joins = hand_off_of(managing, of_organization(2))
    other = hand_off_of(managing, of_organization(3, providers={"lambda": {}}))

    assert joins.stack_name == "bowline-as-it-was-called"
    assert other.stack_name != joins.stack_name
    HandOff.objects.filter(account=first).update(removed_at=timezone.now())
    again = hand_off_of(managing, of_organization(5))
    assert again.stack_name != "bowline-as-it-was-called"


def test_different_templates_in_one_stack_set_are_named(client: Client) -> None:
    handed_off(1)
    handed_off(2, providers={"lambda": {}})
    HandOff.objects.update(stack_name="bowline-one")

    assert "2 different templates" in read(client)


def test_what_was_edited_since_is_not_to_be_sent(client: Client) -> None:
    handed_off(1)
    ManagingAccount.objects.update(base_role="AnotherBase")

    assert "The settings were edited after the hand-off" in read(client)


def test_look_now_is_for_all_that_wait(
    operator,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    sent: list[str] = []
    monkeypatch.setattr("accounts.work.queue.sent", sent.append)
    long_ago = timezone.now() - timedelta(days=40)
    waiting = [
        run_row(
            Status.HANDED_OFF,
            account=handed_off(number),
            handed_off_at=long_ago,
            awaited_from=long_ago,
        )
        for number in (1, 2)
    ]
    owned = account_row(made_by=MadeBy.OWNER.value)
    other = run_row(Status.HANDED_OFF, account=owned)

    with django_capture_on_commit_callbacks(execute=True):
        answer = operator.post(reverse("accounts:organization-hand-off-look"))

    assert answer["Location"] == reverse(PAGE)
    assert sent == ["accounts.tasks.look_at_owners"]
    assert "Bowline checks now" in operator.get(reverse(PAGE)).content.decode()
    assert Run.objects.get(pk=other.pk).look_at is None
    for run in Run.objects.filter(pk__in=[run.pk for run in waiting]):
        assert run.look_at
        assert run.awaited_from
        assert run.awaited_from > long_ago


def test_where_nothing_waits_nobody_looks(operator) -> None:
    handed_off(1)

    operator.post(reverse("accounts:organization-hand-off-look"))

    assert "Bowline checks now" not in operator.get(reverse(PAGE)).content.decode()


def test_it_costs_the_same_for_many_accounts(
    operator, django_assert_max_num_queries: Any
) -> None:
    for number in range(1, 30):
        handed_off(number)

    with django_assert_max_num_queries(22):
        page = operator.get(reverse(PAGE))

    assert page.content.decode().count("team-") > 20
