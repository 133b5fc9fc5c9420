"""What roles may do as they were found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from onboarding.desired import desired
from onboarding.resources.foreign import Boundary, Foreign
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    ManagedPolicy,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.review.as_found import (
    FoundRole,
    found_roles,
    planned_digest,
)
from onboarding.review.permissions import managed_review
from tests.factories import managed, managing, provider, topology

ROLE, ACCOUNT = "spinnakerManaged", "922222222222"
EVERYTHING = Policy.allowing({"Action": "*", "Resource": "*"})
ADMINISTRATOR = Attachment(
    account=ACCOUNT,
    holder=ROLE,
    policy_arn="arn:aws:iam::aws:policy/AdministratorAccess",
    owned=False,
)
CAP = f"arn:aws:iam::{ACCOUNT}:policy/Cap"


def planned(**access: Any) -> tuple[Resource, ...]:
    account = managed(provider("ec2", **access))
    return desired(topology(account), account)


def found(
    *more: Resource,
    foreign: tuple[Foreign, ...] = (),
    boundary: Boundary | None = None,
    **access: Any,
) -> FoundRole:
    observed = [
        replace(one, boundary=boundary.arn)
        if boundary and isinstance(one, Role)
        else one
        for one in (*planned(**access), *more)
    ]
    boundaries = [boundary] if boundary else []
    roles = found_roles(observed, foreign, boundaries)
    return next(role for role in roles if role.name == ROLE)


def test_what_bowline_planned_counts_as_it_is_planned() -> None:
    review = managed_review(managing(), managed(provider("ec2")))

    role = found()

    assert role.comparison.granted == review.comparison.granted
    assert (role.owned, role.uncounted, role.within) == (True, [], False)


def test_what_others_attached_counts_too() -> None:
    role = found(ADMINISTRATOR, foreign=(Foreign(ADMINISTRATOR, EVERYTHING),))

    assert role.comparison.fewer < 0


def test_so_does_what_is_inside_the_role() -> None:
    inside = InlinePolicy(
        account=ACCOUNT, role=ROLE, policy="theirs", document=EVERYTHING, owned=False
    )

    assert found(inside).comparison.fewer < 0


def test_what_says_something_else_than_planned_counts_as_it_was_found() -> None:
    changed = [
        replace(one, document=EVERYTHING) if isinstance(one, ManagedPolicy) else one
        for one in planned()
    ]

    (role,) = (one for one in found_roles(changed, (), ()) if one.name == ROLE)

    assert role.comparison.fewer < 0


def test_what_could_not_be_read_is_named_and_not_counted() -> None:
    role = found(ADMINISTRATOR, foreign=(Foreign(ADMINISTRATOR, None),))

    assert role.uncounted == ["AdministratorAccess"]
    assert role.comparison.granted == found().comparison.granted


def test_power_user_access_that_is_planned_counts_without_being_read() -> None:
    role = found(access="power-user")

    assert role.uncounted == []
    assert role.comparison.fewer < 0


def test_a_boundary_narrows_what_counts() -> None:
    cap = Boundary(CAP, Policy.allowing({"Action": "ec2:*", "Resource": "*"}))

    role = found(
        ADMINISTRATOR, foreign=(Foreign(ADMINISTRATOR, EVERYTHING),), boundary=cap
    )

    assert set(role.counts) == {"ec2"}
    assert (role.boundary, role.within) == (CAP, True)


def test_a_boundary_that_cannot_be_read_is_not_counted() -> None:
    role = found(boundary=Boundary(CAP, None))

    assert (role.boundary, role.within) == (CAP, False)
    assert role.comparison.granted == found().comparison.granted


def test_a_role_of_which_only_the_policies_are_read_has_no_known_trust() -> None:
    (role,) = found_roles([ADMINISTRATOR], (Foreign(ADMINISTRATOR, EVERYTHING),), ())

    assert (role.trust, role.owned) == (None, False)
    assert role.comparison.fewer < 0


def test_it_is_stored_and_read_as_it_was() -> None:
    role = found(ADMINISTRATOR)

    assert FoundRole(**role.as_json()) == role


def test_another_description_has_another_digest_in_whatever_order() -> None:
    assert planned_digest(planned()) == planned_digest(reversed(planned()))
    assert planned_digest(planned()) != planned_digest(planned(access="read"))
