from __future__ import annotations

import pytest

from accounts.web.runs.review.diff import fields_in_line, statement_in_words


@pytest.mark.parametrize(
    ("statement", "line"),
    [
        (
            {"Sid": "A", "Action": ["ec2:A", "ec2:B", "ecs:C"], "Resource": "*"},
            "A: Allows 3 actions of ec2, ecs on all resources",
        ),
        (
            {"Action": "s3:Get*", "Resource": ["a", "b"]},
            "Allows s3:Get* on 2 resources",
        ),
        (
            {
                "Principal": {"AWS": "arn:x", "Service": ["ec2.amazonaws.com"]},
                "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"sts:ExternalId": "x"}},
            },
            "Allows sts:AssumeRole to 2 principals if sts:ExternalId",
        ),
        (
            {"Principal": "*", "Action": "sts:AssumeRole"},
            "Allows sts:AssumeRole to all principals",
        ),
        (
            {"Effect": "Deny", "NotAction": "iam:*", "NotResource": "b"},
            "Denies all but iam:* on all but b",
        ),
        ({"Action": "*", "Resource": "*"}, "Allows all actions on all resources"),
        ({}, "Allows "),
    ],
)
def test_a_statement_is_said_in_a_line(statement, line):
    assert statement_in_words({"Effect": "Allow", **statement}) == line


def test_fields_are_said_in_a_line():
    document = {"name": "x", "to_user": "", "groups": ["a", "b"], "document": {}}

    line = fields_in_line(document, ["name", "to_user", "groups"])

    assert line == "name: x, to user: none, groups: a, b"
