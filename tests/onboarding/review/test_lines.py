"""What a role may do, line by line, as planned and as it was found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding.desired import desired
from onboarding.grants import Access
from onboarding.resources.foreign import Boundary, Foreign
from onboarding.resources.kinds import (
    Attachment,
    InlinePolicy,
    ManagedPolicy,
    Resource,
    Role,
)
from onboarding.resources.policy import Policy
from onboarding.resources.risks import SECRETS
from onboarding.review.as_found import (
    FoundRole,
    found_roles,
    planned_digest,
)
from onboarding.review.effective import all_actions
from onboarding.review.evidence import Evidence
from onboarding.review.lines import (
    ONLY,
    Filter,
    Line,
    Risks,
    count_of,
    folded,
    permission_lines,
)
from onboarding.review.permissions import AllowedAction, managed_review
from onboarding.review.power_user import is_power_users
from tests.bundles import staging
from tests.factories import managed, managing, provider, topology

EVERY = permission_lines(managed_review(managing(), staging()).topics)

WHY = Evidence(reason="Said.", sources=(), required=True, access="write")


def line(**fields: object) -> Line:
    plain = {"action": "s3:PutObject", "resources": ("*",), "condition": {}}
    allowed = AllowedAction(**{**plain, **fields}, evidence=WHY)  # type: ignore[arg-type]
    return Line(1, "S3", "deploy", Access.WRITE, allowed)


def test_what_may_show_secrets_are_actions_of_aws():
    known = {action for some in all_actions().values() for action in some}

    assert SECRETS.keys() - known == set()


def test_a_reviewer_is_told_what_is_passed_written_and_read():
    risks = Risks.of(EVERY)

    assert risks.services == ("ec2", "ecs-tasks", "lambda")
    assert not risks.passes_to_any
    assert {one.action for one in risks.open if not one.condition} == {
        "ec2:RunInstances",
        "ecs:DeregisterTaskDefinition",
    }
    assert (risks.writes, risks.conditional) == (5, 3)
    assert risks.readable == count_of(one for one in EVERY if one.action in SECRETS)
    assert risks.shown == ("user data", "console output", "environment variables")
    assert risks.existing == ("Auto Scaling groups", "instances", "functions' code")


def test_a_role_that_is_passed_to_any_service_is_told_from_others():
    passing = line(action="iam:PassRole")._replace(access=Access.PASS_ROLE)
    limit = {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com"]}}
    limited = passing._replace(allowed=replace(passing.allowed, condition=limit))

    assert Risks.of([passing, limited]).passes_to_any
    assert not Risks.of([limited]).passes_to_any
    assert Risks.of([limited]).services == ("ec2",)


def test_an_account_that_is_only_read_has_no_such_line():
    reads = managed(provider("ec2", access="read"))

    risks = Risks.of(permission_lines(managed_review(managing(), reads).topics))

    assert (risks.passes, risks.writes, risks.existing) == ((), 0, ())


@pytest.mark.parametrize("only", ONLY)
def test_each_choice_keeps_what_it_says_and_leaves_the_rest(only: str):
    said = {
        "": lambda one: True,
        "write": lambda one: one.access in ("write", "pass role"),
        "everything": lambda one: one.allowed.resources == ("*",),
        "beyond": lambda one: not is_power_users(one.action),
        "pass": lambda one: one.action == "iam:PassRole",
        "open": lambda one: one.access != "read" and one.allowed.resources == ("*",),
        "secrets": lambda one: one.action in SECRETS,
    }

    found = Filter(only=only).of_all(EVERY)

    assert found == tuple(filter(said[only], EVERY))
    assert found


@pytest.mark.parametrize(
    "text", ["runinstances", "EC2 launch-template", "image/*", "asks whether who"]
)
def test_every_word_is_looked_for_in_all_that_a_line_says(text: str):
    found = Filter(text).of_all(EVERY)

    assert found
    assert all(word in one.text for one in found for word in text.lower().split())


def test_an_unknown_choice_is_all_of_them():
    assert Filter.of({"only": "nonsense", "text": " a "}) == Filter("a", "")
    assert not Filter.of({})


def test_lines_are_folded_by_provider_and_access_and_none_is_lost():
    folds = folded(EVERY)

    heads = [(fold.topic, fold.access) for fold in folds]
    assert heads[:4] == [
        ("Caching", "read"),
        ("EC2", "read"),
        ("EC2", "write"),
        ("EC2", "pass role"),
    ]
    assert len({*heads}) == len(heads)
    assert sum(fold.total for fold in folds) == len(EVERY)
    assert [fold.number for fold in folds] == [*range(1, len(folds) + 1)]


@pytest.mark.parametrize(
    ("resources", "where"),
    [
        (("*",), "*"),
        (("arn:aws:ec2:*:922222222222:instance/*",), "instance/*"),
        (("arn:aws:ec2:*::image/*", "*", "*"), "image/* and 2 more"),
    ],
)
def test_a_line_says_in_a_few_characters_on_what(
    resources: tuple[str, ...], where: str
):
    assert line(resources=resources).where == where


def test_a_condition_is_one_line():
    assert line().condition == ""
    assert line(condition={"Bool": {"b": "c"}}).condition == '{"Bool": {"b": "c"}}'


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
