"""A row that cannot be read is named, and nothing goes on with it."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.mapping.snapshots import managing_snapshot
from accounts.models import Bundle, EnabledProvider, ManagedAccount, ManagingAccount
from accounts.models.readable import Unreadable, storable
from tests.bundles import with_every_provider
from tests.rows import account_row, bundle_row, managing_row, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("write_roles", {}),
        ("read_roles", "everybody"),
        ("carried", {"aws": ["edda"]}),
        ("regions", [1]),
        ("also_as", [{"name": "other", "regions": "x"}]),
        ("state", "ready"),
        ("verification", "sworn"),
        ("applied", ["x"]),
    ],
)
def test_an_account_is_not_loaded_with_what_nothing_can_read(
    column: str, value: Any
) -> None:
    account = account_row()
    ManagedAccount.objects.update(**{column: value})

    with pytest.raises(Unreadable) as refused:
        ManagedAccount.objects.get()

    assert f"The column {column} of the managed account {account.pk} contains" in str(
        refused.value
    )


def test_what_is_not_loaded_is_not_checked() -> None:
    account = account_row()
    ManagedAccount.objects.update(regions="everywhere")

    assert ManagedAccount.objects.defer("regions").get() == account


def test_an_unknown_provider_is_not_loaded() -> None:
    account_row()
    EnabledProvider.objects.update(key="gce")

    with pytest.raises(Unreadable, match="key of the enabled provider"):
        EnabledProvider.objects.get()


def test_a_managing_account_is_not_loaded_with_snapshots_of_other_columns() -> None:
    managing = managing_row()
    ManagingAccount.objects.update(applied=[managing_snapshot(managing)])
    assert ManagingAccount.objects.get().applied
    ManagingAccount.objects.update(applied=[{"unheard_of": 1}])

    with pytest.raises(Unreadable, match="The column applied of the managing account"):
        ManagingAccount.objects.get()


@pytest.mark.parametrize(
    "counts",
    [
        {},
        {"accounts": 1},
        {"accounts": 1, "ec2": 1, "ecs": 0, "functions": None},
        {"accounts": 1, "ec2": 1, "ecs": 0, "functions": 0, "other": 1},
    ],
)
def test_a_bundle_is_not_loaded_with_other_counts(counts: dict[str, Any]) -> None:
    bundle_row(with_every_provider())
    known = {"accounts": 1, "ec2": 1, "ecs": 0, "functions": 0}
    Bundle.objects.update(load=known)
    assert Bundle.objects.get().load == known
    Bundle.objects.update(load=counts)

    with pytest.raises(Unreadable, match="The column load of the bundle"):
        Bundle.objects.get()


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("ñ 🚀", "ñ 🚀"),
        ("a\0b", "a\N{REPLACEMENT CHARACTER}b"),
        ("a\ud800", "a?"),
        ("abcdef", "abcd"),
    ],
)
def test_text_is_stored_as_every_database_takes_it(text: str, stored: str) -> None:
    assert storable(text, 4) == stored


def test_a_page_says_what_cannot_be_read(client, managing) -> None:
    account = account_row()
    ManagedAccount.objects.update(read_roles="<everybody>")
    client.force_login(person("viewer"))

    answer = client.get(account.get_absolute_url())

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Bowline can't read a stored value" in page
    assert "The column read_roles of the managed account" in page
    assert "&lt;everybody&gt;" in page
