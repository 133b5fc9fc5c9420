from __future__ import annotations

import shlex

import pytest

from onboarding.checks import Outcome
from onboarding.verify.result import (
    Cause,
    Located,
    Result,
    command,
    line_of,
    printed_document,
)

DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["a:One", "a:Two"], "Resource": "*"},
        {"Effect": "Deny", "Action": "a:Two", "Resource": "*"},
    ],
}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("Statement",), '"Statement": ['),
        (("Statement", 0, "Action", 1), '"a:Two"'),
        (("Statement", 1), "{"),
        (("Statement", 1, "Action"), '"Action": "a:Two",'),
    ],
)
def test_a_path_leads_to_its_line(path: tuple[str | int, ...], text: str) -> None:
    line = line_of(DOCUMENT, path)

    assert printed_document(DOCUMENT).splitlines()[line - 1].strip() == text


def test_the_document_is_left_as_it_was() -> None:
    before = printed_document(DOCUMENT)

    line_of(DOCUMENT, ("Statement", 0))

    assert printed_document(DOCUMENT) == before


def test_a_command_survives_the_shell() -> None:
    written = command("iam", "put-role-policy", policy_document={"It's": "“so”"})

    assert shlex.split(written) == [
        "aws",
        "iam",
        "put-role-policy",
        "--policy-document",
        '{"It\'s": "“so”"}',
    ]


def test_a_cause_is_told_after_what_was_tried() -> None:
    cause = Cause(
        Located.BOUNDARY, "A boundary denies it.", "Widen it.", "{}", 1, "aws"
    )

    result = Result("chain", "Try", Outcome.FAILED, "AWS refused.").because(cause)

    assert result.sentence == "AWS refused. A boundary denies it."
    assert (result.fix, result.located) == ("Widen it.", "a boundary")
    assert (result.document, result.line, result.change) == ("{}", 1, "aws")


def test_without_a_cause_nothing_is_added() -> None:
    result = Result("chain", "Try", Outcome.FAILED, "AWS refused.", "Try again.")

    assert result.because(None) == result
