"""Which accounts a bundle holds: when it is requested, and again when it is built."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.utils import timezone

from accounts.bundles import NothingReady, build, new_bundle
from accounts.models import Bundle, ManagedAccount
from accounts.models.states import State
from tests.rows import account_row, managing_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def verified() -> ManagedAccount:
    managing_row()
    return account_row("verified", account_id="200000000001", proof=State.VERIFIED)


def evaluated(*, accepted: bool) -> ManagedAccount:
    return account_row(
        "evaluated",
        account_id="200000000002",
        state=State.EVALUATED,
        proof=State.EVALUATED,
        accepted_at=timezone.now() if accepted else None,
    )


def built(bundle: Bundle) -> Bundle:
    build(bundle)
    return Bundle.objects.get(pk=bundle.pk)


def names(bundle: Bundle) -> list[str]:
    """Read the archive's own list of its accounts."""
    with zipfile.ZipFile(io.BytesIO(bytes(bundle.archive))) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    return [account["name"] for account in manifest["accounts"]]


def test_an_evaluated_account_is_not_requested_before_a_person_accepts_it(
    verified: ManagedAccount,
) -> None:
    evaluated(accepted=False)

    bundle = new_bundle(None)

    assert list(bundle.accounts.all()) == [verified]
    assert names(built(bundle)) == ["verified"]


def test_an_evaluated_account_is_in_it_once_a_person_accepted_it(
    verified: ManagedAccount,
) -> None:
    accepted = evaluated(accepted=True)

    bundle = built(new_bundle(None))

    assert {*bundle.accounts.all()} == {accepted, verified}
    assert names(bundle) == ["evaluated", "verified"]


def test_nothing_is_requested_where_all_wait_for_acceptance() -> None:
    managing_row()
    evaluated(accepted=False)

    with pytest.raises(NothingReady, match="there is none yet: evaluated is evaluated"):
        new_bundle(None)

    assert not Bundle.objects.exists()


def test_an_acceptance_that_ended_before_the_build_leaves_the_account_out(
    verified: ManagedAccount,
) -> None:
    evaluated(accepted=True)
    bundle = new_bundle(None)
    ManagedAccount.objects.update(accepted_at=None)

    bundle = built(bundle)

    assert bundle.status == Bundle.Status.READY
    assert list(bundle.accounts.all()) == [verified]
    assert names(bundle) == ["verified"]


def test_nothing_is_built_where_the_only_acceptance_ended() -> None:
    managing_row()
    evaluated(accepted=True)
    bundle = new_bundle(None)
    ManagedAccount.objects.update(accepted_at=None)

    bundle = built(bundle)

    assert bundle.status == Bundle.Status.FAILED
    assert "there is none yet: evaluated is evaluated" in bundle.error
    assert not bundle.archive
