"""What a role may do, line by line: what is looked for first, filtered and folded."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding.grants import Access
from onboarding.resources.risks import SECRET_READS, SETTING_READS
from onboarding.review.effective import all_actions
from onboarding.review.evidence import Evidence
from onboarding.review.lines import (
    ONLY,
    SECRETS,
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
from tests.factories import managed, managing, provider

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

    assert (risks.passes, risks.writes) == ((), 0)


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


def test_what_a_plan_warns_of_as_secret_the_review_marks_too() -> None:
    assert {*SECRET_READS, *SETTING_READS} - {*SECRETS} == set()
