"""What must be said before a bundle counts as what Spinnaker has."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import Activity, Bundle, DeliveredAccount, ManagedAccount
from accounts.spinnaker.bundles import NotReady, build, install, new_bundle
from accounts.spinnaker.presence import MayBeThere, left_by, presence_of
from tests.accounts.spinnaker.deliveries.delivering import deliver, proved_row
from tests.onboarding.delivery.strict_gate import StrictGate

BEFORE = "2026-10-31T00:00:00Z"
"""Earlier than any delivery of these tests."""


@pytest.fixture
def leaving(strict: StrictGate) -> ManagedAccount:
    """Make an account next to another one, and a bundle of both."""
    proved_row("stays", account_id="922222222221")
    row = proved_row("staging", granted_at=BEFORE, uses_external_id=False,
                     providers={"ec2": {}, "ecs": {}})  # fmt: skip
    built()
    return row


def built(**fields: Any) -> Bundle:
    """Build the next bundle, and give it another time or another list of files."""
    bundle = new_bundle(None)
    build(bundle)
    Bundle.objects.filter(pk=bundle.pk).update(**{"created_at": BEFORE, **fields})
    return Bundle.objects.get(pk=bundle.pk)


def exclude_from_bundles(account: ManagedAccount) -> None:
    assert ManagedAccount.objects.filter(pk=account.pk).exclude_from_bundles(None)


def include_in_bundles(account: ManagedAccount) -> None:
    assert ManagedAccount.objects.filter(pk=account.pk).include_in_bundles()


def test_what_deliveries_saw_gone_needs_no_other_answer(
    strict: StrictGate, leaving: ManagedAccount
) -> None:
    deliver(strict)
    exclude_from_bundles(leaving)
    bundle = built()
    asked = bool(left_by(bundle))

    deliver(strict)
    install(bundle, None)

    assert (asked, bool(left_by(bundle))) == (True, False)
    assert "answer" not in Activity.objects.get(what=Activity.What.INSTALL).detail
    assert presence_of(leaving) is None


def test_what_is_deleted_and_still_loaded_is_asked_for(
    strict: StrictGate, leaving: ManagedAccount
) -> None:
    deliver(strict)
    exclude_from_bundles(leaving)
    strict.polls = False
    deliver(strict)

    with pytest.raises(MayBeThere, match="hal keeps them until they're removed"):
        install(built(), None)


@pytest.mark.parametrize(
    "other",
    [{"account_id": "999999999999"}, {"type": "kubernetes"}, {"name": "another"}],
    ids=lambda other: next(iter(other)),
)
def test_only_the_same_account_that_is_gone_is_an_answer(
    strict: StrictGate, leaving: ManagedAccount, other: dict[str, str]
) -> None:
    deliver(strict)
    exclude_from_bundles(leaving)
    deliver(strict)
    DeliveredAccount.objects.filter(name="staging").update(**other)

    assert left_by(built()).digest


@pytest.mark.parametrize("since", ["created_at", "installed_at"])
def test_what_a_bundle_may_have_brought_back_since_is_asked_for_again(
    strict: StrictGate, leaving: ManagedAccount, since: str
) -> None:
    deliver(strict)
    exclude_from_bundles(leaving)
    deliver(strict)
    answered = built()
    include_in_bundles(leaving)
    built(**{since: "2027-01-01T00:00:00Z"})
    exclude_from_bundles(leaving)

    again = built(created_at="2027-01-02T00:00:00Z")

    assert left_by(again).digest == left_by(answered).digest != ""


def test_going_back_to_an_earlier_bundle_wants_the_typed_word(
    leaving: ManagedAccount,
) -> None:
    put_in_later = proved_row("new", account_id="922222222223", granted_at=BEFORE)
    second = built()
    first = Bundle.objects.get(number=1)
    never_installed = bool(left_by(first))
    install(second, None)

    with pytest.raises(MayBeThere, match="might still have new, and this bundle doesn"):
        install(first, None)
    install(first, None, "gone")

    assert not never_installed
    assert presence_of(put_in_later) is None


def test_an_account_without_roles_is_not_asked_for(leaving: ManagedAccount) -> None:
    proved_row("new", account_id="922222222223")
    install(built(), None)

    install(Bundle.objects.get(number=1), None)

    assert Bundle.objects.installed()[0].number == 1


def test_many_are_counted(leaving: ManagedAccount) -> None:
    for number in range(7):
        proved_row(f"n{number}", account_id=f"92222222223{number}", granted_at=BEFORE)
    install(built(), None)

    assert left_by(Bundle.objects.get(number=1)).unlisted == (
        "n0, n1, n2, n3, n4, and 2 more"
    )


def test_a_bundle_that_is_not_built_is_said_to_be_that(leaving: ManagedAccount) -> None:
    with pytest.raises(NotReady):
        install(new_bundle(None), None)
