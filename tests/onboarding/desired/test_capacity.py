from __future__ import annotations

from onboarding.desired.capacity import capacity, fitting, listed_up_to
from tests.factories import managing


def test_capacity_says_how_many_accounts_are_assumed_and_fit():
    room = capacity(managing(), assumed=3)

    assert (room.assumed, room.most, room.left) == (3, 1080, 1077)
    assert not room.is_near_its_end


def test_capacity_is_near_its_end_while_accounts_still_fit():
    room = capacity(managing(), assumed=864)

    assert room.is_near_its_end
    assert room.left == 216


def test_what_is_coming_takes_room_too():
    room = capacity(managing(), assumed=800, coming=64)

    assert (room.wanted, room.left, room.is_near_its_end) == (864, 216, True)
    assert capacity(managing(), assumed=1000, coming=200).left == 0


def test_an_organizations_capacity_has_no_end():
    room = capacity(managing(organization="o-a1b2c3d4e5"), assumed=3)

    assert (room.most, room.left, room.is_near_its_end) == (None, None, False)


def test_the_last_policy_says_how_many_roles_are_listed_up_to_it() -> None:
    one = fitting(managing(), (), 1)

    assert listed_up_to(managing(), "BowlineAssumeManaged") == one
    assert listed_up_to(managing(), "BowlineAssumeManaged-3") == 3 * one
