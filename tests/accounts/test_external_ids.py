"""Rotating an external ID: on purpose, with both accepted in between."""

from __future__ import annotations

from itertools import product
from uuid import UUID

import pytest
from django.utils import timezone

from accounts.external_ids import (
    Held,
    RotationRefused,
    accepted_now,
    cancel_rotation,
    finish_rotation,
    rotate,
    sent_by,
    stages,
    why_not_finish,
)
from accounts.mapping.entries import keep_verified
from accounts.mapping.managed import managed_of
from accounts.models import Bundle, ManagedAccount
from accounts.models.account import MISSES
from accounts.models.states import State
from accounts.spinnaker.bundles import build, install, new_bundle
from tests.rows import account_row, approve_entries, managing_row

pytestmark = pytest.mark.django_db


def standing(**fields: object) -> ManagedAccount:
    plain = {
        "granted_at": timezone.now(),
        "state": State.VERIFIED,
        "verification": State.VERIFIED,
    }
    return account_row(**{**plain, **fields})


def test_a_rotation_makes_a_new_id_and_accepts_the_former_one() -> None:
    account = standing()
    former = str(account.external_id)

    rotate(account, None)

    managed = managed_of(account)
    assert managed.external_id != former
    assert managed.former_external_id == former


def test_a_rotation_is_an_edit_that_no_bundle_holds_before_it_is_proved() -> None:
    account = standing()
    version = account.version

    rotate(account, None)

    assert account.version == version + 1
    assert account.verified["managed"]["external_id"] == account.former_external_id


def verify_scope(account: ManagedAccount) -> None:
    approve_entries(account)
    keep_verified(account, State.VERIFIED)
    account.refresh_from_db()


def bundled() -> Bundle:
    bundle = new_bundle(None)
    build(bundle)
    bundle.refresh_from_db()
    return bundle


def test_the_end_of_a_rotation_lets_the_former_id_go(managing) -> None:
    account = standing()
    rotate(account, None)
    new = account.external_id
    verify_scope(account)
    install(bundled(), None)

    finish_rotation(account, None)

    assert account.former_external_id == ""
    assert account.external_id == new
    assert account.state == State.OUTDATED


def test_the_next_step_of_a_rotation_is_one_that_leads_on() -> None:
    """No bundle or delivery has an account that is excluded, or that AWS denies."""
    new, now = "7d2f2c26-8a0c-4a8e-9d0e-0d5d1c7d7a11", timezone.now()
    sent = [{}, *({"1" * 12: {*ids}} for ids in (["old"], [new], ["old", new]))]
    states = product((now, None), (False, True), (0, MISSES), ("old", new))
    for excluded, withdrawn, missed, proved in states:
        row = ManagedAccount(
            name="a",
            account_id="1" * 12,
            external_id=UUID(new),
            former_external_id="old",
            verified={"managed": {"external_id": proved}},
            excluded_at=excluded,
            withdrawn=withdrawn,
            missed=missed,
        )
        is_held = not (excluded or withdrawn or missed)
        for newest, installed, loaded in product(sent, repeat=3):
            held = Held(newest, installed, loaded)
            now_to_do = next((one for one in stages(row, held) if not one.done), None)
            reason = why_not_finish(row, held)

            to_do = now_to_do.to_do if now_to_do else ""
            assert reason == (f"Not yet: {to_do}" if to_do else "")
            if to_do.startswith(("build", "deliver")):
                assert is_held, (row, held)
            if "include a in bundles" in to_do:
                assert excluded, (row, held)
            if "build" in to_do or "install" in to_do:
                assert not loaded, (row, held)
                assert ("install" in to_do) is (newest == sent[2]), (row, held)
            if to_do.startswith("plan a"):
                assert proved == "old" or withdrawn or missed, (row, held)


def test_a_rotation_cannot_end_before_spinnaker_has_the_new_id(managing) -> None:
    account = standing()
    install(bundled(), None)
    rotate(account, None)

    refusals = []
    for step in (
        lambda: None,
        lambda: verify_scope(account),
        lambda: bundled(),
        lambda: install(Bundle.objects.first(), None),
    ):
        step()
        refusals.append([stage.done for stage in stages(account)])
        if not all(refusals[-1]):
            with pytest.raises(RotationRefused, match="Not yet: "):
                finish_rotation(account, None)

    assert refusals == [
        [False, False, False],
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]
    finish_rotation(account, None)


def test_each_step_says_what_aws_accepts_now(managing) -> None:
    account = standing()
    verify_scope(account)
    former = account.external_id
    said = [accepted_now(account)]

    rotate(account, None)
    said.append(accepted_now(account))
    approve_entries(account)
    said.append(accepted_now(account))
    verify_scope(account)
    said.append(accepted_now(account))
    install(bundled(), None)
    finish_rotation(account, None)
    said.append(accepted_now(account))
    verify_scope(account)
    said.append(accepted_now(account))

    assert said == [
        "",
        "the previous one; the new one, too, once a plan is applied",
        "both",
        "both",
        f"{former}, too, until a plan is applied",
        "",
    ]


def test_a_plan_of_an_existing_role_accepts_nothing_before_it_is_verified(
    managing,
) -> None:
    """Bowline keeps the trust policy of such a role, whatever a plan says."""
    account = standing(adopts=True)
    verify_scope(account)
    rotate(account, None)
    approve_entries(account)

    assert accepted_now(account).startswith("the previous one")
    assert "Existing roles" in stages(account)[0].to_do
    verify_scope(account)
    assert accepted_now(account) == "both"


def test_aws_accepts_both_after_a_proved_rotation_is_cancelled(managing) -> None:
    account = standing()
    rotate(account, None)
    verify_scope(account)

    cancel_rotation(account, None)

    assert accepted_now(account) == "both"


def test_a_rotation_that_no_bundle_tells_is_cancelled_whole(managing) -> None:
    account = standing()
    former = account.external_id
    bundled()
    rotate(account, None)

    cancel_rotation(account, None)

    assert (account.external_id, account.former_external_id) == (former, "")


def test_a_rotation_that_a_bundle_tells_goes_back_with_both_accepted(managing) -> None:
    account = standing()
    former = account.external_id
    rotate(account, None)
    new = account.external_id
    verify_scope(account)
    bundled()

    cancel_rotation(account, None)

    assert (account.external_id, account.former_external_id) == (former, str(new))


def test_a_rotation_that_the_next_bundle_would_tell_goes_back_with_both_accepted() -> (
    None
):
    managing_row()
    account = standing()
    former = account.external_id
    install(bundled(), None)
    rotate(account, None)
    new = account.external_id
    verify_scope(account)

    cancel_rotation(account, None)

    assert (account.external_id, account.former_external_id) == (former, str(new))
    install(bundled(), None)
    assert sent_by(Bundle.objects.first())[account.account_id] == {str(new)}
    with pytest.raises(RotationRefused, match="Not yet: "):
        finish_rotation(account, None)


def test_what_is_not_in_rotation_cannot_be_cancelled() -> None:
    with pytest.raises(RotationRefused, match="isn't being rotated"):
        cancel_rotation(standing(), None)


def test_what_is_not_in_rotation_cannot_end_it() -> None:
    with pytest.raises(RotationRefused, match="isn't being rotated"):
        finish_rotation(standing(), None)


def test_a_rotation_ends_before_the_next_begins() -> None:
    account = standing()
    rotate(account, None)

    with pytest.raises(RotationRefused, match="Finish that rotation first"):
        rotate(account, None)


def test_an_id_that_nobody_knows_is_not_rotated() -> None:
    with pytest.raises(RotationRefused, match="external ID to rotate"):
        rotate(account_row(), None)


def test_beside_ecs_there_is_none_to_rotate_and_the_reason_is_said() -> None:
    account = standing(providers={"ecs": {}}, uses_external_id=False)

    with pytest.raises(RotationRefused, match="Clouddriver doesn't send one for ECS"):
        rotate(account, None)


def test_without_an_external_id_there_is_none_to_rotate() -> None:
    with pytest.raises(
        RotationRefused, match=("doesn't use an external ID, so there's nothing")
    ):
        rotate(standing(uses_external_id=False), None)


def test_an_id_that_is_not_asked_for_is_in_no_trust() -> None:
    account = standing()
    rotate(account, None)
    account.uses_external_id = False

    managed = managed_of(account)

    assert (managed.external_id, managed.former_external_id) == ("", "")
