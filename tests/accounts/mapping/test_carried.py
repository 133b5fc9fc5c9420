"""What an account carries is previewed, planned, and kept once it is approved."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from accounts.mapping.accounts_file.uploading import check
from accounts.mapping.entries import described_entries, unplanned_entries
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_of
from accounts.models import ManagedAccount
from onboarding.spinnaker.entry_documents import entries_of
from tests.rows import account_row, managing_row, person

pytestmark = pytest.mark.django_db

CARRIED = {
    "aws": {"accountType": "main", "permissions": {"EXECUTE": ["sre"]}},
}
FILE = """
accounts:
- name: staging
  account_id: "922222222222"
  regions: [us-east-1]
  external_id: false
  providers: {{ec2: {{}}}}
  carried: {}
"""


def previewed(said: str) -> dict[str, tuple[str, str]]:
    by = User.objects.first() or person("operator")
    upload = check("a.yaml", FILE.format(said).encode(), csv=False, by=by)
    (account,) = upload.accounts.all()
    return {one["name"]: (one["before"], one["after"]) for one in account.changes}


def test_a_preview_says_what_is_carried(managing) -> None:
    assert previewed("{aws: {edda: 'https://x'}}")["carried"] == (
        "",
        "{aws: {edda: 'https://x'}}",
    )
    assert "carried" not in previewed("{}")


def test_a_preview_says_what_is_carried_no_longer(managing) -> None:
    account_row(carried={"ecs": {"namingStrategy": "tags"}})

    assert previewed("{}")["carried"] == ("{ecs: {namingStrategy: tags}}", "")


def test_an_edit_of_it_waits_for_a_plan_and_is_nothing_once_approved() -> None:
    managing = managing_of(managing_row())
    account = account_row()
    before = described_entries(managing, managed_of(account))
    ManagedAccount.objects.update(approved_entries=before, carried=CARRIED)
    account = ManagedAccount.objects.get()

    (change,) = unplanned_entries(managing, account)

    assert change.after is not None
    assert change.after["carried"] == CARRIED["aws"]
    ManagedAccount.objects.update(approved_entries=[change.after])
    assert unplanned_entries(managing, ManagedAccount.objects.get()) == ()


def test_bundles_have_it_as_it_was_proved() -> None:
    managing = managing_of(managing_row())
    account = account_row(carried=CARRIED)
    documents = described_entries(managing, managed_of(account))
    ManagedAccount.objects.update(approved_entries=documents)

    (entry,) = entries_of(managing, [ManagedAccount.objects.get().approved_entries]).aws

    assert entry.carried == CARRIED["aws"]
