"""Which accounts a bundle holds: when it is requested, and again when it is built."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import tasks
from accounts.mapping.edits import editing
from accounts.models import Bundle, ManagedAccount
from accounts.models.checks import today
from accounts.models.spinnaker import BundleQuerySet
from accounts.models.states import State
from accounts.spinnaker.bundles import NothingReady, build, finish, new_bundle
from tests.accounts.runs.foreign.rows import foreign_row
from tests.rows import account_row


@pytest.fixture
def verified(managing) -> ManagedAccount:
    return account_row(
        "verified", account_id="200000000001", verification=State.VERIFIED
    )


def evaluated(*, accepted: bool) -> ManagedAccount:
    return account_row(
        "evaluated",
        account_id="200000000002",
        state=State.EVALUATED,
        verification=State.EVALUATED,
        accepted_at=timezone.now() if accepted else None,
    )


def built(bundle: Bundle) -> Bundle:
    build(bundle)
    return Bundle.objects.get(pk=bundle.pk)


def text(bundle: Bundle, path: str) -> str:
    with zipfile.ZipFile(io.BytesIO(bytes(bundle.archive))) as archive:
        return archive.read(path).decode()


def names(bundle: Bundle) -> list[str]:
    """Read the archive's own list of its accounts."""
    manifest = json.loads(text(bundle, "manifest.json"))
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


def test_nothing_is_requested_where_all_wait_for_acceptance(managing) -> None:
    evaluated(accepted=False)

    with pytest.raises(NothingReady, match="is none yet: evaluated is evaluated"):
        new_bundle(None)

    assert not Bundle.objects.exists()


def test_what_a_person_took_out_before_the_build_is_not_in_it(
    verified: ManagedAccount,
) -> None:
    other = evaluated(accepted=True)
    bundle = new_bundle(None)
    ManagedAccount.objects.filter(pk=other.pk).exclude_from_bundles(None)

    bundle = built(bundle)

    assert bundle.status == Bundle.Status.READY
    assert list(bundle.accounts.all()) == [verified]
    assert names(bundle) == ["verified"]


def test_nothing_is_built_where_a_person_took_out_the_only_account(managing) -> None:
    evaluated(accepted=True)
    bundle = new_bundle(None)
    ManagedAccount.objects.all().exclude_from_bundles(None)

    bundle = built(bundle)

    assert bundle.status == Bundle.Status.FAILED
    assert "There is none yet: evaluated is evaluated" in bundle.error
    assert not bundle.archive


def test_an_account_that_fails_stays_as_it_was_proved_and_is_flagged(
    verified: ManagedAccount,
) -> None:
    before = built(new_bundle(None))
    ManagedAccount.objects.all().fail()

    bundle = built(new_bundle(None))

    assert text(bundle, "hal/accounts.yml") == text(before, "hal/accounts.yml")
    assert '"state": "verified; failed since"' in text(bundle, "manifest.json")


def test_it_carries_what_earlier_bundles_had_and_it_has_not(
    verified: ManagedAccount,
) -> None:
    other = evaluated(accepted=True)
    first = built(new_bundle(None))
    ManagedAccount.objects.filter(pk=other.pk).exclude_from_bundles(None)
    second = built(new_bundle(None))
    third = built(new_bundle(None))

    gone = json.loads(text(third, "hal/removed.yml"))

    assert "hal/removed.yml" not in [file["path"] for file in first.files]
    assert [account["name"] for account in gone["aws"]] == ["evaluated"]
    assert "externalId" not in gone["aws"][0]
    assert "this one hasn't: evaluated" in text(third, "README.md")
    assert third.sha256 == second.sha256


def test_it_says_what_is_not_as_approved_and_what_was_accepted(
    verified: ManagedAccount,
) -> None:
    ManagedAccount.objects.all().drift()
    foreign_row(verified)
    later = today() + timedelta(days=9)
    accepted = {"policy": "Agents", "digest": "e" * 64}
    accepted |= {"until": later, "accepted_at": timezone.now()}
    foreign_row(verified, **accepted)
    foreign_row(account_row("other", account_id="8" * 12), policy="Not in it")

    bundle = built(new_bundle(None, ["verified"]))

    said = (
        "verified; drifted since; not as approved: AdministratorAccess on role "
        f"spinnakerManaged; accepted: Agents on role spinnakerManaged until {later}"
    )
    assert f'"state": "{said}"' in text(bundle, "manifest.json")
    assert f"| {said} |" in text(bundle, "README.md")
    assert "Not in it" not in text(bundle, "README.md")


def test_an_edit_or_a_rotation_changes_no_bundle_until_it_is_proved(
    verified: ManagedAccount,
) -> None:
    before = built(new_bundle(None))
    with editing(verified):
        verified.name, verified.regions = "other", ["eu-west-1"]
        verified.external_id = uuid.uuid4()
        verified.save()
        verified.save(update_fields=["external_id"])

    bundle = built(new_bundle(None))

    assert bytes(bundle.archive) == bytes(before.archive)


def test_two_accounts_that_were_proved_under_one_name_are_refused(
    verified: ManagedAccount,
) -> None:
    ManagedAccount.objects.update(name="renamed")
    account_row("verified", account_id="200000000002", verification=State.VERIFIED)

    bundle = built(new_bundle(None))

    assert bundle.status == Bundle.Status.FAILED
    assert (
        "verified is the name in Spinnaker of both renamed and verified" in bundle.error
    )


def test_what_a_second_worker_says_of_a_bundle_changes_nothing(
    verified: ManagedAccount,
) -> None:
    bundle = built(new_bundle(None))

    finish(bundle, Bundle.Status.FAILED)

    assert Bundle.objects.get().status == Bundle.Status.READY


def test_a_number_that_somebody_took_meanwhile_is_not_given_again(
    verified: ManagedAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = new_bundle(None).number
    numbers = iter([taken, taken + 1])
    monkeypatch.setattr(BundleQuerySet, "next_number", lambda rows: next(numbers))

    assert new_bundle(None).number == taken + 1


def test_what_changed_since_the_bundle_before_it_is_counted(
    verified: ManagedAccount,
) -> None:
    other = evaluated(accepted=True)
    first = built(new_bundle(None))
    ManagedAccount.objects.filter(pk=other.pk).exclude_from_bundles(None)
    second = built(new_bundle(None))
    third = built(new_bundle(None))

    nothing = {"create": 0, "update": 0, "delete": 0, "files": 0}
    assert first.changes["since"] == 0
    assert (first.changes["create"], first.changes["delete"]) == (2, 0)
    assert first.changes["files"] == len(first.files) - 3  # README, manifest, accounts
    assert (second.changes["since"], second.changes["delete"]) == (1, 1)
    assert third.changes == {"since": 2, **nothing}


DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("days", "installed", "kept"),
    [
        (0, 3, [4, 3, 2, 1]),
        (1, None, [4, 3, 2, 1]),
        (1, 2, [4, 3, 2]),
        (1, 3, [4, 3]),
        (1, 4, [4]),
        (9, 4, [4, 3, 2, 1]),
    ],
)
def test_bundles_before_the_installed_one_are_kept_as_long_as_asked_for(
    verified, settings, days, installed, kept
):
    settings.KEEP_BUNDLES_DAYS = days
    now = timezone.now()
    for _ in range(4):
        built(new_bundle(None))
    Bundle.objects.update(created_at=now - 2 * DAY)
    Bundle.objects.filter(number=installed).update(installed_at=now)

    tasks.delete_old()

    assert list(Bundle.objects.values_list("number", flat=True)) == kept
