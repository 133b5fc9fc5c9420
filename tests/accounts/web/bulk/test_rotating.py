"""External IDs of many accounts are rotated, and rotations finished, as rollouts."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.external_ids import rotate
from accounts.mapping.entries import keep_verified
from accounts.models import Activity, Bundle, ManagedAccount, Rollout
from accounts.models.states import State, Status
from accounts.spinnaker.bundles import build, install, new_bundle
from tests.accounts.web.answers import again, messages_of
from tests.rows import account_row, approve_entries, run_row


@pytest.fixture
def accounts(managing) -> list[ManagedAccount]:
    return [
        account_row(
            f"team-{number}",
            account_id=f"{number:012}",
            granted_at=timezone.now(),
            state=State.VERIFIED,
            verification=State.VERIFIED,
        )
        for number in (1, 2, 3)
    ]


def send(client: Client, accounts: list[ManagedAccount], apply: str = "") -> Any:
    sent = {"account": [account.pk for account in accounts], "apply": apply}
    return client.post("/accounts/rotate/", sent)


def delivered(accounts: list[ManagedAccount]) -> None:
    """Rotate each; prove the new one and install a bundle with it."""
    for account in accounts:
        rotate(account, None)
        approve_entries(account)
        keep_verified(account, State.VERIFIED)
    bundle = new_bundle(None)
    build(bundle)
    install(Bundle.objects.get(pk=bundle.pk), None)


def names(rollout: Rollout) -> list[str]:
    runs = rollout.runs.exclude(account=None).order_by("account_name")
    return list(runs.values_list("account_name", flat=True))


def test_first_it_shows_which_step_each_can_take(operator, accounts) -> None:
    delivered(accounts[:1])
    draft = account_row("draft", account_id="000000000009")
    run_row(Status.APPLYING, account=accounts[2])
    before = {one.pk: one.external_id for one in ManagedAccount.objects.all()}

    page = send(operator, [*accounts, draft]).content.decode()

    assert "1 can be rotated" in page
    assert "1 can be finished" in page
    assert "2 can't be rotated now" in page
    assert "A run is in progress, or the account is part of a rollout." in page
    assert "Bowline hasn&#x27;t created anything in draft yet" in page
    assert {o.pk: o.external_id for o in ManagedAccount.objects.all()} == before


def test_where_none_can_be_rotated_the_page_says_so_and_leads_back(
    operator, accounts
) -> None:
    draft = account_row("draft", account_id="000000000009")
    says = "None of the selected accounts can be rotated or finished"

    page = send(operator, [draft]).content.decode()

    assert says in page
    assert 'href="/accounts/">Back to the accounts</a>' in page
    assert says not in send(operator, [draft, *accounts]).content.decode()


def test_many_begin_as_one_rollout(operator, accounts) -> None:
    before = {account.pk: account.external_id for account in accounts}

    response = send(operator, accounts, "begin")

    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert rollout.kind == Rollout.Kind.ONBOARD
    assert names(rollout) == ["team-1", "team-2", "team-3"]
    for account in map(again, accounts):
        assert account.former_external_id == str(before[account.pk])
        assert account.external_id != before[account.pk]
        assert account.runs.get().version == account.version
    assert "Created a new external ID for 3 accounts." in messages_of(response)
    assert Activity.objects.filter(what=Activity.What.ROTATE).count() == 3


def test_many_are_finished_as_one_rollout(operator, accounts) -> None:
    delivered(accounts)

    response = send(operator, accounts, "finish")

    rollout = Rollout.objects.get()
    assert response.url == rollout.get_absolute_url()
    assert names(rollout) == ["team-1", "team-2", "team-3"]
    assert not ManagedAccount.objects.exclude(former_external_id="").exists()
    assert "Finished the rotation of 3 accounts." in messages_of(response)


def test_one_of_a_rollout_is_not_rotated(operator, accounts) -> None:
    send(operator, accounts, "begin")
    ids = {one.pk: one.external_id for one in ManagedAccount.objects.all()}

    response = send(operator, accounts, "begin")

    assert "No external ID was changed." in messages_of(response)
    assert {o.pk: o.external_id for o in ManagedAccount.objects.all()} == ids
    assert Rollout.objects.count() == 1


def test_bundles_are_read_once_for_all(operator, accounts) -> None:
    delivered(accounts)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        send(operator, accounts)

    archives = [q for q in asked if '"accounts_bundle"."archive"' in q["sql"]]
    assert 1 <= len(archives) <= 2


def test_one_alone_is_a_run(operator, accounts) -> None:
    response = send(operator, accounts[:1], "begin")

    assert response.url == "/runs/"
    assert again(accounts[0]).runs.get().rollout is None
