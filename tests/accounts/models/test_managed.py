"""Rows of accounts: what they may hold, and what cannot be read is named."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import JSONField, Value
from django.utils import timezone

from accounts.lists.overview import counts_by_environment
from accounts.mapping.snapshots import managing_snapshot
from accounts.mapping.spinnaker import in_use
from accounts.models import (
    Bundle,
    EnabledProvider,
    ManagedAccount,
    ManagingAccount,
    Run,
    SpinnakerName,
)
from accounts.models.account import Unreadable, storable
from accounts.models.states import State
from accounts.spinnaker.deliveries.planning import environments
from accounts.web.search.views import matching_accounts
from tests.bundles import with_every_provider
from tests.rows import account_row, bundle_row, explained, managing_row, person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("stands_on", "older"), [(0, False), (1, True), (6, True), (7, False), (8, False)]
)
def test_only_what_stands_can_have_older_policies(monkeypatch, stands_on, older):
    monkeypatch.setattr("accounts.models.account.POLICY_SET", 7)

    assert ManagedAccount(policy_set=stands_on).has_older_policies is older


def test_two_names_never_differ_only_in_case():
    account_row("Prod")

    with pytest.raises(IntegrityError), transaction.atomic():
        account_row("prod", account_id="933333333333")
    SpinnakerName.objects.create(name="a", account=ManagedAccount.objects.get())
    with pytest.raises(IntegrityError), transaction.atomic():
        SpinnakerName.objects.create(name="A", account=ManagedAccount.objects.get())


POD = {
    "identity_kind": "pod_role",
    "pod_cluster": "tools",
    "pod_region": "eu-west-1",
    "pod_namespace": "spinnaker",
    "pod_service_account": "clouddriver",
    "pod_issuer": "oidc.example.com/id/TOOLS",
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account_id", "933333333333"),
        ("pod_cluster", "other"),
        ("pod_region", "us-east-1"),
    ],
)
def test_another_cluster_does_not_keep_the_issuer_of_the_first(field, value):
    row = managing_row(**POD)

    setattr(row, field, value)
    row.full_clean()

    assert row.pod_issuer == ""


def test_the_issuer_of_the_same_cluster_is_kept():
    row = managing_row(**POD)

    row.pod_service_account = "spinnaker"
    row.full_clean()

    assert row.pod_issuer == "oidc.example.com/id/TOOLS"


@pytest.mark.parametrize(
    ("verification", "accepted", "ready"),
    [
        ("", False, False),
        ("", True, False),
        (State.EVALUATED, False, False),
        (State.EVALUATED, True, True),
        (State.VERIFIED, False, True),
    ],
)
def test_a_bundle_may_hold_what_is_verified_or_accepted(verification, accepted, ready):
    account_row(
        verification=verification, accepted_at=timezone.now() if accepted else None
    )

    assert ManagedAccount.objects.ready().exists() is ready


@pytest.mark.parametrize(
    ("fields", "is_refused"), [({}, False), ({"granted_at": timezone.now()}, True)]
)
def test_an_account_that_exists_in_aws_stays_the_same_account(fields, is_refused):
    account = account_row(**fields)
    account.account_id = "933333333333"

    try:
        account.full_clean()
    except ValidationError as error:
        refusal = error.message_dict["account_id"]
    else:
        refusal = []

    assert bool(refusal) is is_refused


def test_the_database_finds_what_bundles_hold_without_reading_the_rows():
    ready = ManagedAccount.objects.ready()

    held = ready.order_by("name").values("name", "id", "entries_digest")
    whole = ""
    if connection.vendor == "postgresql":
        whole = "Index Only Scan using "
        with connection.cursor() as cursor:  # for a few rows, either is as cheap
            cursor.execute("SET LOCAL enable_bitmapscan = off")

    assert f"{whole}managed_ready" in explained(held)


def test_a_bundle_holds_nothing_that_is_being_removed():
    account_row(verification=State.VERIFIED)

    ManagedAccount.objects.all().withdraw()

    assert not ManagedAccount.objects.ready().exists()


@pytest.mark.parametrize(
    ("state", "then"),
    [
        (State.VERIFIED, State.OUTDATED),
        (State.EVALUATED, State.OUTDATED),
        (State.PLANNED, State.PLANNED),
        (State.APPLYING, State.APPLYING),
        (State.FAILED, State.FAILED),
    ],
)
def test_what_is_withdrawn_is_proved_no_longer(state, then):
    row = account_row(
        state=state, verification=State.VERIFIED, granted_at=timezone.now()
    )
    before = row.is_assumable

    ManagedAccount.objects.all().withdraw()

    row.refresh_from_db()
    assert (before, row.is_assumable) == (True, False)
    assert (row.state, row.verification) == (then, "")


def test_what_is_withdrawn_says_so_unless_a_run_is_about_to_change_it():
    row = account_row(state=State.VERIFIED, verification=State.VERIFIED)
    ManagedAccount.objects.all().withdraw()

    said = {}
    for state in State:
        row.state, row.withdrawn = state, True
        said[state] = "can no longer assume them" in str(row.standing.sentences)

    assert {state for state, says in said.items() if not says} == {
        State.PLANNED,
        State.APPLYING,
    }


def managing_account(**fields):
    return ManagingAccount(name="core", account_id="911111111111", **fields)


def test_roles_of_different_names_pass():
    assert managing_account().full_clean() is None


@pytest.mark.parametrize(
    "fields",
    [
        {"base_role": "spinnakerManaged"},
        {"identity_name": "BaseIAMRole"},
        {
            "identity_kind": "existing",
            "identity_arn": "arn:aws:iam::911111111111:role/spinnakerManaged",
        },
    ],
)
def test_roles_that_share_a_name_are_refused(fields):
    with pytest.raises(ValidationError, match="Give each role a name of its own"):
        managing_account(**fields).full_clean()


@pytest.mark.parametrize(
    "change", [{"account_id": "933333333333"}, {"partition": "aws-us-gov"}]
)
def test_it_stays_the_same_account_while_others_are_managed_from_it(change):
    row = managing_row()
    account = account_row()
    for name, value in change.items():
        setattr(row, name, value)

    assert row.full_clean() is None
    account.granted_at = timezone.now()
    account.save(update_fields=["granted_at"])
    with pytest.raises(ValidationError, match="Remove those accounts from AWS first"):
        row.full_clean()


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


@pytest.mark.parametrize(
    ("column", "value", "read"),
    [
        ("state", "unheard-of", counts_by_environment),
        ("verified", [1, None], lambda: environments(["staging"])),
        ("approved_entries", None, lambda: in_use(every_account())),
        ("approved_entries", [{"a": 1}], lambda: in_use(every_account())),
    ],
)
def test_what_reads_many_rows_names_the_one_that_it_cannot_read(
    column: str, value: Any, read: Callable[[], object]
) -> None:
    account_row(state=State.VERIFIED, verification=State.VERIFIED)
    stored = value if column == "state" else Value(value, JSONField())
    ManagedAccount.objects.update(**{column: stored})

    with pytest.raises(Unreadable, match=f"The column {column} of the managed"):
        read()


def every_account() -> list[UUID]:
    return [*ManagedAccount.objects.values_list("pk", flat=True)]


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


MAY = "2026-05-01T00:00:00+00:00"

READS = Run.READS["evidence"]

GOOD = {"role": "r", "unread": "", "missing": [{"action": "a:B", "at": MAY}], "more": 0}


@pytest.mark.parametrize(
    ("value", "reads"),
    [
        ([], True),
        ([GOOD], True),
        ({}, False),
        ([{}], False),
        ([{**GOOD, "role": 1}], False),
        ([{**GOOD, "more": "1"}], False),
        ([{**GOOD, "missing": [{"action": "a:B"}]}], False),
        ([{**GOOD, "missing": [{"action": "a:B", "at": "yesterday"}]}], False),
        ([{**GOOD, "missing": [{"action": 1, "at": MAY}]}], False),
    ],
)
def test_other_evidence_is_not_read(value: Any, reads: bool) -> None:
    assert READS(value) is reads


FIRST = import_module("accounts.migrations.0001_first_release")
SEARCHED = ("managed_searched", "spinnaker_name_searched")


@pytest.fixture
def on_postgresql() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no pg_trgm.")


@pytest.mark.parametrize("text", ["rod-we", "5678-9012"])
def test_a_search_reads_indexes_where_postgresql_has_them(on_postgresql, text):
    with connection.cursor() as cursor:  # of a table of no rows it would read all
        cursor.execute("SET LOCAL enable_indexscan = off")

    found = explained(matching_accounts(text))

    assert [name for name in SEARCHED if name not in found] == []


def test_who_may_not_create_an_extension_searches_without_indexes(on_postgresql):
    with connection.cursor() as cursor:
        cursor.execute("DROP EXTENSION pg_trgm CASCADE")
        cursor.execute("CREATE ROLE somebody")
        cursor.execute("SET LOCAL ROLE somebody")

    with connection.schema_editor() as editor:
        FIRST.index_what_is_searched(None, editor)

    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
    assert list(matching_accounts("prod")) == []


def test_the_newest_run_of_the_managing_account_is_found_by_an_index(on_postgresql):
    of_managing = Run.objects.filter(kind=Run.Kind.MANAGING)

    assert "run_managing" in explained(of_managing.order_by("-created_at")[:1])
