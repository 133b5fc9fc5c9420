from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import ManagedAccount, SpinnakerName
from accounts.models.states import State
from tests.rows import account_row, explained, managing_row

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

    whole = "Index Only Scan using " if connection.vendor == "postgresql" else ""
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
