"""The pages of policies of others: what is found, asked and accepted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import ForeignPolicy, ManagedAccount
from accounts.models.checks import WRITES, today
from tests.accounts.runs.foreign.rows import foreign_row
from tests.accounts.web.answers import messages_of
from tests.rows import account_row, person


@pytest.fixture
def policy(managing) -> ForeignPolicy:
    return foreign_row(account_row("accountdev", environment="dev"))


def as_one(role: str) -> Client:
    client = Client()
    client.force_login(person(role))
    return client


def text(client, url: str) -> str:
    return " ".join(client.get(url).content.decode().split())


def test_the_account_the_list_and_its_page_say_what_it_does(viewer, policy) -> None:
    managing = foreign_row(None, policy="Theirs", digest="e" * 64)

    for url in (
        f"{policy.account.get_absolute_url()}?tab=of-others",
        policy.get_absolute_url(),
        "/foreign-policies/",
    ):
        page = text(viewer, url)
        assert "not approved" in page
        assert "AdministratorAccess" in page
        assert "Allows every action on every resource." in page
    assert "Theirs on role spinnakerManaged" in text(viewer, "/managing/")
    assert "the managing account" in text(viewer, managing.get_absolute_url())


def test_the_list_and_its_pages_are_below_the_accounts(viewer, policy) -> None:
    for url in ("/foreign-policies/", policy.get_absolute_url()):
        shown = viewer.get(url).context

        assert shown["crumbs"][0] == ("Accounts", "/accounts/")
        assert shown["section"] == "accounts"


def test_without_one_there_is_no_section(viewer, managing) -> None:
    account = account_row()

    assert "Policies of others" not in text(viewer, account.get_absolute_url())
    assert "None found" in text(viewer, "/foreign-policies/")


def test_it_is_asked_and_accepted_on_its_page(policy) -> None:
    operator, approver = (as_one("operator"), as_one("approver"))
    url = policy.get_absolute_url()
    until = today() + timedelta(days=30)

    asked = operator.post(f"{url}ask/", {"reason": "Agents.", "until": f"{until}"})
    read = ForeignPolicy.objects.get().asked_digest
    page = text(approver, url)
    accepted = approver.post(f"{url}accept/", {"read": read})

    assert (asked.url, accepted.url) == (url, url)
    assert f"operator asks to accept it until {until:%-d %B %Y}: Agents." in page
    assert f'value="{read}"' in page
    assert ForeignPolicy.objects.get().state == "accepted"
    assert "approver accepted it" in text(approver, url)
    assert "operator asked for it: Agents." in text(approver, url)

    operator.post(f"{url}end/")
    assert ForeignPolicy.objects.get().state == "not approved"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"reason": "", "until": f"{today()}"}, "This field is required"),
        ({"reason": "Agents.", "until": "2020-01-01"}, "Choose a day from today until"),
        ({"reason": "Agents.", "until": "soon"}, "Enter a valid date"),
    ],
)
def test_what_is_missing_is_told_and_what_was_written_stays(
    operator, policy, said: dict[str, str], why: str
) -> None:
    page = operator.post(f"{policy.get_absolute_url()}ask/", said).content.decode()

    assert why in page
    assert said["reason"] in page
    assert ForeignPolicy.objects.get().state == "not approved"


def test_what_changed_since_it_was_read_is_not_accepted(policy) -> None:
    operator, approver = (as_one("operator"), as_one("approver"))
    url = policy.get_absolute_url()
    operator.post(f"{url}ask/", {"reason": "Agents.", "until": f"{today()}"})

    answer = approver.post(f"{url}accept/", {"read": "of before"})

    assert "has changed. Review it again." in messages_of(answer)
    assert ForeignPolicy.objects.get().state == "asked for"


def test_unknown_writes_are_said_to_be_no_policy(viewer, policy) -> None:
    said = ["Deploy: 1 write. Unknown: ec2:RunInstances."]
    writes = {"kind": WRITES, "policy": "1 write unknown", "removable": False}
    row = foreign_row(policy.account, digest="e" * 64, effects=said, **writes)
    ManagedAccount.objects.update(
        state="verified", verification="verified", unknown_writes=1
    )

    page = text(viewer, row.get_absolute_url())
    account = text(viewer, policy.account.get_absolute_url())

    assert "can make these changes is unknown." in page
    assert said[0] in page
    assert "Remove it" not in page
    assert "An approver must accept 1 unknown write." in account
