from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.verify.policy_evaluation import (
    Document,
    RequestContext,
    find_statement,
    path_to,
)
from tests.evaluating import matches, speaks

ASSUME = RequestContext(
    "sts:AssumeRole",
    "arn:aws:iam::922222222222:role/spinnakerManaged",
    {"aws:resourceorgid": "o-a1b2c3d4e5"},
)


def statement(**fields: Any) -> dict[str, Any]:
    plain = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    return {**plain, **fields}


def document(name: str, *statements: dict[str, Any]) -> Document:
    return Document(name, {"Statement": list(statements)})


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"Action": ["ec2:*", "STS:assume*"]},
        {"Resource": "arn:aws:iam::*:role/spinnakerManaged"},
        {"Condition": {"StringEquals": {"aws:ResourceOrgID": "o-a1b2c3d4e5"}}},
        {"Condition": {"StringLike": {"aws:ResourceOrgId": ["o-x", "o-a1*"]}}},
    ],
)
def test_it_speaks_of_the_call(fields: dict[str, Any]) -> None:
    assert speaks(statement(**fields), ASSUME) is True


@pytest.mark.parametrize(
    "fields",
    [
        {"Action": "sts:TagSession"},
        {"Resource": "arn:aws:iam::*:role/SpinnakerManaged"},
        {"Resource": []},
        {"Condition": {"StringEquals": {"aws:ResourceOrgID": "o-other"}}},
    ],
)
def test_it_speaks_of_something_else(fields: dict[str, Any]) -> None:
    assert speaks(statement(**fields), ASSUME) is False


FUNCTION = "arn:aws:lambda:us-east-1:911111111111:function:web"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (FUNCTION, True),
        ("arn:*:lambda:*:9*:function:*", True),
        ("arn:aws:lambda:us-east-?:*:*", True),
        ("arn:aws:lambda:*:function:web", False),
        ("arn:aws:lambda:us-east-1:911111111111:function", False),
        ("arn:aws:lambda:*", True),
        ("*", True),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, expected: bool) -> None:
    asked = RequestContext("lambda:InvokeFunction", "*", {"aws:sourcearn": FUNCTION})

    for operator in ("ArnLike", "ArnEquals", "ArnNotLike", "ArnNotEquals"):
        condition = {operator: {"aws:SourceArn": pattern}}
        met = speaks(statement(Action="*", Condition=condition), asked)
        assert met is (expected != ("Not" in operator))

    text = {"StringLike": {"aws:SourceArn": "arn:aws:lambda:*:function:web"}}
    assert speaks(statement(Action="*", Condition=text), asked) is True


@pytest.mark.parametrize(
    "condition",
    [
        {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}},
        {"StringEquals": {"aws:PrincipalTag/team": "core"}},
        {"Null": {"aws:PrincipalTag/team": "false"}},
    ],
)
def test_it_says_when_it_cannot_tell(condition: dict[str, Any]) -> None:
    assert speaks(statement(Condition=condition), ASSUME) is None


@pytest.mark.parametrize(
    ("inverted", "expected"), [("iam:*", True), (["sts:*", "iam:*"], False)]
)
def test_it_reads_negations(inverted: Any, expected: bool) -> None:
    written = {"Effect": "Allow", "NotAction": inverted, "Resource": "*"}

    assert speaks(written, ASSUME) is expected


def test_a_certain_statement_is_preferred() -> None:
    unsure = statement(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}})
    documents = [document("A", unsure), document("B", statement(Effect="Deny"))]

    alone = find_statement(documents, "Allow", ASSUME)
    both = find_statement([*documents, document("C", statement())], "Allow", ASSUME)

    assert alone is not None
    assert (alone.document.name, alone.certain) == ("A", False)
    assert both is not None
    assert (both.document.name, both.certain) == ("C", True)


def test_nothing_is_found_where_nothing_speaks_of_it() -> None:
    assert (
        find_statement([document("A", statement(Action="ec2:*"))], "Allow", ASSUME)
        is None
    )


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({}, ("Action",)),
        ({"Action": ["ec2:*", "sts:*"]}, ("Action", 1)),
        ({"Action": ["ec2:*"]}, ("Action",)),
    ],
)
def test_the_path_leads_to_the_pattern(
    fields: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    assert path_to(statement(**fields), "Action", "sts:AssumeRole") == path


def test_the_path_leads_to_a_negation() -> None:
    assert path_to({"NotAction": "iam:*"}, "Action", "sts:AssumeRole") == ("NotAction",)


def patterns(*texts: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(texts), max_size=3)


@given(
    st.sampled_from(["Action", "NotAction"]),
    patterns("S3:PUT?bject", "ec2:*", "s3:[GP]et*"),
    st.sampled_from(["Resource", "NotResource"]),
    patterns("*", "arn:aws:s3:::Logs/?", "arn:aws:s3:::[l]*"),
    st.sampled_from(["s3:GetObject", "s3:PutObject", "ec2:RunInstances"]),
    st.sampled_from(["arn:aws:s3:::logs/a", "arn:aws:s3:::Logs/b", "*"]),
)
def test_it_speaks_of_what_its_patterns_fit(
    action_part: str,
    actions: list[str],
    resource_part: str,
    resources: list[str],
    action: str,
    resource: str,
) -> None:
    written = {"Effect": "Allow", action_part: actions, resource_part: resources}

    speaking = speaks(written, RequestContext(action, resource))

    of_action = any(matches(action.upper(), one.upper()) for one in actions)
    of_resource = any(matches(resource, one) for one in resources)
    assert speaking is (
        of_action == (action_part == "Action")
        and of_resource == (resource_part == "Resource")
    )
