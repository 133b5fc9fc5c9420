"""What bundles hold of an account survives its way through the database."""

from __future__ import annotations

import json

import pytest

from accounts.mapping.managed import managed_of
from accounts.mapping.verified import keep_verified, managed_from, verified_of
from accounts.models import ManagedAccount
from accounts.models.states import State
from accounts.runs.actions import accept
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db

EVERY_PROVIDER = {"ec2": {}, "ecs": {}, "lambda": {}}


def test_it_reads_back_what_it_wrote() -> None:
    row = account_row(
        providers=EVERY_PROVIDER,
        regions=["us-east-1", "eu-west-1"],
        read_roles=["developers"],
        write_roles=["operators"],
        environment="production",
    )

    stored = json.loads(json.dumps(verified_of(row, State.VERIFIED)))

    assert managed_from(stored) == managed_of(row)


def test_an_edit_meanwhile_wins(managing) -> None:
    row = account_row(verification=State.VERIFIED)
    before = row.verified
    ManagedAccount.objects.update(version=row.version + 1)
    row.regions = ["eu-west-1"]

    keep_verified(row, State.VERIFIED)

    assert ManagedAccount.objects.get().verified == before


@pytest.mark.parametrize("accepted", [True, False])
def test_what_was_only_evaluated_is_kept_once_a_person_accepts(accepted: bool) -> None:
    managing_row()
    row = account_row(verification=State.EVALUATED, state=State.EVALUATED)

    if accepted:
        accept(row, None)

    assert ManagedAccount.objects.ready().exists() is accepted


def test_a_removed_account_is_in_no_bundle(managing) -> None:
    row = account_row(verification=State.VERIFIED)

    ManagedAccount.objects.filter(pk=row.pk).remove()

    assert ManagedAccount.objects.get().verified == {}
