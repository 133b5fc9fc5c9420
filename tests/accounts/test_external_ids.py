"""Rotating an external ID: on purpose, with both accepted in between."""

from __future__ import annotations

import pytest
from django.utils import timezone

from accounts.external_ids import RotationRefused, finish_rotation, rotate
from accounts.mapping.managed import managed_of
from accounts.models import ManagedAccount
from accounts.models.states import State
from tests.rows import account_row

pytestmark = pytest.mark.django_db


def standing(**fields: object) -> ManagedAccount:
    plain = {
        "granted_at": timezone.now(),
        "state": State.VERIFIED,
        "proof": State.VERIFIED,
    }
    return account_row(**{**plain, **fields})


def test_a_rotation_makes_a_new_id_and_accepts_the_former_one() -> None:
    account = standing()
    former = str(account.external_id)

    rotate(account)

    managed = managed_of(account)
    assert managed.external_id != former
    assert managed.former_external_id == former


def test_a_rotation_is_an_edit_that_no_bundle_holds_before_it_is_proved() -> None:
    account = standing()
    version = account.version

    rotate(account)

    assert account.version == version + 1
    assert not ManagedAccount.objects.ready().exists()


def test_the_end_of_a_rotation_lets_the_former_id_go() -> None:
    account = standing()
    rotate(account)
    new = account.external_id
    ManagedAccount.objects.update(proof=State.VERIFIED)

    finish_rotation(account)

    assert account.former_external_id is None
    assert account.external_id == new
    assert account.state == State.OUTDATED


def test_a_rotation_cannot_end_before_the_new_id_is_proved() -> None:
    account = standing()
    rotate(account)

    with pytest.raises(RotationRefused, match="plan, apply and verify it first"):
        finish_rotation(account)


def test_what_is_not_in_rotation_cannot_end_it() -> None:
    with pytest.raises(RotationRefused, match="not in rotation"):
        finish_rotation(standing())


def test_a_rotation_ends_before_the_next_begins() -> None:
    account = standing()
    rotate(account)

    with pytest.raises(RotationRefused, match="finish that rotation first"):
        rotate(account)


def test_an_id_that_nobody_knows_is_not_rotated() -> None:
    with pytest.raises(RotationRefused, match="nothing to rotate"):
        rotate(account_row())


def test_beside_ecs_there_is_none_to_rotate_and_the_reason_is_said() -> None:
    account = standing(providers={"ecs": {}}, uses_external_id=False)

    with pytest.raises(RotationRefused, match="Clouddriver drops it in its ECS"):
        rotate(account)


def test_without_an_external_id_there_is_none_to_rotate() -> None:
    with pytest.raises(RotationRefused, match="asks for no external ID"):
        rotate(standing(uses_external_id=False))


def test_an_id_that_is_not_asked_for_is_in_no_trust() -> None:
    account = standing()
    rotate(account)
    account.uses_external_id = False

    managed = managed_of(account)

    assert (managed.external_id, managed.former_external_id) == ("", "")
